"""Figures of the shop from its tables by day, which are small; from the lines where they do not hold what is asked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics import order_lines
from analytics.conditions import of_goods, of_orders, on_days, ordered_in
from analytics.query import GOODS_GROUPS, TIME_GROUPS, Group, Metric, Period
from analytics.unsold import MODELS
from shop.models import GoodsDay, Order, OrderDay, VisitDay
from shop.sales_days import UNSOLD


def orders(
    session: Session, metric: Metric, group: Group | None, filters: dict[str, Any], period: Period | None
) -> list[Any]:
    """(key, numerator, denominator) of orders by day, city or channel."""
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
    return order_lines.run(session, key, above, below, conditions)


def goods(
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
        parts = order_lines.run(session, GoodsDay.key_id, above, below, conditions)
        return _named(session, group, parts)
    return order_lines.run(session, GoodsDay.day if group else None, above, below, conditions)


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


def visits(session: Session, metric: Metric, group: Group | None, period: Period | None) -> list[Any]:
    """(key, numerator, denominator) of visitors by day."""
    visitors = func.sum(VisitDay.visitors)
    above, below = (visitors, None) if metric is Metric.VISITORS else (func.sum(VisitDay.buyers), visitors)
    return order_lines.run(session, VisitDay.day if group else None, above, below, on_days(VisitDay.day, period))
