"""What customers praise in their reviews: aspects named where the stars are good."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Iterable

from ruamel.yaml import YAML

from shop.product_reviews import GOOD_STARS
from shop.product_texts import ReviewText
from shop.settings import ROOT

KEPT = 3


@cache
def aspects() -> dict[str, list[str]]:
    """Aspect → the words that people use for it, from data/lexicon/praise.yml."""
    return dict(YAML(typ="safe").load(ROOT / "data" / "lexicon" / "praise.yml"))


def praised(reviews: Iterable[ReviewText]) -> dict[int, list[tuple[str, int]]]:
    """{product id: [(aspect, customers who gave good stars and named it), …]}, most praised first.

    An aspect that is named as often with bad stars is no praise and left out.
    """
    good: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bad: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for review in reviews:
        counts = good if review.stars >= GOOD_STARS else bad
        for aspect, words in aspects().items():
            if any(word in review.text for word in words):
                counts[review.product_id][aspect] += 1
    return {
        product: kept
        for product, counts in good.items()
        if (kept := sorted(
            ((aspect, count) for aspect, count in counts.items() if count > 2 * bad[product][aspect]),
            key=lambda one: (-one[1], one[0]),
        )[:KEPT])
    }  # fmt: skip
