"""The demo customer's hand-made history: an order in every state, a case, an invoice, coupons.

It is played through the shop's own services with a clock of the past, so stock,
money and trail are as if it had happened. ``play_showcase`` may be called again
on an older shop: what was open then has moved on, and fresh orders come.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shop import policy
from shop.demo.content import Content
from shop.demo.parcels import FULL_WAY, Couriers
from shop.front import Shop
from shop.models import (
    Address,
    Category,
    Coupon,
    Customer,
    CustomerCoupon,
    Invoice,
    Order,
    OrderLine,
    Product,
    Shipment,
    Sku,
    Stock,
    TrackingEvent,
    Warehouse,
)
from shop.states import OrderState, ShipmentState

CUSTOMER = 1
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Act:
    """One order of the showcase: what is bought, how long ago, and how far it went."""

    name: str
    shelves: tuple[str, ...]  # categories of its lines
    ago: timedelta
    until: OrderState
    parcel: str = "moving"  # of a shipped one: moving, stuck, out
    arrived: timedelta = timedelta(0)  # how long ago it was delivered


OLD_ACTS = (
    Act("first", ("bedding",), 210 * _DAY, OrderState.COMPLETED, arrived=207 * _DAY),
    Act("gift", ("tea_coffee", "snack"), 62 * _DAY, OrderState.COMPLETED, arrived=59 * _DAY),
    Act("last_month", ("sport_shoe",), 35 * _DAY, OrderState.COMPLETED, arrived=32 * _DAY),
    Act("invoiced", ("earphone",), 24 * _DAY, OrderState.DELIVERED, arrived=20 * _DAY),
)
FRESH_ACTS = (
    Act("completed", ("snack", "drink"), 14 * _DAY, OrderState.COMPLETED, arrived=11 * _DAY),
    Act("case", ("kitchen_appliance",), 8 * _DAY, OrderState.DELIVERED, arrived=5 * _DAY),
    Act("stuck", ("luggage",), 6 * _DAY, OrderState.SHIPPED, parcel="stuck"),
    Act("delivered", ("top", "pants"), 5 * _DAY, OrderState.DELIVERED, arrived=2 * _DAY),
    Act("cancelled", ("keyboard",), 4 * _DAY, OrderState.CANCELLED),
    Act("out", ("skincare",), 3 * _DAY, OrderState.SHIPPED, parcel="out"),
    Act("moving", ("home_appliance",), 2 * _DAY, OrderState.SHIPPED),
    Act("paid_many", ("coat", "underwear", "book"), 9 * _HOUR, OrderState.PAID),
    Act("paid", ("phone",), 3 * _HOUR, OrderState.PAID),
)
UNPAID = Act("unpaid", ("lamp",), 2 * _MINUTE, OrderState.PENDING_PAYMENT)


def play_showcase(shop: Shop, content: Content, acts: Sequence[Act] = (*OLD_ACTS, *FRESH_ACTS, UNPAID)) -> list[str]:
    """Play acts; returns the numbers of their orders."""
    stage = Stage(shop, content)
    numbers = [stage.play(act) for act in acts]
    stage.finish()
    return numbers


class Stage:
    """Plays orders of the demo customer at moments of the past."""

    def __init__(self, shop: Shop, content: Content) -> None:
        self._shop = shop
        self._content = content
        self._couriers = Couriers(content)
        self._now = shop.clock()

    def play(self, act: Act) -> str:
        """One order, as far as it went; returns its number."""
        begin = self._now - act.ago
        number = self._place(act, begin)
        paid, sent = begin + 3 * _MINUTE, begin + 14 * _HOUR
        if act.until is OrderState.PENDING_PAYMENT:
            return number
        self._step(number, OrderState.PAID, paid)
        if act.until is OrderState.CANCELLED:
            self._step(number, OrderState.CANCELLED, begin + 2 * _HOUR, reason="unwanted")
        elif act.until is not OrderState.PAID:
            self._send(act, number, sent)
        if act.until in {OrderState.DELIVERED, OrderState.COMPLETED}:
            self._step(number, OrderState.DELIVERED, self._now - act.arrived)
        if act.until is OrderState.COMPLETED:
            self._step(number, OrderState.COMPLETED, min(self._now - act.arrived + 7 * _DAY, self._now - _HOUR))
        if act.name == "case":
            self._complain(number)
        if act.name in {"invoiced", "delivered"}:
            self._invoice(number, company=act.name == "delivered", issued=act.name == "invoiced")
        return number

    def finish(self) -> None:
        """Give the customer coupons, and the level and points that their orders earn."""
        words = self._content.words["showcase"]
        spend = self._shop.membership.card(CUSTOMER).year_spend_fen
        level = sum(spend >= step for step in self._shop.settings.level_thresholds)
        with self._shop.database.change() as session:
            paid = select(func.sum(Order.total_fen)).where(
                Order.customer_id == CUSTOMER, Order.state == OrderState.COMPLETED.value
            )
            points = (session.execute(paid).scalar() or 0) // 100 * self._shop.settings.points_per_yuan
            session.execute(
                update(Customer).where(Customer.id == CUSTOMER)
                .values(level=level, points=points, balance_fen=words["balance_fen"])
            )  # fmt: skip
            for code in words["coupons"]:
                self._hold(session, code)

    def _at(self, moment: datetime) -> Shop:
        shop = self._shop
        return Shop(shop.settings, shop.database, shop.cipher, lambda: moment)

    def _place(self, act: Act, at: datetime) -> str:
        shop = self._at(at)
        with shop.database.change() as session:
            skus = [_sku_of(session, shelf) for shelf in act.shelves]
            goods = sum(sku.price_fen for sku in skus)
            shipping = policy.shipping_fee(goods, shop.settings)
            home = session.execute(
                select(Address).where(Address.customer_id == CUSTOMER).order_by(Address.is_default.desc(), Address.id)
            ).scalars().first()  # fmt: skip
            receiver = {key: shop.cipher.open(getattr(home, f"{key}_sealed")) for key in ("name", "phone", "street")}
            order = Order(
                number=_number(session, act.name, at), customer_id=CUSTOMER, state="pending_payment", created_at=at,
                goods_fen=goods, shipping_fen=shipping, total_fen=goods + shipping,
                receiver_sealed=shop.cipher.seal_json(receiver),
                province=home.province, city=home.city, district=home.district,
            )  # fmt: skip
            if act.name == "paid_many":
                order.note_sealed = shop.cipher.seal(self._content.words["showcase"]["note"])
            session.add(order)
            session.flush()
            for sku in skus:
                line = OrderLine(order_id=order.id, sku_id=sku.id, name=sku.product.name, spec=sku.spec, quantity=1)
                line.price_fen = sku.price_fen
                session.add(line)
                shop.stock.reserve(session, sku.id, 1, order.number)
        return str(order.number)

    def _step(self, number: str, state: OrderState, at: datetime, **given: Any) -> None:
        self._at(at).orders.advance(number, state, by="demo", **given)

    def _send(self, act: Act, number: str, sent: datetime) -> None:
        courier = self._couriers.of(act.shelves[0], len(act.name))
        tracking = f"{courier['prefix']}{_digits(number, 12)}"
        self._step(
            number, OrderState.SHIPPED, sent, courier=courier["name"], tracking_number=tracking,
            courier_phone=courier["phone"], eta=sent + 3 * _DAY,
        )  # fmt: skip
        with self._shop.database.change() as session:
            order = session.execute(select(Order).where(Order.number == number)).scalar_one()
            parcel = session.execute(select(Shipment).where(Shipment.order_id == order.id)).scalar_one()
            origin = session.get(Warehouse, parcel.warehouse_id).city
            for step, at in self._way(act, sent):
                words = self._couriers.scan(step, courier, origin, order.city, order.district, len(act.name))
                session.add(TrackingEvent(shipment_id=parcel.id, at=at, place=words[0], text=words[1]))
            if act.until is OrderState.SHIPPED:
                moving, out = ShipmentState.IN_TRANSIT, ShipmentState.OUT_FOR_DELIVERY
                parcel.state = (out if act.parcel == "out" else moving).value

    def _way(self, act: Act, sent: datetime) -> list[tuple[str, datetime]]:
        """The scans of a parcel so far."""
        if act.until is not OrderState.SHIPPED:
            end = self._now - act.arrived
            return [(step, sent + (end - sent) * part) for step, part in FULL_WAY]
        if act.parcel == "stuck":
            last = self._now - timedelta(hours=self._shop.settings.stuck_after_hours + 9)
            return [(step, sent + (last - sent) * part * 2) for step, part in FULL_WAY if part <= 0.5]
        upto = 0.96 if act.parcel == "out" else 0.5
        last = self._now - (50 * _MINUTE if act.parcel == "out" else 4 * _HOUR)
        return [(step, sent + (last - sent) * (part / upto)) for step, part in FULL_WAY if part <= upto]

    def _complain(self, number: str) -> None:
        shop = self._at(self._now - 26 * _HOUR)
        words = self._content.words["showcase"]["case"]
        case = shop.aftersale.open(CUSTOMER, number, "exchange", "damaged", description=words, key=f"demo-{number}")
        self._at(self._now - 20 * _HOUR).aftersale.step(case.number, "approved", by="service")

    def _invoice(self, number: str, company: bool, issued: bool) -> None:
        words = self._content.words["showcase"]
        asked = self._now - (18 * _DAY if issued else 5 * _HOUR)
        given = {"title": words["company"], "tax_number": words["tax_number"]} if company else {"title": words["name"]}
        kind = "company" if company else "personal"
        self._at(asked).invoices.request(
            CUSTOMER, number, kind, email="c000001@example.com", key=f"demo-{number}", **given
        )
        if issued:
            serial = f"25{_digits(number, 18)}"
            with self._shop.database.change() as session:
                order_id = session.execute(select(Order.id).where(Order.number == number)).scalar_one()
                session.execute(
                    update(Invoice).where(Invoice.order_id == order_id)
                    .values(state="issued", number=serial, issued_at=asked + 2 * _DAY,
                            url=f"https://example.com/invoices/{serial}.pdf")
                )  # fmt: skip

    def _hold(self, session: Session, code: str) -> None:
        coupon = session.execute(select(Coupon).where(Coupon.code == code)).scalar_one_or_none()
        if coupon is None:
            return
        held = select(CustomerCoupon.id).where(
            CustomerCoupon.customer_id == CUSTOMER, CustomerCoupon.coupon_id == coupon.id
        )
        if session.execute(held).first() is None:
            at = max(coupon.starts_at, self._now - 2 * _DAY)
            session.add(CustomerCoupon(customer_id=CUSTOMER, coupon_id=coupon.id, claimed_at=at))
            coupon.claimed += 1


def _sku_of(session: Session, shelf: str) -> Any:
    """The SKU with most free units of a category's most wanted product; of any category's if it has none."""
    free = func.sum(Stock.on_hand - Stock.reserved)
    query = (
        select(Sku, free).join(Product, Product.id == Sku.product_id).join(Stock, Stock.sku_id == Sku.id)
        .join(Category, Category.id == Product.category_id)
        .where(Product.on_sale == 1).group_by(Sku.id, Product.id).having(free > 3)
        .order_by(Product.popularity.desc(), free.desc(), Sku.id)
    )  # fmt: skip
    found = session.execute(query.where(Category.code == shelf).limit(1)).scalars().first()
    return found if found is not None else session.execute(query.limit(1)).scalars().first()


def _number(session: Session, name: str, at: datetime) -> str:
    day = at.astimezone(policy.SHANGHAI)
    for turn in range(100):
        number = f"{day:%Y%m%d}{_digits(f'{name}{day:%H%M}{turn}', 8)}"
        if session.execute(select(Order.id).where(Order.number == number)).first() is None:
            return number
    raise AssertionError("a hundred hashes that are all taken")


def _digits(text: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    return f"{number % (9 * 10 ** (length - 1)) + 10 ** (length - 1)}"
