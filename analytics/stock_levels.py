"""What is on the shelves, how long it lasts, what has run out and what lies too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from analytics.order_stats import resolved
from analytics.query import SHANGHAI, Filters, Query
from shop.front import Shop
from shop.models import GoodsDay, Incoming, Product, Sku, Stock
from shop.sales_days import refresh

WINDOW_DAYS = 28
"""Days of sales from which a SKU's rate is taken."""
LOW_DAYS = 7.0
OVER_DAYS = 120.0


@dataclass(frozen=True)
class Level:
    """A SKU's shelf: free units, units a day, days of cover (None: it does not sell), units on their way."""

    sku_id: int
    code: str
    name: str
    spec: str
    free: int
    per_day: float
    incoming: int
    price_fen: int

    @property
    def cover_days(self) -> float | None:
        """How many days the free units last at the present rate."""
        return self.free / self.per_day if self.per_day else None


def levels(shop: Shop, filters: Filters | None = None) -> list[Level]:
    """Every SKU of products on sale (that the filters choose), by SKU."""
    refresh(shop)
    today = shop.clock().astimezone(SHANGHAI).date()
    since = (today - timedelta(days=WINDOW_DAYS)).isoformat()
    with shop.database.read() as session:
        chosen = resolved(session, filters or Filters())
        free = _sums(session, select(Stock.sku_id, func.sum(Stock.on_hand - Stock.reserved)).group_by(Stock.sku_id))
        sold = _sums(
            session,
            select(GoodsDay.key_id, func.sum(GoodsDay.units))
            .where(GoodsDay.kind == "sku", GoodsDay.day >= since, GoodsDay.day < today.isoformat())
            .group_by(GoodsDay.key_id),
        )
        coming = _sums(
            session,
            select(Incoming.sku_id, func.sum(Incoming.quantity))
            .where(Incoming.received_at.is_(None))
            .group_by(Incoming.sku_id),
        )
        rows = session.execute(_skus(chosen)).all()
    return [
        Level(
            row.id,
            row.code,
            row.name,
            " ".join(part for part in (row.color, row.size) if part),
            int(free.get(row.id, 0)),
            sold.get(row.id, 0) / WINDOW_DAYS,
            int(coming.get(row.id, 0)),
            row.price_fen,
        )
        for row in rows
    ]


def _skus(chosen: dict[str, Any]) -> Any:
    query = select(Sku.id, Sku.code, Product.name, Sku.color, Sku.size, Sku.price_fen)
    query = query.join(Product, Product.id == Sku.product_id).where(Product.on_sale == 1).order_by(Sku.id)
    for name, column in (("category", Product.category_id), ("brand", Product.brand_id), ("product", Product.id)):
        if name in chosen:
            query = query.where(column.in_(chosen[name]))
    return query


def _sums(session: Any, query: Any) -> dict[int, Any]:
    return {key: value or 0 for key, value in session.execute(query)}


def running_low(found: list[Level], days: float = LOW_DAYS) -> list[Level]:
    """Selling SKUs whose free units last less than so many days, the shortest first; those at nothing not."""
    low = [one for one in found if one.free > 0 and one.per_day > 0 and one.free / one.per_day < days]
    return sorted(low, key=lambda one: (one.free / one.per_day, -one.per_day, one.sku_id))


def run_out(found: list[Level]) -> list[Level]:
    """SKUs without a free unit, the best selling first."""
    return sorted((one for one in found if one.free <= 0), key=lambda one: (-one.per_day, one.sku_id))


def within(found: list[Level], query: Query) -> list[Level]:
    """SKUs whose free units are within a query's bounds, the fewest units and the best selling first."""
    return sorted(
        (one for one in found if query.within(one.free)), key=lambda one: (one.free, -one.per_day, one.sku_id)
    )


def overstocked(found: list[Level], days: float = OVER_DAYS) -> list[Level]:
    """SKUs whose units last longer than so many days or do not sell at all, the dearest pile first."""
    over = [one for one in found if one.free > 0 and (one.per_day == 0 or one.free / one.per_day > days)]
    return sorted(over, key=lambda one: (-one.free * one.price_fen, one.sku_id))
