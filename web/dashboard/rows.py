"""The rows behind a number of the dashboard: orders, visits of days, cases. No name, phone or address."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from analytics import after_sale
from analytics.query import SHANGHAI, TIME_GROUPS, Group, Metric, Period
from shop.front import Shop
from shop.models import (
    AfterSaleCase,
    Brand,
    Category,
    Order,
    OrderLine,
    Payment,
    Product,
    Sku,
    VisitDay,
)
from shop.sales_days import UNSOLD
from shop.states import OPEN_CASES

SHOWN = 500
BY_VISITS = (Metric.VISITORS, Metric.CONVERSION)
BY_REFUNDS = (Metric.REFUNDED, Metric.REFUND_RATE)
NAMED: dict[Group, Any] = {Group.CATEGORY: Category.name, Group.BRAND: Brand.name, Group.PRODUCT: Product.name}
PLACED: dict[Group, Any] = {Group.CITY: Order.city, Group.CHANNEL: Order.channel}


def behind(shop: Shop, metric: Metric, group: Group | None, key: str, period: Period) -> list[dict[str, Any]]:
    """What was counted: the newest orders (refunded ones for refunds), cases for refunds of goods, days of visits.

    Args:
        key: the row of the group that was opened, as the answer named it.

    Raises:
        ValueError: the key is no day or month.
    """
    period = narrowed(period, group, key)
    if metric in BY_VISITS:
        return _visits(shop, period)
    if metric in BY_REFUNDS and group in NAMED:
        return _cases_of(shop, metric, NAMED[group] == key, period)
    start, end = period.moments
    query = select(Order.number, Order.created_at, Order.state, Order.city, Order.channel, Order.total_fen)
    query = query.where(Order.created_at >= start, Order.created_at < end)
    if metric in BY_REFUNDS:
        back = select(Payment.id).where(Payment.order_id == Order.id, Payment.refunded_fen > 0)
        query = query.where(back.exists())
    else:
        query = query.where(Order.state.not_in(UNSOLD))
    if group in PLACED:
        query = query.where(PLACED[group] == key)
    if group in NAMED:
        lines = (
            select(OrderLine.id).join(Sku, Sku.id == OrderLine.sku_id).join(Product, Product.id == Sku.product_id)
            .join(Category, Category.id == Product.category_id).join(Brand, Brand.id == Product.brand_id)
        )  # fmt: skip
        query = query.where(lines.where(OrderLine.order_id == Order.id, NAMED[group] == key).exists())
    with shop.database.read() as session:
        found = session.execute(query.order_by(Order.created_at.desc()).limit(SHOWN)).all()
    return [{**row._mapping, "created_at": moment(row.created_at)} for row in found]


def narrowed(period: Period, group: Group | None, key: str) -> Period:
    """The part of a period that a day, week or month of an answer covers."""
    if group not in TIME_GROUPS or not key:
        return period
    if group is Group.MONTH:
        start = date.fromisoformat(f"{key}-01")
        end = (start + timedelta(days=31)).replace(day=1)
    else:
        start = date.fromisoformat(key)
        end = start + timedelta(days=7 if group is Group.WEEK else 1)
    return Period(max(start, period.start), min(end, period.end))


def _visits(shop: Shop, period: Period) -> list[dict[str, Any]]:
    query = select(VisitDay.day, VisitDay.visitors, VisitDay.buyers).order_by(VisitDay.day.desc())
    query = query.where(VisitDay.day >= str(period.start), VisitDay.day < str(period.end))
    with shop.database.read() as session:
        return [dict(row._mapping) for row in session.execute(query)]


def _cases_of(shop: Shop, metric: Metric, of_goods: Any, period: Period) -> list[Any]:
    """The newest cases that are counted as refunds of goods, by the days of their orders."""
    case = AfterSaleCase
    query = select(
        Order.number, Order.created_at, case.kind.label("case_kind"), case.reason.label("case_reason"), case.amount_fen
    ).join(Order, Order.id == case.order_id)
    query = query.join(OrderLine, OrderLine.id == case.order_line_id).join(Sku, Sku.id == OrderLine.sku_id)
    query = query.join(Product, Product.id == Sku.product_id).join(Category, Category.id == Product.category_id)
    query = query.join(Brand, Brand.id == Product.brand_id).where(of_goods, *after_sale.money_back(metric, period))
    with shop.database.read() as session:
        found = session.execute(query.order_by(Order.created_at.desc()).limit(SHOWN)).all()
    return [{**row._mapping, "created_at": moment(row.created_at)} for row in found]


def open_cases(shop: Shop) -> list[dict[str, Any]]:
    """After-sale cases that wait, the oldest first."""
    case = AfterSaleCase
    query = select(case.number, case.kind.label("case_kind"), case.state, case.created_at, case.amount_fen)
    query = query.where(case.state.in_([one.value for one in OPEN_CASES])).order_by(case.created_at)
    with shop.database.read() as session:
        found = session.execute(query.limit(SHOWN)).all()
    return [{**row._mapping, "created_at": moment(row.created_at)} for row in found]


def moment(value: datetime) -> str:
    """A moment in Asia/Shanghai, ISO 8601."""
    return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
