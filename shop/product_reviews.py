"""What customers wrote about one product: how many stars, and the newest words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from shop.models import Product, Review
from shop.product_texts import ReviewText

if TYPE_CHECKING:
    from shop.front import Shop

GOOD_STARS = 4
NEWEST = 200


@dataclass(frozen=True)
class ProductReviews:
    """Reviews of a product.

    Attributes:
        stars: how many customers gave 1, 2, … 5 stars.
        texts: the newest ones that say something, newest first, at most 200.
    """

    stars: tuple[int, int, int, int, int]
    texts: tuple[ReviewText, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.stars)

    @property
    def rating(self) -> float:
        """Mean stars, 1 to 5; 0 without reviews."""
        return sum(stars * count for stars, count in enumerate(self.stars, 1)) / max(1, self.count)

    @property
    def good_share(self) -> float:
        """Part (0 to 1) that gave four or five stars."""
        return sum(self.stars[GOOD_STARS - 1 :]) / max(1, self.count)


def reviews_of(shop: Shop, code: str) -> ProductReviews:
    """The reviews of the product with this code; none for an unknown one."""
    of_it = Product.code == code
    stars = select(Review.stars, func.count()).join(Product, Product.id == Review.product_id).where(of_it)
    texts = (
        select(Review.product_id, Review.customer_id, Review.stars, Review.text)
        .join(Product, Product.id == Review.product_id)
        .where(of_it, Review.text != "")
        .order_by(Review.at.desc(), Review.id.desc())
        .limit(NEWEST)
    )
    with shop.database.read() as session:
        counts = dict(session.execute(stars.group_by(Review.stars)).all())
        newest = tuple(ReviewText(*row) for row in session.execute(texts))
    one, two, three, four, five = (int(counts.get(star, 0)) for star in range(1, 6))
    return ProductReviews((one, two, three, four, five), newest)
