"""Steps of orders on the days on which they were done: sent, delivered, cancelled; how long they took; coupons used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from analytics.conditions import of_orders
from analytics.order_lines import run
from analytics.query import TIME_GROUPS, Group, Metric, Period
from shop.database import Database
from shop.errors import BadValue
from shop.models import Coupon, CustomerCoupon, Order

STEP = {
    Metric.SHIPPED: Order.shipped_at,
    Metric.SHIP_DAYS: Order.shipped_at,
    Metric.DELIVERED: Order.delivered_at,
    Metric.DELIVER_DAYS: Order.delivered_at,
    Metric.CANCELLED: Order.cancelled_at,
}
SINCE = {Metric.SHIP_DAYS: Order.paid_at, Metric.DELIVER_DAYS: Order.shipped_at}
PLACED = {Group.CITY: Order.city, Group.CHANNEL: Order.channel}


def cells(
    session: Session,
    metric: Metric,
    group: Group | None,
    filters: dict[str, Any],
    period: Period | None,
    database: Database,
) -> list[Any]:
    """(key, numerator, denominator): orders that took a step, or the days from the step before up to it.

    Raises:
        BadValue: steps are known by day, city and channel only.
    """
    step = STEP[metric]
    if group is not None and group not in TIME_GROUPS and group not in PLACED:
        raise BadValue(f"{metric.value} is known by day, city and channel only", field="metric")
    key = database.day_of(step) if group in TIME_GROUPS else PLACED.get(group) if group else None
    conditions = [step.is_not(None), *_within(step, period), *of_orders(filters)]
    above, below = func.count(), None
    if metric in SINCE:
        conditions.append(SINCE[metric].is_not(None))
        above, below = func.sum(database.days_between(SINCE[metric], step)), func.count()
    return run(session, key, above, below, conditions)


def coupons(
    session: Session,
    group: Group | None,
    filters: dict[str, Any],
    period: Period | None,
    database: Database,
    customer_id: int | None,
) -> list[Any]:
    """(key, coupons used, None) by day or by coupon.

    Raises:
        BadValue: coupons belong to no goods and no place.
    """
    if filters["cities"] or filters["channel"] or (group not in (None, Group.COUPON) and group not in TIME_GROUPS):
        raise BadValue("coupons are known by day and by coupon only", field="metric")
    used = CustomerCoupon.used_at
    key = database.day_of(used) if group in TIME_GROUPS else Coupon.name if group else None
    conditions = [CustomerCoupon.coupon_id == Coupon.id, used.is_not(None), *_within(used, period)]
    if customer_id is not None:
        conditions.append(CustomerCoupon.customer_id == customer_id)
    return run(session, key, func.count(CustomerCoupon.id), None, conditions)


def _within(column: Any, period: Period | None) -> list[Any]:
    if period is None:
        return []
    start, end = period.moments
    return [column >= start, column < end]
