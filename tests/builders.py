"""Small builders of test data: a product, a customer, an order in any state.

Rows are made as the shop itself would have made them: an order that waits keeps
units on the shelf, a paid one has its payment, a shipped one its parcel.
"""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime, timedelta
from typing import Any, Sequence

from shop.front import Shop
from shop.models import (
    Brand,
    Category,
    Coupon,
    Customer,
    Order,
    OrderLine,
    Payment,
    Picture,
    Product,
    Shipment,
    Sku,
    Stock,
    TrackingEvent,
    Warehouse,
)
from shop.states import OrderState, ShipmentState

_AFTER = {
    OrderState.PENDING_PAYMENT: (),
    OrderState.PAID: ("paid_at",),
    OrderState.SHIPPED: ("paid_at", "shipped_at"),
    OrderState.DELIVERED: ("paid_at", "shipped_at", "delivered_at"),
    OrderState.COMPLETED: ("paid_at", "shipped_at", "delivered_at", "completed_at"),
    OrderState.CANCELLED: ("cancelled_at",),
}


class Builder:
    """Makes rows in a shop's database, each in its own transaction."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._count = itertools.count(1)

    def add(self, row: Any) -> Any:
        """Store any row."""
        with self.shop.database.change() as session:
            session.add(row)
        return row

    def category(self, name: str = "连衣裙", aliases: Sequence[str] = (), code: str = "", above: Any = None) -> Any:
        """A category, perhaps below another."""
        code = code or f"c{next(self._count)}"
        parent = above.id if above is not None else None
        return self.add(Category(code=code, name=name, aliases=list(aliases), parent_id=parent))

    def brand(self, name: str = "青禾", aliases: Sequence[str] = (), code: str = "") -> Any:
        """A brand."""
        return self.add(Brand(code=code or f"b{next(self._count)}", name=name, aliases=list(aliases)))

    def warehouse(self, name: str = "杭州仓") -> Any:
        """A place that ships."""
        return self.add(Warehouse(code=f"w{next(self._count)}", name=name, province="浙江省", city="杭州市"))

    def product(
        self,
        name: str = "青禾碎花连衣裙",
        *,
        category: Any = None,
        brand: Any = None,
        options: Sequence[tuple[str, str]] = (("红色", "M"),),
        price_fen: int | Sequence[int] = 10000,
        stock: int | Sequence[int] = 10,
        warehouse: Any = None,
        **columns: Any,
    ) -> Any:
        """A product with a SKU for each (colour, size), each with its price and units."""
        category = category or self.category()
        brand = brand or self.brand()
        warehouse = warehouse or self.warehouse()
        prices = [price_fen] * len(options) if isinstance(price_fen, int) else price_fen
        units = [stock] * len(options) if isinstance(stock, int) else stock
        code = columns.pop("code", f"p{next(self._count)}")
        with self.shop.database.change() as session:
            product = Product(code=code, name=name, category_id=category.id, brand_id=brand.id, **columns)
            session.add(product)
            session.flush()
            for at, ((color, size), price, count) in enumerate(zip(options, prices, units, strict=True)):
                sku = Sku(code=f"{code}-{at}", product_id=product.id, color=color, size=size, price_fen=price)
                session.add(sku)
                session.flush()
                session.add(Stock(sku_id=sku.id, warehouse_id=warehouse.id, on_hand=count))
            session.flush()
            assert all(sku.product is product for sku in product.skus)
        return product

    def picture(self, product: Any, jpeg: bytes, position: int = 0) -> Any:
        """A picture of a product, with its file."""
        folder = self.shop.settings.data_dir / "pictures"
        folder.mkdir(exist_ok=True)
        digest = hashlib.sha256(jpeg).hexdigest()
        (folder / f"{digest}.jpg").write_bytes(jpeg)
        return self.add(Picture(product_id=product.id, path=f"{digest}.jpg", sha256=digest, position=position))

    def customer(self, name: str = "王小明", phone: str = "13812345678", **columns: Any) -> Any:
        """A customer."""
        cipher = self.shop.cipher
        return self.add(
            Customer(
                code=f"u{next(self._count)}",
                name_sealed=cipher.seal(name),
                phone_sealed=cipher.seal(phone),
                phone_hash=cipher.fingerprint(phone),
                **columns,
            )
        )

    def order(
        self,
        customer: Any,
        *skus: Any,
        state: OrderState = OrderState.PAID,
        quantity: int = 1,
        ago: timedelta = timedelta(hours=1),
        discount_fen: int = 0,
        shipping_fen: int = 0,
        method: str = "wechat",
        stuck: bool = False,
    ) -> Any:
        """An order of these SKUs, made some time ago; every later step happened at that same moment."""
        at = self.shop.clock() - ago
        goods = sum(sku.price_fen for sku in skus) * quantity
        with self.shop.database.change() as session:
            order = Order(
                number=f"{at:%Y%m%d}{next(self._count):08d}",
                customer_id=customer.id,
                state=state.value,
                created_at=at,
                goods_fen=goods,
                discount_fen=discount_fen,
                shipping_fen=shipping_fen,
                total_fen=goods - discount_fen + shipping_fen,
                receiver_sealed=self.shop.cipher.seal_json(
                    {"name": "王小明", "phone": "13812345678", "street": "文三路100号"}
                ),
                province="浙江省",
                city="杭州市",
                district="西湖区",
                **dict.fromkeys(_AFTER[state], at),
            )
            session.add(order)
            session.flush()
            for sku in skus:
                line = OrderLine(order_id=order.id, sku_id=sku.id, name=sku.product.name, spec=sku.spec)
                line.quantity, line.price_fen = quantity, sku.price_fen
                session.add(line)
                if state in {OrderState.PENDING_PAYMENT, OrderState.PAID}:
                    self.shop.stock.reserve(session, sku.id, quantity, order.number)
            self._later(session, order, state, at, method, stuck)
            session.flush()
            assert len(order.lines) == len(skus)  # loaded for later
        return order

    def coupon(
        self, *, total: int = 100, off_fen: int = 1000, min_level: int = 0, days: int = 30, **columns: Any
    ) -> Any:
        """A coupon that can be claimed now."""
        now = self.shop.clock()
        columns = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=days), **columns}
        code = columns.pop("code", f"k{next(self._count)}")
        name = columns.pop("name", "满减券")
        return self.add(Coupon(code=code, name=name, total=total, off_fen=off_fen, min_level=min_level, **columns))

    def _later(self, session: Any, order: Any, state: OrderState, at: datetime, method: str, stuck: bool) -> None:
        if order.paid_at is not None:
            session.add(Payment(order_id=order.id, method=method, amount_fen=order.total_fen, at=at))
        if order.shipped_at is None:
            return
        arrived = order.delivered_at is not None
        parcel = Shipment(
            order_id=order.id,
            courier="顺丰速运",
            tracking_number=f"SF{next(self._count):012d}",
            state=(ShipmentState.DELIVERED if arrived else ShipmentState.IN_TRANSIT).value,
            shipped_at=at,
            delivered_at=order.delivered_at,
        )
        session.add(parcel)
        session.flush()
        scan = at if stuck or arrived else self.shop.clock() - timedelta(hours=1)
        session.add(TrackingEvent(shipment_id=parcel.id, at=scan, place="杭州", text="已揽收"))
