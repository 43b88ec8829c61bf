"""What of the shop's rows a query is about, as conditions of SQL: its goods, its orders, its days."""

from __future__ import annotations

from typing import Any

from analytics.query import Period
from shop.models import Order, Product

Filters = dict[str, Any]
"""As ``order_stats.resolved`` gives them: ids of goods, cities, a channel."""


def of_goods(filters: Filters) -> list[Any]:
    """On products."""
    columns = {"category": Product.category_id, "brand": Product.brand_id, "product": Product.id}
    return [column.in_(filters[name]) for name, column in columns.items() if name in filters]


def of_orders(filters: Filters) -> list[Any]:
    """On orders."""
    conditions = []
    if filters["cities"]:
        conditions.append(Order.city.in_(filters["cities"]))
    if filters["channel"]:
        conditions.append(Order.channel == filters["channel"])
    return conditions


def on_days(column: Any, period: Period | None) -> list[Any]:
    """On a column that holds days as text."""
    return [] if period is None else [column >= period.start.isoformat(), column < period.end.isoformat()]


def ordered_in(period: Period | None) -> list[Any]:
    """On the moment of an order."""
    if period is None:
        return []
    start, end = period.moments
    return [Order.created_at >= start, Order.created_at < end]
