"""Plays single orders through the shop's own services, with a clock of the past.

Stock, money, scans and trail are then as if it had happened. The showcase and
the refreshing of an old demo shop are played here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import policy
from shop.demo.content import Content
from shop.demo.numbers import digits_of, order_number
from shop.demo.parcels import FULL_WAY, Couriers
from shop.front import Shop
from shop.models import Category, Order, OrderLine, PriceChange, Product, Shipment, Sku, TrackingEvent, Warehouse
from shop.states import OrderState, ShipmentState

HOUR = timedelta(hours=1)
WAY = timedelta(days=3)
"""From leaving to arriving, where nothing else is known."""


@dataclass(frozen=True)
class Receiver:
    """Where an order goes, sealed as orders keep it."""

    sealed: str | None
    province: str
    city: str
    district: str


class Stage:
    """Places orders and takes them on at given moments."""

    def __init__(self, shop: Shop, content: Content) -> None:
        self.shop = shop
        self.couriers = Couriers(content)
        self.now = shop.clock()

    def at(self, moment: datetime) -> Shop:
        """The shop as it is at a moment."""
        return Shop(self.shop.settings, self.shop.database, self.shop.cipher, lambda: moment)

    def place(
        self, customer_id: int, lines: Sequence[tuple[int, int]], to: Receiver, at: datetime, note: str | None = None
    ) -> str:
        """A new unpaid order of (SKU id, quantity); returns its number.

        Raises:
            OutOfStock: the shelves do not hold as much.
        """
        shop = self.at(at)
        with shop.database.change() as session:
            priced = [(sku_id, quantity, price_on(session, sku_id, at)) for sku_id, quantity in lines]
            goods = sum(quantity * price for _, quantity, price in priced)
            shipping = policy.shipping_fee(goods, shop.settings)
            order = Order(
                number=order_number(session, customer_id, at),
                customer_id=customer_id,
                state=OrderState.PENDING_PAYMENT.value,
                created_at=at,
                goods_fen=goods,
                shipping_fen=shipping,
                total_fen=goods + shipping,
                receiver_sealed=to.sealed,
                province=to.province,
                city=to.city,
                district=to.district,
                note_sealed=shop.cipher.seal(note),
            )
            session.add(order)
            session.flush()
            for sku_id, quantity, price in sorted(priced):
                sku = session.get(Sku, sku_id)
                line = OrderLine(order_id=order.id, sku_id=sku_id, name=sku.product.name, spec=sku.spec)
                line.quantity, line.price_fen = quantity, price
                session.add(line)
                shop.stock.reserve(session, sku_id, quantity, order.number)
            return str(order.number)

    def step(self, number: str, state: OrderState, at: datetime, **given: Any) -> None:
        """Take an order one step on."""
        self.at(at).orders.advance(number, state, by="demo", **given)

    def send(self, number: str, at: datetime, eta: datetime | None = None) -> None:
        """Hand an order's parcel to a courier."""
        with self.shop.database.read() as session:
            code = session.execute(
                select(Category.code)
                .join(Product, Product.category_id == Category.id)
                .join(Sku, Sku.product_id == Product.id)
                .join(OrderLine, OrderLine.sku_id == Sku.id)
                .join(Order, Order.id == OrderLine.order_id)
                .where(Order.number == number)
                .order_by(OrderLine.id)
                .limit(1)
            ).scalar()
        courier = self.couriers.of(str(code or ""), int(digits_of(number, 6)))
        self.step(
            number,
            OrderState.SHIPPED,
            at,
            courier=courier["name"],
            courier_phone=courier["phone"],
            tracking_number=f"{courier['prefix']}{digits_of(number, 12)}",
            eta=eta or at + WAY,
        )

    def scan(self, number: str, steps: Sequence[tuple[str, datetime]], state: ShipmentState | None = None) -> None:
        """Add scans to an order's parcel that are newer than those it has."""
        with self.shop.database.change() as session:
            order = session.execute(select(Order).where(Order.number == number)).scalar_one()
            query = select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id).limit(1)
            parcel = session.execute(query).scalar_one()
            origin = session.get(Warehouse, parcel.warehouse_id).city if parcel.warehouse_id else order.city
            last = max((event.at for event in parcel.events), default=parcel.shipped_at)
            roll = int(digits_of(number, 9))
            for name, at in steps:
                if at < last or at > self.now:
                    continue
                courier = self.couriers.named(parcel.courier)
                place, text = self.couriers.scan(name, courier, origin, order.city, order.district, roll)
                session.add(TrackingEvent(shipment_id=parcel.id, at=at, place=place, text=text))
            if state is not None:
                parcel.state = state.value

    def arrive(self, number: str, sent: datetime, at: datetime) -> None:
        """Let a parcel arrive, with the scans that it still lacks."""
        self.scan(number, way(sent, at))
        self.step(number, OrderState.DELIVERED, at)


def way(sent: datetime, end: datetime, upto: float = 1.0) -> list[tuple[str, datetime]]:
    """The scans of a parcel whose part ``upto`` of the way ends at a moment."""
    return [(step, sent + (end - sent) * (part / upto)) for step, part in FULL_WAY if part <= upto]


def price_on(session: Session, sku_id: int, at: datetime) -> int:
    """What a SKU cost at a moment (fen)."""
    query = select(PriceChange.price_fen).where(PriceChange.sku_id == sku_id, PriceChange.at <= at)
    then = session.execute(query.order_by(PriceChange.at.desc(), PriceChange.id.desc()).limit(1)).scalar()
    return int(then if then is not None else session.get(Sku, sku_id).price_fen)
