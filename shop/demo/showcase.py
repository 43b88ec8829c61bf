"""The demo customer's hand-made history: an order in every state, a case, invoices, coupons.

``play_showcase`` may be called again on an older shop with the fresh acts: what
was open then has moved on, and new orders take its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shop.demo.content import Content
from shop.demo.numbers import digits_of
from shop.demo.stage import HOUR, Receiver, Stage, way
from shop.front import Shop
from shop.models import Address, Category, Coupon, Customer, CustomerCoupon, Invoice, Order, Product, Sku, Stock
from shop.states import OrderState, ShipmentState

CUSTOMER = 1
_DAY = timedelta(days=1)
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
    Act("paid_many", ("coat", "underwear", "book"), 9 * HOUR, OrderState.PAID),
    Act("paid", ("phone",), 3 * HOUR, OrderState.PAID),
)
UNPAID = Act("unpaid", ("lamp",), 2 * _MINUTE, OrderState.PENDING_PAYMENT)


def play_showcase(shop: Shop, content: Content, acts: Sequence[Act] = (*OLD_ACTS, *FRESH_ACTS, UNPAID)) -> list[str]:
    """Play acts; returns the numbers of their orders."""
    show = _Showcase(shop, content)
    numbers = [show.play(act) for act in acts]
    show.finish()
    return numbers


class _Showcase:
    def __init__(self, shop: Shop, content: Content) -> None:
        self._shop = shop
        self._stage = Stage(shop, content)
        self._now = self._stage.now
        self._words: dict[str, Any] = content.words["showcase"]

    def play(self, act: Act) -> str:
        """One order, as far as it went; returns its number."""
        begin, arrived = self._now - act.ago, self._now - act.arrived
        note = self._words["note"] if act.name == "paid_many" else None
        number = self._stage.place(CUSTOMER, self._lines(act, begin), self._home(), begin, note)
        if act.until is OrderState.PENDING_PAYMENT:
            return number
        self._stage.step(number, OrderState.PAID, begin + 3 * _MINUTE)
        if act.until is OrderState.CANCELLED:
            self._stage.step(number, OrderState.CANCELLED, begin + 2 * HOUR, reason="unwanted")
        elif act.until is not OrderState.PAID:
            self._send(act, number, begin + 14 * HOUR, arrived)
        if act.until is OrderState.COMPLETED:
            self._stage.step(number, OrderState.COMPLETED, min(arrived + 7 * _DAY, self._now - HOUR))
        if act.name == "case":
            self._complain(number)
        if act.name in {"invoiced", "delivered"}:
            self._invoice(number, company=act.name == "delivered", issued=act.name == "invoiced")
        return number

    def finish(self) -> None:
        """Give the customer coupons, and the level and points that their orders earn."""
        spend = self._shop.membership.card(CUSTOMER).year_spend_fen
        level = sum(spend >= step for step in self._shop.settings.level_thresholds)
        done = select(func.coalesce(func.sum(Order.total_fen), 0)).where(
            Order.customer_id == CUSTOMER, Order.state == OrderState.COMPLETED.value
        )
        with self._shop.database.change() as session:
            points = session.execute(done).scalar() // 100 * self._shop.settings.points_per_yuan
            earned = {"level": level, "points": points, "balance_fen": self._words["balance_fen"]}
            session.execute(update(Customer).where(Customer.id == CUSTOMER).values(**earned))
            for code in self._words["coupons"]:
                self._hold(session, code)

    def _lines(self, act: Act, at: datetime) -> list[tuple[int, int]]:
        with self._shop.database.read() as session:
            return [(_wanted_sku(session, shelf, at), 1) for shelf in act.shelves]

    def _home(self) -> Receiver:
        query = select(Address).where(Address.customer_id == CUSTOMER)
        with self._shop.database.read() as session:
            home = session.execute(query.order_by(Address.is_default.desc(), Address.id).limit(1)).scalar_one()
        cipher = self._shop.cipher
        open_ = {key: cipher.open(getattr(home, f"{key}_sealed")) for key in ("name", "phone", "street")}
        return Receiver(cipher.seal_json(open_), home.province, home.city, home.district)

    def _send(self, act: Act, number: str, sent: datetime, arrived: datetime) -> None:
        stage = self._stage
        if act.until is not OrderState.SHIPPED:
            stage.send(number, sent)
            stage.arrive(number, sent, arrived)
        elif act.parcel == "stuck":
            stage.send(number, sent)
            silence = timedelta(hours=self._shop.settings.stuck_after_hours + 9)
            stage.scan(number, way(sent, self._now - silence, 0.5))
        elif act.parcel == "out":
            stage.send(number, sent, eta=self._now + 3 * HOUR)
            stage.scan(number, way(sent, self._now - 50 * _MINUTE, 0.96), ShipmentState.OUT_FOR_DELIVERY)
        else:
            stage.send(number, sent, eta=self._now + _DAY)
            stage.scan(number, way(sent, self._now - 4 * HOUR, 0.5))

    def _complain(self, number: str) -> None:
        asked = self._stage.at(self._now - 26 * HOUR)
        case = asked.aftersale.open(
            CUSTOMER, number, "exchange", "damaged", description=self._words["case"], key=f"demo-{number}"
        )
        self._stage.at(self._now - 20 * HOUR).aftersale.step(case.number, "approved", by="service")

    def _invoice(self, number: str, company: bool, issued: bool) -> None:
        asked = self._now - (18 * _DAY if issued else 5 * HOUR)
        title = self._words["company" if company else "name"]
        self._stage.at(asked).invoices.request(
            CUSTOMER,
            number,
            "company" if company else "personal",
            title,
            tax_number=self._words["tax_number"] if company else None,
            email="c000001@example.com",
            key=f"demo-{number}",
        )
        if not issued:
            return
        serial = f"25{digits_of(number, 18)}"
        link = f"https://example.com/invoices/{serial}.pdf"
        with self._shop.database.change() as session:
            order_id = session.execute(select(Order.id).where(Order.number == number)).scalar_one()
            session.execute(
                update(Invoice)
                .where(Invoice.order_id == order_id)
                .values(state="issued", number=serial, issued_at=asked + 2 * _DAY, url=link)
            )

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


def _wanted_sku(session: Session, shelf: str, at: datetime) -> int:
    """The SKU with most free units of a shelf's most wanted product then; of any shelf's if it has none."""
    free = func.sum(Stock.on_hand - Stock.reserved)
    query = (
        select(Sku.id)
        .join(Product, Product.id == Sku.product_id)
        .join(Stock, Stock.sku_id == Sku.id)
        .join(Category, Category.id == Product.category_id)
        .where(Product.on_sale == 1, Product.created_at <= at)
        .group_by(Sku.id, Product.popularity)
        .having(free > 3)
        .order_by(Product.popularity.desc(), free.desc(), Sku.id)
        .limit(1)
    )
    found = session.execute(query.where(Category.code == shelf)).scalar()
    return int(found if found is not None else session.execute(query).scalar_one())
