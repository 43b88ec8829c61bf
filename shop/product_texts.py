"""What stands about products and in their reviews: the words that other floors learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple

from sqlalchemy import select

from shop.models import Brand, Category, Product, Review

if TYPE_CHECKING:
    from shop.front import Shop


class ProductText(NamedTuple):
    """A product's words; ``tags`` count whole: category, brand, attribute values."""

    id: int
    code: str
    text: str
    tags: tuple[str, ...]


class ReviewText(NamedTuple):
    """One review; stars 1 to 5."""

    product_id: int
    customer_id: int | None
    stars: int
    text: str


def product_texts(shop: Shop, ids: Iterable[int] | None = None) -> list[ProductText]:
    """All products on sale in the order of their ids, or those of these ids."""
    query = (
        select(
            Product.id, Product.code, Product.name, Product.subtitle, Product.description, Product.attributes,
            Category.name, Brand.name,
        )
        .join(Category, Category.id == Product.category_id)
        .join(Brand, Brand.id == Product.brand_id)
        .where(Product.on_sale == 1)
        .order_by(Product.id)
    )  # fmt: skip
    if ids is not None:
        query = query.where(Product.id.in_(list(ids)))
    with shop.database.read() as session:
        rows = session.execute(query).all()
    return [
        ProductText(
            product,
            code,
            " ".join(part for part in (name, subtitle, description) if part),
            (category, brand, *(f"{key}:{value}" for key, value in (attributes or {}).items())),
        )
        for product, code, name, subtitle, description, attributes, category, brand in rows
    ]


def review_texts(shop: Shop) -> Iterator[ReviewText]:
    """All reviews that say something."""
    query = select(Review.product_id, Review.customer_id, Review.stars, Review.text).where(Review.text != "")
    with shop.database.read() as session:
        for row in session.execute(query.order_by(Review.id)):
            yield ReviewText(*row)
