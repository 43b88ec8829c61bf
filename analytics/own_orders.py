"""A customer's own orders: sums of them, and the one that is asked for.

Every query here begins with the customer's id, which is the first column of the
index (customer, time): it grows with one customer's orders, not with the shop.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from analytics import order_lines
from analytics.conditions import of_goods, of_orders, ordered_in
from analytics.query import SHANGHAI, TIME_GROUPS, Find, Group, Metric, Period, Query
from shop.errors import BadValue
from shop.front import Shop
from shop.models import Order, OrderLine, Payment, Product, Sku
from shop.sales_days import UNSOLD

_REFUNDED = (
    select(func.coalesce(func.sum(Payment.refunded_fen), 0))
    .where(Payment.order_id == Order.id)
    .correlate(Order)
    .scalar_subquery()
)


OF_GOODS = frozenset({Metric.SPENT, Metric.SALES, Metric.ORDERS, Metric.UNITS, Metric.AVERAGE})
"""What is known of a customer's lines: what was paid and bought, not what went back."""


def cells(
    session: Session,
    metric: Metric,
    group: Group | None,
    filters: dict[str, Any],
    period: Period | None,
    customer_id: int,
    by_goods: bool,
) -> list[Any]:
    """(key, numerator, denominator) of the customer's orders by group.

    Raises:
        BadValue: the metric is the shop's, see ``_measure``.
    """
    conditions = _theirs(customer_id, period)
    if by_goods and metric not in OF_GOODS:
        raise BadValue(f"a customer's {metric.value} is not known by goods", field="metric")
    if by_goods or metric is Metric.UNITS:
        conditions += [Order.state.not_in(UNSOLD), *of_goods(filters), *of_orders(filters)]
        return order_lines.run_lines(session, group, *order_lines.line_measure(metric), conditions)
    above, below, only = _measure(metric)
    conditions.append(only)
    if filters["cities"]:
        conditions.append(Order.city.in_(filters["cities"]))
    in_time = group in TIME_GROUPS
    key = Order.created_at if in_time else {Group.CITY: Order.city, Group.CHANNEL: Order.channel}.get(group)  # type: ignore[arg-type]
    query = select(*[one for one in (key, above, below) if one is not None]).where(and_(*conditions))
    if key is not None:
        query = query.group_by(Order.id, key) if in_time else query.group_by(key)
    rows = session.execute(query).all()
    return order_lines.shaped(rows, key is not None, below is not None, in_time)


def _measure(metric: Metric) -> tuple[Any, Any, Any]:
    """Numerator, denominator and which orders count.

    Raises:
        BadValue: the metric is the shop's (visitors, rates), of which a customer has none.
    """
    sold, paid = Order.state.not_in(UNSOLD), Order.paid_at.is_not(None)
    kept = func.sum(Order.total_fen - _REFUNDED)
    measures = {
        Metric.SPENT: (kept, None, sold),
        Metric.SALES: (func.sum(Order.total_fen), None, sold),
        Metric.ORDERS: (func.count(), None, sold),
        Metric.AVERAGE: (kept, func.count(), sold),
        Metric.SAVED: (func.sum(Order.discount_fen), None, sold),
        Metric.REFUNDED: (func.sum(_REFUNDED), None, paid),
    }
    if metric not in measures:
        raise BadValue(f"{metric.value} is known of the whole shop only", field="metric")
    return measures[metric]


def _theirs(customer_id: int, period: Period | None) -> list[Any]:
    return [Order.customer_id == customer_id, *ordered_in(period)]


class Found:
    """One line of the customer's orders."""

    def __init__(
        self, number: str, name: str, spec: str, quantity: int, price_fen: int, total_fen: int, at: Any
    ) -> None:
        self.number = number
        self.name = name
        self.spec = spec
        self.quantity = quantity
        self.price_fen = price_fen
        self.total_fen = total_fen
        self.day = at.astimezone(SHANGHAI).date()
        self.at = at


def find(shop: Shop, query: Query, customer_id: int) -> Found | None:
    """The order that a question asks for: dearest, cheapest, last, first, or the last one of some goods.

    With goods in the filters the dearest and the cheapest are those by price of
    the line, without by what the order cost. None when there is no such order.
    """
    from analytics import order_stats

    with shop.database.read() as session:
        filters = order_stats.resolved(session, query.filters)
        goods = query.filters.by_goods
        price = OrderLine.price_fen if goods else Order.total_fen
        order = {
            Find.DEAREST: (price.desc(), Order.created_at.desc()),
            Find.CHEAPEST: (price, Order.created_at.desc()),
            Find.FIRST: (Order.created_at,),
        }.get(query.find or Find.LAST, (Order.created_at.desc(),))
        statement = (
            select(
                Order.number, OrderLine.name, OrderLine.spec, OrderLine.quantity, OrderLine.price_fen,
                Order.total_fen, Order.created_at,
            )
            .join(OrderLine, OrderLine.order_id == Order.id)
            .join(Sku, Sku.id == OrderLine.sku_id)
            .join(Product, Product.id == Sku.product_id)
            .where(and_(*_theirs(customer_id, query.period), Order.state.not_in(UNSOLD)))
            .where(and_(True, *of_goods(filters), *of_orders(filters)))
            .order_by(*order, Order.id.desc(), OrderLine.price_fen.desc(), OrderLine.id)
            .limit(1)
        )  # fmt: skip
        row = session.execute(statement).first()
    return None if row is None else Found(*row)
