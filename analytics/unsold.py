"""What was there in a period and sold nothing: the worst sellers of all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from analytics.conditions import of_goods, of_orders, on_days, ordered_in
from analytics.query import Group, Period
from shop.models import Brand, Category, GoodsDay, Order, OrderLine, Product, Sku
from shop.sales_days import UNSOLD

MODELS: dict[Group, Any] = {Group.CATEGORY: Category, Group.BRAND: Brand, Group.PRODUCT: Product}
_KEYS: dict[Group, Any] = {
    Group.CATEGORY: Product.category_id,
    Group.BRAND: Product.brand_id,
    Group.PRODUCT: Product.id,
}


def unsold(
    session: Session, group: Group, filters: dict[str, Any], period: Period | None, most: int | None
) -> tuple[list[str], int]:
    """Names of goods on sale that sold nothing, what was there longest first, and how many there are in all.

    A product was there when it was made, or sold something, before the period ended.

    Args:
        group: category, brand or product.
        filters: as ``order_stats.resolved`` gives them.
        most: how many names at most.
    """
    model, key = MODELS[group], _KEYS[group]
    conditions = [Product.on_sale == 1, model.name.not_in(_sold(group, filters, period)), *of_goods(filters)]
    if period is not None:
        sold_before = select(GoodsDay.key_id).where(
            GoodsDay.kind == "product", GoodsDay.key_id == Product.id, GoodsDay.day < period.end.isoformat()
        )
        conditions.append(or_(Product.created_at < period.moments[1], sold_before.exists()))
    query = select(model.name).select_from(Product)
    if model is not Product:
        query = query.join(model, model.id == key)
    query = query.where(and_(*conditions)).group_by(model.name)
    count = session.execute(select(func.count()).select_from(query.subquery())).scalar() or 0
    names = session.execute(query.order_by(func.min(Product.created_at), model.name).limit(most)).scalars()
    return [str(name) for name in names], int(count)


def _sold(group: Group, filters: dict[str, Any], period: Period | None) -> Any:
    """Names of a group that sold something: from the days of goods, of one city or channel from the lines."""
    model, key = MODELS[group], _KEYS[group]
    if not filters["cities"] and not filters["channel"]:
        one = aliased(model)
        mine = (GoodsDay.kind == group.value, GoodsDay.key_id == one.id, *on_days(GoodsDay.day, period))
        return select(one.name).where(select(GoodsDay.key_id).where(*mine).exists())
    query = select(model.name).select_from(OrderLine).join(Order, Order.id == OrderLine.order_id)
    query = query.join(Sku, Sku.id == OrderLine.sku_id).join(Product, Product.id == Sku.product_id)
    if model is not Product:
        query = query.join(model, model.id == key)
    return query.where(Order.state.not_in(UNSOLD), *of_orders(filters), *ordered_in(period))
