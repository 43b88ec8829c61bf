"""Order lines and what is summed from them, and the shape in which every sum is handed on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from analytics.query import SHANGHAI, TIME_GROUPS, Group, Metric
from shop.models import Brand, Category, Order, OrderLine, Product, Sku

GROUPED: dict[Group, Any] = {
    Group.CATEGORY: Category.name,
    Group.BRAND: Brand.name,
    Group.PRODUCT: Product.name,
    Group.CITY: Order.city,
    Group.CHANNEL: Order.channel,
}
"""The column by which rows of orders and goods are grouped."""


def line_measure(metric: Metric) -> tuple[Any, Any]:
    """Numerator and denominator of a metric over order lines."""
    amount = func.sum(OrderLine.quantity * OrderLine.price_fen)
    orders = func.count(Order.id.distinct())
    if metric is Metric.ORDERS:
        return orders, None
    if metric is Metric.UNITS:
        return func.sum(OrderLine.quantity), None
    return amount, orders if metric is Metric.AVERAGE else None


def run_lines(session: Session, group: Group | None, above: Any, below: Any, conditions: list[Any]) -> list[Any]:
    """Sum order lines by a group; days are cut in Python, where time zones are sure."""
    key = GROUPED.get(group) if group else None
    in_time = group in TIME_GROUPS
    columns = [above, below] if below is not None else [above]
    query = (
        select(*([Order.created_at] if in_time else [key] if key is not None else []), *columns)
        .select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(and_(*conditions))
    )
    if group is Group.CATEGORY:
        query = query.join(Category, Category.id == Product.category_id)
    if group is Group.BRAND:
        query = query.join(Brand, Brand.id == Product.brand_id)
    if in_time:
        query = query.group_by(Order.id, Order.created_at)
    elif key is not None:
        query = query.group_by(key)
    return shaped(session.execute(query).all(), group is not None, below is not None, in_time)


def run(session: Session, key: Any, above: Any, below: Any, conditions: list[Any]) -> list[Any]:
    """(key, numerator, denominator) by a column; without one a single row."""
    columns = [one for one in (key, above, below) if one is not None]
    query = select(*columns).where(and_(True, *conditions))
    if key is not None:
        query = query.group_by(key)
    return shaped(session.execute(query).all(), key is not None, below is not None, False)


def shaped(rows: Sequence[Any], keyed: bool, quotient: bool, in_time: bool) -> list[Any]:
    """(key, numerator, denominator) of each row."""
    found = []
    for row in rows:
        values = list(row)
        key: Any = values.pop(0) if keyed else ""
        if in_time:
            key = key.astimezone(SHANGHAI).date().isoformat()
        found.append((key, values[0], values[1] if quotient else None))
    return found


def folded(parts: Sequence[Any]) -> list[Any]:
    """Parts of one key put together; numerators only."""
    sums: dict[str, float] = {}
    for key, above, _ in parts:
        sums[key] = sums.get(key, 0.0) + float(above or 0)
    return [(key, above, None) for key, above in sums.items()]


def time_key(key: str, group: Group | None) -> str:
    """A day's place in its group: itself, the Monday of its week, its month."""
    if group is Group.MONTH:
        return key[:7]
    if group is Group.WEEK:
        day = date.fromisoformat(key)
        return (day - timedelta(days=day.weekday())).isoformat()
    return key
