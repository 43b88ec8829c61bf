"""Products as people see them: live prices, free units, ratings and pictures from the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Collection, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.entities import ProductCard, ProductDetail, SkuView
from shop.models import PriceChange, Product, Review, Sku, Stock

_FREE = func.coalesce(func.sum(Stock.on_hand - Stock.reserved), 0)


def product_cards(session: Session, ids: Collection[int]) -> dict[int, ProductCard]:
    """Cards of products by id: five queries, however many products."""
    if not ids:
        return {}
    options = (joinedload(Product.category), joinedload(Product.brand), selectinload(Product.pictures))
    products = session.execute(select(Product).where(Product.id.in_(ids)).options(*options)).scalars().all()
    spans, ratings = price_spans(session, ids), _ratings(session, ids)
    return {one.id: _card(one, spans.get(one.id, (0, 0, 0)), ratings.get(one.id, (None, 0))) for one in products}


def price_spans(
    session: Session, ids: Collection[int] | None, colors: Collection[str] | None = None
) -> dict[int, tuple[int, int, int]]:
    """{product id: (lowest price, highest price, free units)} over a product's SKUs.

    Args:
        ids: the products; None means all.
        colors: only SKUs of these colours; None means all.
    """
    free = _free_units(ids)
    wanted = select(Sku.product_id, Sku.price_fen, func.coalesce(free.c.free, 0).label("free")).outerjoin(
        free, free.c.sku_id == Sku.id
    )
    if ids is not None:
        wanted = wanted.where(Sku.product_id.in_(ids))
    if colors is not None:
        wanted = wanted.where(Sku.color.in_(colors))
    rows = wanted.subquery()
    grouped = select(
        rows.c.product_id, func.min(rows.c.price_fen), func.max(rows.c.price_fen), func.sum(rows.c.free)
    ).group_by(rows.c.product_id)
    return {product: (low, high, int(units)) for product, low, high, units in session.execute(grouped)}


def sku_views(session: Session, product: Any) -> tuple[SkuView, ...]:
    """The SKUs of a product with their free units; none are free when it is off sale."""
    free = free_units(session, [sku.id for sku in product.skus]) if product.on_sale else {}
    return tuple(
        SkuView(sku.id, sku.code, product.code, product.name, sku.color, sku.size, sku.price_fen, free.get(sku.id, 0))
        for sku in product.skus
    )


def free_units(session: Session, sku_ids: Iterable[int]) -> dict[int, int]:
    """{SKU id: units that nobody has reserved} over all warehouses."""
    query = select(Stock.sku_id, _FREE).where(Stock.sku_id.in_(list(sku_ids))).group_by(Stock.sku_id)
    return {sku: int(units) for sku, units in session.execute(query)}


def product_detail(session: Session, product: Any, now: datetime) -> ProductDetail:
    """Everything the shop says of a product."""
    return ProductDetail(
        card=product_cards(session, [product.id])[product.id],
        description=product.description,
        attributes={str(name): str(value) for name, value in (product.attributes or {}).items()},
        usage=product.usage,
        package=product.package,
        warranty_months=product.warranty_months,
        skus=sku_views(session, product),
        lowest_90_days_fen=_lowest_price(session, product, now - timedelta(days=90)),
    )


def _free_units(ids: Collection[int] | None) -> Any:
    query = select(Stock.sku_id, _FREE.label("free")).group_by(Stock.sku_id)
    if ids is not None:
        query = query.where(Stock.sku_id.in_(select(Sku.id).where(Sku.product_id.in_(ids))))
    return query.subquery()


def _ratings(session: Session, ids: Collection[int]) -> dict[int, tuple[float | None, int]]:
    query = (
        select(Review.product_id, func.avg(Review.stars), func.count())
        .where(Review.product_id.in_(ids))
        .group_by(Review.product_id)
    )
    return {product: (round(float(stars), 1), count) for product, stars, count in session.execute(query)}


def _card(product: Any, span: tuple[int, int, int], rating: tuple[float | None, int]) -> ProductCard:
    low, high, units = span
    return ProductCard(
        code=product.code,
        name=product.name,
        subtitle=product.subtitle,
        brand=product.brand.name,
        category=product.category.name,
        price_min_fen=low,
        price_max_fen=high,
        available=units if product.on_sale else 0,
        picture=product.pictures[0].path if product.pictures else None,
        rating=rating[0],
        reviews=rating[1],
    )


def _lowest_price(session: Session, product: Any, since: datetime) -> int | None:
    """The lowest price in force at any time since then; None where no change of price is known."""
    query = select(PriceChange.sku_id, PriceChange.at, PriceChange.price_fen).where(
        PriceChange.sku_id.in_([sku.id for sku in product.skus])
    )
    changes: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for sku, at, price in session.execute(query):
        changes[sku].append((at, price))
    if not changes:
        return None
    prices = [sku.price_fen for sku in product.skus]
    for known in changes.values():
        known.sort()
        prices += [price for at, price in known if at >= since]
        prices += [price for at, price in known if at < since][-1:]  # in force when the period began
    return min(prices)
