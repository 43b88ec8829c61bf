"""Answers queries about orders: for one customer from their own rows, for the shop from figures by day.

Only ids, moments and names of our own catalogue reach the database, and only as
bound parameters.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from analytics import after_sale, order_lines, own_orders
from analytics.conditions import of_goods, of_orders, on_days, ordered_in
from analytics.query import (
    AFTER_SALE,
    GOODS_GROUPS,
    RATES,
    SHANGHAI,
    TIME_GROUPS,
    Answer,
    AnswerRow,
    Compare,
    Filters,
    Group,
    Metric,
    Period,
    Query,
)
from analytics.unsold import MODELS, unsold
from shop.errors import BadValue
from shop.front import Shop
from shop.models import Brand, Category, GoodsDay, Order, OrderDay, Product, VisitDay
from shop.sales_days import UNSOLD, refresh

GOODS_METRICS = frozenset({Metric.SALES, Metric.SPENT, Metric.ORDERS, Metric.UNITS, Metric.AVERAGE, *AFTER_SALE})


def answer(shop: Shop, query: Query, customer_id: int | None = None) -> Answer:
    """Answer a query with a metric.

    Args:
        customer_id: whose orders count; None means the whole shop (for operators only).

    Raises:
        BadValue: the metric can't be told by what is asked (visitors of a category).
    """
    today = shop.clock().astimezone(SHANGHAI).date()
    if customer_id is None:
        refresh(shop)
    with shop.database.read() as session:
        filters = resolved(session, query.filters)
        rows = _cells(session, query, filters, query.period, customer_id) if query.group else []
        nothing: list[str] = []
        count = 0
        worst = customer_id is None and query.ascending and query.metric is not Metric.AVERAGE
        if worst and query.group is not None and query.group in GOODS_GROUPS:
            nothing, count = unsold(session, query.group, filters, query.period, query.top)
        value = _whole(session, query, filters, query.period, customer_id)
        before_period = other_period(query, today)
        before = None
        if before_period is not None:
            before = _whole(session, query.but(group=None), filters, before_period, customer_id)
    ordered = (*(AnswerRow(name, 0.0) for name in nothing), *_ordered(query, rows))
    return Answer(query, value, ordered[: query.top], before, before_period, count)


def other_period(query: Query, today: date) -> Period | None:
    """The period that the query's own is held against."""
    if query.other is not None or query.period is None or query.compare is None:
        return query.other
    return query.period.before(today) if query.compare is Compare.PREVIOUS else query.period.year_before(today)


def resolved(session: Session, filters: Filters) -> dict[str, Any]:
    """Ids for the filters' codes: categories with everything below them."""
    found: dict[str, Any] = {"cities": filters.cities, "channel": filters.channel}
    found |= {"kinds": filters.kinds, "reason": filters.reason}
    if filters.category:
        child = aliased(Category)
        query = select(Category.id, child.id).outerjoin(child, child.parent_id == Category.id)
        pairs = session.execute(query.where(Category.code == filters.category)).all()
        found["category"] = sorted({one for pair in pairs for one in pair if one is not None})
    for name, model in (("brand", Brand), ("product", Product)):
        code = getattr(filters, name)
        if code:
            found[name] = list(session.execute(select(model.id).where(model.code == code)).scalars())
    return found


def _whole(
    session: Session, query: Query, filters: dict[str, Any], period: Period | None, customer_id: int | None
) -> float:
    """The value over all groups: not the sum of the rows, whose orders may be the same."""
    goods = query.group in GOODS_GROUPS and query.metric in (Metric.SALES, Metric.SPENT, *AFTER_SALE)
    found = _cells(session, query.but(group=None), filters, period, customer_id, goods)
    return found[0][1] if found else 0.0


def _cells(
    session: Session,
    query: Query,
    filters: dict[str, Any],
    period: Period | None,
    customer_id: int | None,
    goods: bool = False,
) -> list[tuple[str, float]]:
    metric, group = query.metric or Metric.SALES, query.group
    by_goods = goods or query.filters.by_goods or group in GOODS_GROUPS
    if by_goods and metric not in GOODS_METRICS:
        raise BadValue(f"{metric.value} is not known by goods", field="metric")
    if metric is Metric.CASES or (metric in AFTER_SALE and by_goods and customer_id is None):
        parts = _after_sale(session, metric, group, filters, period, customer_id)
    elif customer_id is not None:
        parts = own_orders.cells(session, metric, group, filters, period, customer_id, by_goods)
    elif metric in (Metric.VISITORS, Metric.CONVERSION):
        if by_goods or group in (Group.CITY, Group.CHANNEL) or filters["cities"] or filters["channel"]:
            raise BadValue(f"{metric.value} is known by day only", field="metric")
        parts = _visits(session, metric, group, period)
    elif metric is Metric.UNITS or by_goods:
        parts = _goods(session, metric, group, filters, period)
    else:
        parts = _orders(session, metric, group, filters, period)
    return _folded(parts, metric, group)


def _after_sale(
    session: Session,
    metric: Metric,
    group: Group | None,
    filters: dict[str, Any],
    period: Period | None,
    customer_id: int | None,
) -> list[Any]:
    """Counts of cases by their own days; money and shares of goods by the days of their orders."""
    if metric is Metric.CASES:
        return after_sale.counted(session, group, filters, period, customer_id)
    if metric is Metric.REFUNDED:
        return after_sale.given_back(session, group, filters, period)
    goods = group in GOODS_GROUPS or any(name in filters for name in ("category", "brand", "product"))
    sold = (_goods if goods else _orders)(session, Metric.ORDERS, group, filters, period)
    back = {key: above for key, above, _ in order_lines.folded(after_sale.orders_back(session, group, filters, period))}
    least = after_sale.RATED_FROM if group in GOODS_GROUPS else 1
    return [(key, back.get(key, 0), orders) for key, orders, _ in order_lines.folded(sold) if orders >= least]


def _folded(
    parts: Sequence[tuple[str, float, float | None]], metric: Metric, group: Group | None
) -> list[tuple[str, float]]:
    """Days folded to weeks and months; a quotient is taken at the very end."""
    sums: dict[str, list[float]] = {}
    for key, above, below in parts:
        held = sums.setdefault(time_key(key, group), [0.0, 0.0])
        held[0] += float(above or 0)
        held[1] += float(below or 0)
    quotient = metric in RATES or metric is Metric.AVERAGE
    found = []
    for key, (above, below) in sums.items():
        value = (above / below if below else 0.0) if quotient else above
        found.append((key, float(round(value)) if metric is Metric.AVERAGE else value))
    return found


def time_key(key: str, group: Group | None) -> str:
    """A day's place in its group: itself, the Monday of its week, its month."""
    if group is Group.MONTH:
        return key[:7]
    if group is Group.WEEK:
        day = date.fromisoformat(key)
        return (day - timedelta(days=day.weekday())).isoformat()
    return key


def _ordered(query: Query, rows: list[tuple[str, float]]) -> tuple[AnswerRow, ...]:
    if query.group is None:
        return ()
    if query.group in TIME_GROUPS and query.top is None:
        rows = sorted(rows)
    else:
        rows = sorted(rows, key=lambda one: (one[1] if query.ascending else -one[1], one[0]))
    return tuple(AnswerRow(*one) for one in rows[: query.top])


def _orders(
    session: Session, metric: Metric, group: Group | None, filters: dict[str, Any], period: Period | None
) -> list[Any]:
    total = func.sum(OrderDay.total_fen)
    above, below = {
        Metric.SALES: (total, None),
        Metric.SPENT: (func.sum(OrderDay.kept_fen), None),
        Metric.ORDERS: (func.sum(OrderDay.orders), None),
        Metric.AVERAGE: (total, func.sum(OrderDay.orders)),
        Metric.SAVED: (func.sum(OrderDay.discount_fen), None),
        Metric.REFUNDED: (func.sum(OrderDay.refunded_fen), None),
        Metric.REFUND_RATE: (func.sum(OrderDay.refund_orders), func.sum(OrderDay.ever_paid)),
    }[metric]
    counted = OrderDay.ever_paid if metric in (Metric.REFUNDED, Metric.REFUND_RATE) else OrderDay.orders
    key = {Group.CITY: OrderDay.city, Group.CHANNEL: OrderDay.channel}.get(group) if group else None
    if group in TIME_GROUPS:
        key = OrderDay.day
    # A city whose only orders are unpaid or cancelled is no row: nothing was sold there.
    conditions = [counted > 0, *on_days(OrderDay.day, period)]
    if filters["cities"]:
        conditions.append(OrderDay.city.in_(filters["cities"]))
    if filters["channel"]:
        conditions.append(OrderDay.channel == filters["channel"])
    return _run(session, key, above, below, conditions)


def _goods(
    session: Session, metric: Metric, group: Group | None, filters: dict[str, Any], period: Period | None
) -> list[Any]:
    """From the days of goods when one kind of key is enough, else from the lines."""
    keys = [name for name in ("category", "brand", "product") if name in filters]
    kind = group.value if group in GOODS_GROUPS and group is not None else (keys[0] if keys else "category")
    several = len(filters.get("category", ())) > 1 and metric in (Metric.ORDERS, Metric.AVERAGE)
    if (
        filters["cities"]
        or filters["channel"]
        or len({*keys, kind}) > 1
        or several
        or group in (Group.CITY, Group.CHANNEL)
    ):
        return _lines(session, metric, group, filters, period)
    above, below = {
        Metric.ORDERS: (func.sum(GoodsDay.orders), None),
        Metric.UNITS: (func.sum(GoodsDay.units), None),
        Metric.AVERAGE: (func.sum(GoodsDay.amount_fen), func.sum(GoodsDay.orders)),
    }.get(metric, (func.sum(GoodsDay.amount_fen), None))
    conditions = [GoodsDay.kind == kind, *on_days(GoodsDay.day, period)]
    if kind in filters:
        conditions.append(GoodsDay.key_id.in_(filters[kind]))
    if group in GOODS_GROUPS and group is not None:
        parts = _run(session, GoodsDay.key_id, above, below, conditions)
        return _named(session, group, parts)
    return _run(session, GoodsDay.day if group else None, above, below, conditions)


def _named(session: Session, group: Group, parts: list[Any]) -> list[Any]:
    model = MODELS[group]
    names = dict(session.execute(select(model.id, model.name)).all())
    return [(names.get(key, str(key)), above, below) for key, above, below in parts]


def _lines(
    session: Session, metric: Metric, group: Group | None, filters: dict[str, Any], period: Period | None
) -> list[Any]:
    conditions = [Order.state.not_in(UNSOLD), *of_goods(filters), *of_orders(filters), *ordered_in(period)]
    above, below = order_lines.line_measure(metric)
    return order_lines.run_lines(session, group, above, below, conditions)


def _visits(session: Session, metric: Metric, group: Group | None, period: Period | None) -> list[Any]:
    visitors = func.sum(VisitDay.visitors)
    above, below = (visitors, None) if metric is Metric.VISITORS else (func.sum(VisitDay.buyers), visitors)
    return _run(session, VisitDay.day if group else None, above, below, on_days(VisitDay.day, period))


def _run(session: Session, key: Any, above: Any, below: Any, conditions: list[Any]) -> list[Any]:
    columns = [one for one in (key, above, below) if one is not None]
    query = select(*columns).where(and_(True, *conditions)) if conditions else select(*columns)
    if key is not None:
        query = query.group_by(key)
    return order_lines.shaped(session.execute(query).all(), key is not None, below is not None, False)
