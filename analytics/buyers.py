"""Who bought: how many customers, how many of them for the first time, how often and for how much each.

A customer is new in the period of their first order that is paid and not cancelled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from analytics.conditions import of_goods, of_orders, ordered_in
from analytics.order_lines import GROUPED, time_key
from analytics.query import GOODS_GROUPS, TIME_GROUPS, Group, Metric, Period
from shop.database import Database
from shop.models import Brand, Category, Order, OrderLine, Product, Sku
from shop.sales_days import UNSOLD


def cells(
    session: Session,
    metric: Metric,
    group: Group | None,
    filters: dict[str, Any],
    period: Period | None,
    database: Database,
) -> list[Any]:
    """(key, numerator, denominator) by a group; different customers of a week or month count once."""
    found: dict[str, dict[int, _Buyer]] = defaultdict(dict)
    day = database.day_of(Order.created_at)
    rows = _customers(session, group, filters, period, day)
    known = _known_before(session, period) if metric in (Metric.NEW_BUYERS, Metric.OLD_BUYERS) else set()
    for key, customer, orders, fen in sorted(rows):
        held = found[time_key(key, group)].setdefault(customer, _Buyer())
        held.orders += orders
        held.fen += fen
        held.new |= customer not in known
        if group in TIME_GROUPS:
            known.add(customer)  # in later ones they are new no more
    return [(key, *_measured(metric, list(of.values()))) for key, of in found.items()]


@dataclass
class _Buyer:
    orders: int = 0
    fen: int = 0
    new: bool = False


def _measured(metric: Metric, customers: list[_Buyer]) -> tuple[float, float | None]:
    count = len(customers)
    new = sum(one.new for one in customers)
    return {
        Metric.BUYERS: (count, None),
        Metric.NEW_BUYERS: (new, None),
        Metric.OLD_BUYERS: (count - new, None),
        Metric.REPEAT_RATE: (sum(one.orders > 1 for one in customers), count),
        Metric.PER_BUYER: (sum(one.fen for one in customers), count),
        Metric.ORDERS_PER_BUYER: (sum(one.orders for one in customers), count),
    }[metric]


def _customers(
    session: Session, group: Group | None, filters: dict[str, Any], period: Period | None, day: Any
) -> list[Any]:
    """(key, customer, orders, fen) of sold orders."""
    goods = of_goods(filters)
    lines = bool(goods) or group in GOODS_GROUPS
    key = day if group in TIME_GROUPS else GROUPED.get(group) if group else None
    total = func.sum(OrderLine.quantity * OrderLine.price_fen) if lines else func.sum(Order.total_fen)
    columns = [Order.customer_id, func.count(Order.id.distinct()) if lines else func.count(), total]
    query = select(*([] if key is None else [key]), *columns).select_from(Order)
    if lines:
        query = query.join(OrderLine, OrderLine.order_id == Order.id).join(Sku, Sku.id == OrderLine.sku_id)
        query = query.join(Product, Product.id == Sku.product_id)
    if group is Group.CATEGORY:
        query = query.join(Category, Category.id == Product.category_id)
    if group is Group.BRAND:
        query = query.join(Brand, Brand.id == Product.brand_id)
    conditions = [Order.state.not_in(UNSOLD), *ordered_in(period), *goods, *of_orders(filters)]
    query = query.where(and_(*conditions)).group_by(*([] if key is None else [key]), Order.customer_id)
    rows = [("", *row) if key is None else tuple(row) for row in session.execute(query)]
    return [(str(key), *row) for key, *row in rows]


def _known_before(session: Session, period: Period | None) -> set[int]:
    """Which customers of a period had bought before it began: a look at the index (customer, time) for each."""
    if period is None:
        return set()
    start, _ = period.moments
    within = select(Order.customer_id).where(*ordered_in(period)).distinct().subquery()
    before = select(Order.id).where(
        Order.customer_id == within.c.customer_id, Order.created_at < start, Order.state.not_in(UNSOLD)
    )
    return set(session.execute(select(within.c.customer_id).where(before.exists())).scalars())
