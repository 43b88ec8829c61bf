"""What goods that lie dead are bundled with: what they were bought with most, else the best seller of their shelf."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from shop.models import Order, OrderLine, Sku
from shop.sales_days import UNSOLD

TOGETHER = 2
"""Orders with both from which two products belong together; a single one is chance."""


def partners(
    session: Session, dead: Sequence[Mapping[str, Any]], sells: Mapping[int, Mapping[str, Any]]
) -> dict[int, str]:
    """The name of a partner product for each dead SKU; SKUs for which there is none are left out.

    Args:
        dead: rows of SKUs with ``id``, ``product_id``, ``category_id``.
        sells: products that sell and are in stock, by id: ``name``, ``category_id``, ``per_day``.
    """
    together = _together(session, [int(row["id"]) for row in dead])
    found = {}
    for row in dead:
        others = [at for at in sells if at != row["product_id"]]
        beside = together.get(int(row["id"]), {})
        close = [at for at in others if beside.get(at, 0) >= TOGETHER]
        shelf = [at for at in others if sells[at]["category_id"] == row["category_id"]]
        choice = close or shelf
        if choice:
            best = max(choice, key=lambda at: (beside.get(at, 0) if close else 0, sells[at]["per_day"], -at))
            found[int(row["id"])] = str(sells[best]["name"])
    return found


def _together(session: Session, skus: list[int]) -> dict[int, dict[int, int]]:
    """For each SKU the products that stood in the same orders, with the number of those orders."""
    mine, other = aliased(OrderLine), aliased(OrderLine)
    query = (
        select(mine.sku_id, Sku.product_id, func.count(mine.order_id.distinct()))
        .join(Order, Order.id == mine.order_id)
        .join(other, other.order_id == mine.order_id)
        .join(Sku, Sku.id == other.sku_id)
        .where(mine.sku_id.in_(skus), other.sku_id != mine.sku_id, Order.state.not_in(UNSOLD))
        .group_by(mine.sku_id, Sku.product_id)
    )
    found: dict[int, dict[int, int]] = {}
    for sku, product, count in session.execute(query):
        found.setdefault(sku, {})[product] = count
    return found
