"""Answers queries about orders: for one customer from their own rows, for the shop from figures by day.

Only ids, moments and names of our own catalogue reach the database, and only as
bound parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from analytics import after_sale, buyers, day_tables, order_lines, order_steps, own_orders
from analytics.query import (
    AFTER_SALE,
    BUYING,
    GOODS_GROUPS,
    MONEY,
    QUOTIENTS,
    RATES,
    SHANGHAI,
    STEPS,
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
from analytics.unsold import unsold
from shop.database import Database
from shop.errors import BadValue
from shop.front import Shop
from shop.models import Brand, Category, Order, OrderDay, Product
from shop.sales_days import UNSOLD, refresh

AMOUNTS = frozenset({Metric.SALES, Metric.SPENT, *AFTER_SALE})
GOODS_METRICS = frozenset({*AMOUNTS, Metric.ORDERS, Metric.UNITS, Metric.AVERAGE, *BUYING})
DAYS_OF = {Group.DAY: 1.0, Group.WEEK: 7.0, Group.MONTH: 365.25 / 12}


@dataclass(frozen=True)
class _Look:
    """Where an answer is looked up, and for whom; None means the shop."""

    session: Session
    database: Database
    filters: dict[str, Any]
    customer_id: int | None


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
        look = _Look(session, shop.database, resolved(session, query.filters), customer_id)
        nothing, count = _unsold(look, query)
        rows = _cells(look, query, query.period) if query.group else []
        value = _whole(look, query, query.period)
        before_period = other_period(query, today)
        before = None if before_period is None else _whole(look, query, before_period)
        whole = _whole_of_shares(look, query) if query.share else None
        if query.per is not None:
            value /= _times(look, query.per, query.period, today)
            before = before / _times(look, query.per, before_period, today) if before is not None else None
    ordered = (*(AnswerRow(name, 0.0) for name in nothing), *_ordered(query, rows))
    return Answer(query, value, ordered[: query.top], before, before_period, count, whole)


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


def _unsold(look: _Look, query: Query) -> tuple[list[str], int]:
    """Goods that sold nothing, where the worst sellers or those below a bound are asked for."""
    lowest = query.within(0) and (query.ascending or query.most is not None)
    sold = query.metric in (None, Metric.SALES, Metric.UNITS, Metric.ORDERS)
    if look.customer_id is not None or not lowest or not sold or query.group not in GOODS_GROUPS:
        return [], 0
    return unsold(look.session, query.group, look.filters, query.period, query.top)


def _whole(look: _Look, query: Query, period: Period | None) -> float:
    """The value over all groups: not the sum of the rows, whose orders may be the same."""
    goods = query.group in GOODS_GROUPS and query.metric in AMOUNTS
    found = _cells(look, query.but(group=None), period, goods)
    return found[0][1] if found else 0.0


def _whole_of_shares(look: _Look, query: Query) -> float | None:
    """What the value is a part of: all goods and places, all buyers, all orders; None where parts make no sense."""
    metrics = {Metric.NEW_BUYERS: Metric.BUYERS, Metric.OLD_BUYERS: Metric.BUYERS, Metric.COUPONS: Metric.ORDERS}
    metric = metrics.get(query.metric or Metric.SALES, query.metric)
    if metric in QUOTIENTS:
        return None
    wide = query.but(metric=metric, filters=Filters())
    if wide == query and query.group is None:
        return None
    if query.filters.by_goods and query.group not in GOODS_GROUPS:
        wide = wide.but(group=Group.CATEGORY)
    return _whole(replace(look, filters=resolved(look.session, Filters())), wide, query.period)


def _times(look: _Look, unit: Group, period: Period | None, today: date) -> float:
    """How many days, weeks or months of a period have come, today's included."""
    if period is None:
        first = _first_day(look)
        return max(1.0, ((today - first).days + 1) / DAYS_OF[unit]) if first else 1.0
    if unit is Group.MONTH and period.start.day == period.end.day == 1 and period.end <= today:
        return float((period.end.year - period.start.year) * 12 + period.end.month - period.start.month)
    days = period.days if period.end <= today else max(1, (today - period.start).days + 1)
    return days / DAYS_OF[unit]


def _first_day(look: _Look) -> date | None:
    """The day of the shop's or the customer's first order that is paid and not cancelled."""
    if look.customer_id is None:
        first = look.session.execute(select(func.min(OrderDay.day)).where(OrderDay.orders > 0)).scalar()
        return date.fromisoformat(first) if first else None
    theirs = (Order.customer_id == look.customer_id, Order.state.not_in(UNSOLD))
    moment = look.session.execute(select(func.min(Order.created_at)).where(*theirs)).scalar()
    return moment.astimezone(SHANGHAI).date() if moment else None


def _cells(look: _Look, query: Query, period: Period | None, goods: bool = False) -> list[tuple[str, float]]:
    metric, group = query.metric or Metric.SALES, query.group
    if (group in (Group.REASON, Group.KIND) and metric is not Metric.CASES) or (
        group is Group.COUPON and metric is not Metric.COUPONS
    ):
        raise BadValue(f"{metric.value} is not known by {group.value}", field="metric")
    by_goods = goods or bool({"category", "brand", "product"} & set(look.filters)) or group in GOODS_GROUPS
    if by_goods and metric not in GOODS_METRICS:
        raise BadValue(f"{metric.value} is not known by goods", field="metric")
    if metric is Metric.SPENT and by_goods and look.customer_id is None:
        raise BadValue("what is left after refunds is not known by goods", field="metric")
    return _folded(_parts(look, metric, group, period, by_goods), metric, group)


def _parts(look: _Look, metric: Metric, group: Group | None, period: Period | None, by_goods: bool) -> list[Any]:
    """(key, numerator, denominator), from the tables that know the metric."""
    session, filters, customer_id = look.session, look.filters, look.customer_id
    if metric is Metric.COUPONS:
        return order_steps.coupons(session, group, filters, period, look.database, customer_id)
    if metric is Metric.CASES or (metric in AFTER_SALE and by_goods and customer_id is None):
        return _after_sale(look, metric, group, period)
    if customer_id is not None:
        return own_orders.cells(session, metric, group, filters, period, customer_id, by_goods)
    if metric in BUYING:
        return buyers.cells(session, metric, group, filters, period, look.database)
    if metric in STEPS:
        return order_steps.cells(session, metric, group, filters, period, look.database)
    if metric in (Metric.VISITORS, Metric.CONVERSION):
        if by_goods or group in (Group.CITY, Group.CHANNEL) or filters["cities"] or filters["channel"]:
            raise BadValue(f"{metric.value} is known by day only", field="metric")
        return day_tables.visits(session, metric, group, period)
    if metric is Metric.UNITS or by_goods:
        return day_tables.goods(session, metric, group, filters, period)
    return day_tables.orders(session, metric, group, filters, period)


def _after_sale(look: _Look, metric: Metric, group: Group | None, period: Period | None) -> list[Any]:
    """Counts of cases by their own days; money and shares of goods by the days of their orders."""
    session, filters = look.session, look.filters
    if metric is Metric.CASES:
        return after_sale.counted(session, group, filters, period, look.customer_id)
    if metric is Metric.REFUNDED:
        return after_sale.given_back(session, group, filters, period)
    goods = group in GOODS_GROUPS or any(name in filters for name in ("category", "brand", "product"))
    table = day_tables.goods if goods else day_tables.orders
    sold = order_lines.folded(table(session, Metric.ORDERS, group, filters, period))
    back = {key: above for key, above, _ in order_lines.folded(after_sale.orders_back(session, group, filters, period))}
    least = after_sale.RATED_FROM if group in GOODS_GROUPS else 1
    return [(key, back.get(key, 0), orders) for key, orders, _ in sold if orders >= least]


def _folded(
    parts: Sequence[tuple[str, float, float | None]], metric: Metric, group: Group | None
) -> list[tuple[str, float]]:
    """Days folded to weeks and months; a quotient is taken at the very end."""
    sums: dict[str, list[float]] = {}
    for key, above, below in parts:
        held = sums.setdefault(order_lines.time_key(key, group), [0.0, 0.0])
        held[0] += float(above or 0)
        held[1] += float(below or 0)
    found = []
    for key, (above, below) in sums.items():
        value = (above / below if below else 0.0) if metric in QUOTIENTS else above
        found.append((key, float(round(value)) if metric in QUOTIENTS & MONEY else value))
    return found


def _ordered(query: Query, rows: list[tuple[str, float]]) -> tuple[AnswerRow, ...]:
    if query.group is None:
        return ()
    scale = 100 if query.metric in RATES else 1
    rows = [one for one in rows if query.within(one[1] * scale)]
    if query.group in TIME_GROUPS and query.top is None:
        rows = sorted(rows)
    else:
        rows = sorted(rows, key=lambda one: (one[1] if query.ascending else -one[1], one[0]))
    return tuple(AnswerRow(*one) for one in rows[: query.top])
