"""Prices that were planned before: a row of ``price_change`` whose moment is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from shop.entities import ProductCard
from shop.models import PriceChange, Product, Sku

if TYPE_CHECKING:
    from shop.front import Shop

LOOKED_BACK = timedelta(days=60)
"""A shop that stood still longer than this keeps its prices until its next import."""


@dataclass(frozen=True)
class Reduction:
    """A price of a promotion and the one that follows it (fen)."""

    until: datetime
    price_fen: int
    usual_fen: int


@dataclass(frozen=True)
class Reduced:
    """A product on promotion; the reduction is that of its SKU with the largest share off."""

    card: ProductCard
    price: Reduction


def take_effect(shop: Shop) -> int:
    """Let planned prices whose moment has come be the prices of their SKUs.

    A SKU whose price is none of those it ever had by plan was priced by hand since, and stays.

    Returns:
        How many SKUs cost something else now.
    """
    now = shop.clock()
    with shop.database.read() as session:
        if not _behind(session, now):
            return 0
    with shop.database.change() as session:
        behind = _behind(session, now)
        for sku, price in behind.items():
            session.get(Sku, sku).price_fen = price
    return len(behind)


def _behind(session: Session, now: datetime) -> dict[int, int]:
    """SKUs that still cost what an earlier change said: what the last one says (fen)."""
    query = (
        select(Sku.id, Sku.price_fen, PriceChange.price_fen)
        .join(PriceChange, PriceChange.sku_id == Sku.id)
        .where(Sku.id.in_(_otherwise(now)), PriceChange.at <= now)
        .order_by(PriceChange.at, PriceChange.id)
    )
    known: dict[int, tuple[int, list[int]]] = {}
    for sku, costs, price in session.execute(query):
        known.setdefault(sku, (costs, []))[1].append(price)
    return {sku: was[-1] for sku, (costs, was) in known.items() if costs != was[-1] and costs in was}


def _otherwise(now: datetime) -> Any:
    """SKUs that cost something else than their last change says, which is not long ago.

    They are few: the histories of the others need not be read.
    """
    later = aliased(PriceChange)
    is_last = ~(
        select(later.id)
        .where(
            later.sku_id == PriceChange.sku_id,
            later.at <= now,
            or_(later.at > PriceChange.at, and_(later.at == PriceChange.at, later.id > PriceChange.id)),
        )
        .exists()
    )
    return (
        select(PriceChange.sku_id)
        .join(Sku, Sku.id == PriceChange.sku_id)
        .where(
            PriceChange.at > now - LOOKED_BACK, PriceChange.at <= now, Sku.price_fen != PriceChange.price_fen, is_last
        )
    )


def reduced(session: Session, now: datetime) -> dict[int, Reduction]:
    """{product id: reduction} of goods planned to cost more next, by the SKU with the largest share off."""
    nth = func.row_number().over(partition_by=PriceChange.sku_id, order_by=(PriceChange.at, PriceChange.id))
    coming = (
        select(PriceChange.sku_id, PriceChange.at, PriceChange.price_fen, nth.label("nth"))
        .where(PriceChange.at > now)
        .subquery()
    )
    dearer_before = select(PriceChange.id).where(  # else it is no promotion, but goods that are to cost more
        PriceChange.sku_id == Sku.id, PriceChange.at <= now, PriceChange.price_fen > Sku.price_fen
    )
    query = (
        select(Sku.product_id, coming.c.at, Sku.price_fen, coming.c.price_fen)
        .join(Sku, Sku.id == coming.c.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(coming.c.nth == 1, coming.c.price_fen > Sku.price_fen, Product.on_sale == 1, dearer_before.exists())
    )
    found: dict[int, Reduction] = {}
    for product, *facts in session.execute(query):
        one, known = Reduction(*facts), found.get(product)
        if known is None or one.price_fen * known.usual_fen < known.price_fen * one.usual_fen:
            found[product] = one
    return found


def dearer_from(session: Session, product: Any, now: datetime) -> tuple[datetime, int, int] | None:
    """The moment from which any SKU of a product is planned to cost more, and the lowest and highest price then (fen).

    None where nothing is planned; a coming promotion is not told.
    """
    costs = {sku.id: sku.price_fen for sku in product.skus}
    query = select(PriceChange.sku_id, PriceChange.at, PriceChange.price_fen).where(
        PriceChange.sku_id.in_(list(costs)), PriceChange.at > now
    )
    coming = sorted((at, sku, price) for sku, at, price in session.execute(query))
    first = next((at for at, sku, price in coming if price > costs[sku]), None)
    if first is None or any(at < first for at, _, _ in coming):
        return None
    costs.update({sku: price for at, sku, price in coming if at == first})
    return first, min(costs.values()), max(costs.values())
