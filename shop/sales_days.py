"""Figures by day, made anew from the orders of the days that were touched.

Triggers of the database note the day of every order that comes or changes, so
nothing that writes orders has to think of it. ``refresh`` is cheap when nothing
happened, and whoever asks for figures calls it first: answers are exact.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, case, cast, delete, func, insert, literal, select, text
from sqlalchemy.orm import Session

from shop.models import (
    BehaviourEvent,
    GoodsDay,
    Order,
    OrderDay,
    OrderLine,
    Payment,
    Product,
    RollUp,
    SalesTouch,
    Sku,
    VisitDay,
)
from shop.states import OrderState

if TYPE_CHECKING:
    from shop.front import Shop

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNSOLD = (OrderState.PENDING_PAYMENT.value, OrderState.CANCELLED.value)
_NAME = "sales"


def refresh(shop: Shop) -> int:
    """Bring the figures up to date; returns how many days were made anew."""
    with shop.database.read() as session:
        touched = session.execute(select(SalesTouch.id).limit(1)).first()
        seen = session.execute(select(RollUp.upto_id).where(RollUp.name == _NAME)).scalar()
        newest = session.execute(select(func.max(BehaviourEvent.id))).scalar() or 0
    if touched is None and seen is not None and newest <= seen:
        return 0
    with shop.database.change() as session:
        mark = _locked_mark(session)
        # Only rows that are taken away here are reckoned: one that another transaction adds meanwhile stays.
        days = {row[0] for row in session.execute(text("DELETE FROM sales_touch RETURNING day"))}
        visited = _visited(session, shop.database.day_of, mark.upto_id, newest)
        _reckon_orders(session, shop.database.day_of, sorted(days))
        _reckon_visits(session, shop.database.day_of, sorted(visited))
        mark.upto_id = max(mark.upto_id, newest)
        return len(days | visited)


def bounds(first: str, last: str) -> tuple[datetime, datetime]:
    """Start and end of days of Asia/Shanghai in UTC, half-open."""
    start = datetime.combine(date.fromisoformat(first), time(), SHANGHAI)
    end = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), SHANGHAI)
    return start.astimezone(timezone.utc), end.astimezone(timezone.utc)


def _locked_mark(session: Session) -> Any:
    query = select(RollUp).where(RollUp.name == _NAME).with_for_update()
    mark = session.execute(query).scalar_one_or_none()
    if mark is None:
        session.add(RollUp(name=_NAME, upto_id=0))
        session.flush()
        mark = session.execute(query).scalar_one()
    return mark


def _visited(session: Session, day_of: Any, since_id: int, upto_id: int) -> set[str]:
    query = select(day_of(BehaviourEvent.at)).distinct()
    return set(session.execute(query.where(BehaviourEvent.id > since_id, BehaviourEvent.id <= upto_id)).scalars())


def _spans(days: list[str]) -> list[tuple[str, str]]:
    """First and last day of each piece of work: single days, or all at once when they are many."""
    return [(days[0], days[-1])] if len(days) > MANY else [(day, day) for day in days]


def _reckon_orders(session: Session, day_of: Any, days: list[str]) -> None:
    for span in _spans(days):
        for table in (OrderDay, GoodsDay):
            session.execute(delete(table).where(table.day >= span[0], table.day <= span[1]))
        session.execute(insert(OrderDay).from_select(_ORDER_COLUMNS, _order_days(day_of, span)))
        for kind, key in _KEYS:
            session.execute(insert(GoodsDay).from_select(_GOODS_COLUMNS, _goods_days(day_of, span, kind, key)))


MANY = 20
_KEYS = (("sku", Sku.id), ("product", Product.id), ("category", Product.category_id), ("brand", Product.brand_id))
_ORDER_COLUMNS = [
    *("day", "city", "channel", "orders", "total_fen", "discount_fen", "kept_fen"),
    *("ever_paid", "refund_orders", "refunded_fen"),
]
_GOODS_COLUMNS = ["kind", "day", "key_id", "orders", "units", "amount_fen"]


def _order_days(day_of: Any, span: tuple[str, str]) -> Any:
    start, end = bounds(*span)
    day = day_of(Order.created_at)
    within = and_(Order.created_at >= start, Order.created_at < end)
    back = (
        select(Payment.order_id, func.sum(Payment.refunded_fen).label("refunded"))
        .join(Order, Order.id == Payment.order_id)
        .where(within)
        .group_by(Payment.order_id)
        .subquery()
    )
    sold = Order.state.not_in(UNSOLD)
    refunded = func.coalesce(back.c.refunded, 0)

    def summed(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    return (
        select(
            day,
            Order.city,
            Order.channel,
            summed(sold, 1),
            summed(sold, Order.total_fen),
            summed(sold, Order.discount_fen),
            summed(sold, Order.total_fen - refunded),
            summed(Order.paid_at.is_not(None), 1),
            summed(and_(Order.paid_at.is_not(None), refunded > 0), 1),
            summed(Order.paid_at.is_not(None), refunded),
        )
        .outerjoin(back, back.c.order_id == Order.id)
        .where(within)
        .group_by(day, Order.city, Order.channel)
    )


def _goods_days(day_of: Any, span: tuple[str, str], kind: str, key: Any) -> Any:
    start, end = bounds(*span)
    day = day_of(Order.created_at)
    return (
        select(
            literal(kind),
            day,
            key,
            func.count(Order.id.distinct()),
            func.sum(OrderLine.quantity),
            func.sum(OrderLine.quantity * OrderLine.price_fen),
        )
        .select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Order.created_at >= start, Order.created_at < end, Order.state.not_in(UNSOLD))
        .group_by(day, key)
    )


def _reckon_visits(session: Session, day_of: Any, days: list[str]) -> None:
    for span in _spans(days):
        start, end = bounds(*span)
        visitor = case(
            (BehaviourEvent.customer_id.is_not(None), literal("c").concat(cast(BehaviourEvent.customer_id, String))),
            else_=literal("s").concat(BehaviourEvent.session),
        )
        bought = case((BehaviourEvent.kind == "buy", visitor))
        day = day_of(BehaviourEvent.at)
        query = select(day, func.count(visitor.distinct()), func.count(bought.distinct()))
        query = query.where(BehaviourEvent.at >= start, BehaviourEvent.at < end).group_by(day)
        session.execute(delete(VisitDay).where(VisitDay.day >= span[0], VisitDay.day <= span[1]))
        session.execute(insert(VisitDay).from_select(["day", "visitors", "buyers"], query))
