"""Products as people see them: live prices, free units, ratings and pictures from the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Collection, Iterable

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from shop.entities import ProductCard, ProductDetail, SkuView
from shop.models import Brand, Category, Picture, PriceChange, Product, Review, Sku, Stock
from shop.planned_prices import dearer_from

_FREE = func.coalesce(func.sum(Stock.on_hand - Stock.reserved), 0)


def product_cards(session: Session, ids: Collection[int]) -> dict[int, ProductCard]:
    """Cards of products by id: two queries, however many products."""
    if not ids:
        return {}
    first = select(Picture.path).where(Picture.product_id == Product.id).order_by(Picture.position).limit(1)
    stars = select(func.avg(Review.stars)).where(Review.product_id == Product.id)
    reviews = select(func.count()).select_from(Review).where(Review.product_id == Product.id)
    query = (
        select(
            Product.id, Product.code, Product.name, Product.subtitle, Product.on_sale,
            Brand.name.label("brand"), Category.name.label("category"),
            first.correlate(Product).scalar_subquery().label("picture"),
            stars.correlate(Product).scalar_subquery().label("rating"),
            reviews.correlate(Product).scalar_subquery().label("reviews"),
        )
        .join(Brand, Brand.id == Product.brand_id)
        .join(Category, Category.id == Product.category_id)
        .where(Product.id.in_(ids))
    )  # fmt: skip
    spans = price_spans(session, ids)
    return {row.id: _card(row, spans.get(row.id, (0, 0, 0))) for row in session.execute(query)}


def price_spans(
    session: Session, ids: Collection[int] | None, colors: Collection[str] | None = None, *, units: bool = True
) -> dict[int, tuple[int, int, int]]:
    """{product id: (lowest price, highest price, free units)} over a product's SKUs.

    Args:
        ids: the products; None means all.
        colors: only SKUs of these colours; None means all.
        units: whether free units are counted; else they read 0.
    """
    query = select(Sku.product_id, func.min(Sku.price_fen), func.max(Sku.price_fen))
    if units:
        free = select(Stock.sku_id, _FREE.label("free")).group_by(Stock.sku_id)
        if ids is not None:
            free = free.where(Stock.sku_id.in_(select(Sku.id).where(Sku.product_id.in_(ids))))
        rows = free.subquery()
        query = query.add_columns(func.coalesce(func.sum(rows.c.free), 0)).outerjoin(rows, rows.c.sku_id == Sku.id)
    else:
        query = query.add_columns(literal(0))
    if ids is not None:
        query = query.where(Sku.product_id.in_(ids))
    if colors is not None:
        query = query.where(Sku.color.in_(colors))
    rows_of = session.execute(query.group_by(Sku.product_id))
    return {product: (low, high, int(free)) for product, low, high, free in rows_of}


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
        lowest_90_days_fen=_lowest_price(session, product, now),
        dearer_from=dearer_from(session, product, now),
    )


def _card(row: Any, span: tuple[int, int, int]) -> ProductCard:
    low, high, units = span
    return ProductCard(
        code=row.code,
        name=row.name,
        subtitle=row.subtitle,
        brand=row.brand,
        category=row.category,
        price_min_fen=low,
        price_max_fen=high,
        available=units if row.on_sale else 0,
        picture=row.picture,
        rating=None if row.rating is None else round(float(row.rating), 1),
        reviews=row.reviews,
    )


def _lowest_price(session: Session, product: Any, now: datetime) -> int | None:
    """The lowest price in force at any time of the last 90 days; None where no change of price is known."""
    since = now - timedelta(days=90)
    query = select(PriceChange.sku_id, PriceChange.at, PriceChange.price_fen).where(
        PriceChange.sku_id.in_([sku.id for sku in product.skus]), PriceChange.at <= now
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
