"""Reviews: stars from quality and luck, words that say the same, sentiment to match."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.content import words_of
from shop.demo.orders import Ledger
from shop.demo.world import DAY, HOUR, NEVER, World, moment
from shop.demo.writer import Row


@dataclass(frozen=True)
class Rated:
    """A rating of a line: kept to make a behaviour event of it."""

    line: int
    stars: int
    at: int


def make_reviews(world: World, goods: Goods, ledger: Ledger) -> tuple[list[Row], list[Rated]]:
    """Rows of reviews, and the ratings in them."""
    rng = world.rng("reviews")
    quality = rng.normal(0, 0.55, len(goods.products))
    delivered = ledger.delivered[ledger.line_order]
    when = delivered + (rng.exponential(3.0, len(delivered)) * DAY).astype(int) + HOUR
    written = (delivered < NEVER) & (rng.random(len(delivered)) < 0.34) & (when <= world.now)
    slow = (delivered - ledger.paid[ledger.line_order]) > 5 * DAY
    mood = 4.3 + quality[ledger.line_product] - 0.8 * slow + rng.normal(0, 1.1, len(delivered))
    stars = np.clip(np.round(mood), 1, 5).astype(int)
    shelf = _Words(world, goods)
    rows: list[Row] = []
    rated: list[Rated] = []
    for line in np.flatnonzero(written):
        text = shelf.say(int(ledger.line_product[line]), int(stars[line]), bool(slow[line]), rng)
        if text is None:
            continue
        rated.append(Rated(int(line), int(stars[line]), int(when[line])))
        rows.append(
            {
                "id": len(rows) + 1, "product_id": int(ledger.line_product[line]) + 1,
                "customer_id": int(ledger.customer[ledger.line_order[line]]) + 1, "order_line_id": int(line) + 1,
                "stars": int(stars[line]), "text": text, "sentiment": sentiment(int(stars[line])),
                "at": moment(when[line]),
            }
        )  # fmt: skip
    return rows, rated


def sentiment(stars: int) -> str:
    """Neg up to two stars, neu at three, pos above."""
    return "neg" if stars <= 2 else "neu" if stars == 3 else "pos"


class _Words:
    """Texts that fit a product and a number of stars."""

    def __init__(self, world: World, goods: Goods) -> None:
        parents = {one["id"]: one["parent_id"] for one in goods.categories}
        codes = {one["id"]: one["code"] for one in goods.categories}
        self._own: dict[tuple[int, int], list[str]] = defaultdict(list)
        self._any: dict[tuple[int, bool], list[str]] = defaultdict(list)
        for row in world.content.reviews:
            if row["category_code"] == "*":
                self._any[int(row["stars"]), row["aspect"] == "shipping"].append(row["text"])
                continue
            shelves, names = set(words_of(row["category_code"])), words_of(row["name_has"], "|")
            for at, product in enumerate(goods.products):
                leaf = product["category_id"]
                if {codes[leaf], codes.get(parents[leaf] or 0)} & shelves and (
                    not names or any(name in product["name"] for name in names)
                ):
                    self._own[at, int(row["stars"])].append(row["text"])

    def say(self, product: int, stars: int, slow: bool, rng: np.random.Generator) -> str | None:
        """One sentence about the product, one about the delivery, or both, all of these stars."""
        own, general = self._own[product, stars], self._any[stars, False]
        delivery = self._any[stars, True] if slow or stars != 1 else []
        parts = []
        first = own if own and rng.random() < 0.8 else general
        if first:
            parts.append(first[rng.integers(len(first))])
        if delivery and (not parts or rng.random() < 0.25):
            parts.append(delivery[rng.integers(len(delivery))])
        return "，".join(parts) or None
