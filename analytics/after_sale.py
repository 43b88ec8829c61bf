"""After-sale cases: how many, of what goods, why, what went back, and which wait.

A case that was withdrawn or refused counts nowhere: nothing came of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from analytics.conditions import of_goods, of_orders, ordered_in
from analytics.order_lines import GROUPED, shaped
from analytics.query import GOODS_GROUPS, TIME_GROUPS, Group, Metric, Period
from shop.front import Shop
from shop.models import AfterSaleCase, Brand, Category, Order, OrderLine, Product, Sku
from shop.sales_days import UNSOLD
from shop.states import OPEN_CASES, CaseKind, CaseState

RATED_FROM = 5
"""Orders that goods need before their share of refunds is told beside others'."""
MONEY_BACK = (CaseKind.RETURN.value, CaseKind.REFUND.value)
_NOTHING = (CaseState.WITHDRAWN.value, CaseState.REJECTED.value)


def counted(
    session: Session, group: Group | None, filters: dict[str, Any], period: Period | None, customer_id: int | None
) -> list[Any]:
    """(key, cases, None) by a group, of cases opened in a period."""
    conditions = [AfterSaleCase.state.not_in(_NOTHING), *_opened_in(period)]
    if filters["kinds"]:
        conditions.append(AfterSaleCase.kind.in_(filters["kinds"]))
    if filters["reason"]:
        conditions.append(AfterSaleCase.reason == filters["reason"])
    if customer_id is not None:
        conditions.append(AfterSaleCase.customer_id == customer_id)
    return _run(session, group, filters, func.count(), conditions, AfterSaleCase.created_at)


def given_back(session: Session, group: Group | None, filters: dict[str, Any], period: Period | None) -> list[Any]:
    """(key, fen, None): what cases that are done gave back for the orders of a period."""
    conditions = money_back(Metric.REFUNDED, period)
    return _run(session, group, filters, func.sum(AfterSaleCase.amount_fen), conditions, Order.created_at)


def orders_back(session: Session, group: Group | None, filters: dict[str, Any], period: Period | None) -> list[Any]:
    """(key, orders, None): sold orders of a period of which something goes back for money."""
    conditions = money_back(Metric.REFUND_RATE, period)
    return _run(session, group, filters, func.count(Order.id.distinct()), conditions, Order.created_at)


def money_back(metric: Metric, period: Period | None) -> list[Any]:
    """Which cases count for the refunds of a period's orders: of money those that are done, else all of orders sold."""
    only = [AfterSaleCase.kind.in_(MONEY_BACK), *ordered_in(period)]
    if metric is Metric.REFUNDED:
        return [*only, AfterSaleCase.state == CaseState.DONE.value]
    return [*only, AfterSaleCase.state.not_in(_NOTHING), Order.state.not_in(UNSOLD)]


def _opened_in(period: Period | None) -> list[Any]:
    if period is None:
        return []
    start, end = period.moments
    return [AfterSaleCase.created_at >= start, AfterSaleCase.created_at < end]


def _run(
    session: Session, group: Group | None, filters: dict[str, Any], measure: Any, conditions: list[Any], moment: Any
) -> list[Any]:
    """Sum cases by a group; days are cut in Python, where time zones are sure."""
    in_time = group in TIME_GROUPS
    keys = {**GROUPED, Group.REASON: AfterSaleCase.reason, Group.KIND: AfterSaleCase.kind}
    key = moment if in_time else keys.get(group) if group else None
    goods = of_goods(filters)
    query = select(*([] if key is None else [key]), measure).select_from(AfterSaleCase)
    query = query.join(Order, Order.id == AfterSaleCase.order_id)
    if goods or group in GOODS_GROUPS:
        query = query.join(OrderLine, OrderLine.id == AfterSaleCase.order_line_id)
        query = query.join(Sku, Sku.id == OrderLine.sku_id).join(Product, Product.id == Sku.product_id)
    if group is Group.CATEGORY:
        query = query.join(Category, Category.id == Product.category_id)
    if group is Group.BRAND:
        query = query.join(Brand, Brand.id == Product.brand_id)
    query = query.where(and_(*conditions, *goods, *of_orders(filters)))
    if key is not None:
        query = query.group_by(key)
    return shaped(session.execute(query).all(), key is not None, False, in_time)


def pending(shop: Shop) -> dict[str, int]:
    """Open cases by kind."""
    query = select(AfterSaleCase.kind, func.count()).group_by(AfterSaleCase.kind)
    with shop.database.read() as session:
        rows = session.execute(query.where(AfterSaleCase.state.in_([one.value for one in OPEN_CASES]))).all()
    return {str(kind): int(count) for kind, count in rows}
