"""What is on sale now, in columns: the filters of a recommendation."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Collection

import numpy as np

from shop.ages import OLDEST, Span
from shop.event_reader import ShelfItem, read_codes, read_shelf
from shop.front import Shop
from shop.text_match import fitting_colors

DAY_S = 86400.0


@dataclass(frozen=True)
class Wishes:
    """What a recommendation must fit; None and empty mean anything goes."""

    shelf: int | None = None  # a category's id; those below it count too
    brand: int | None = None
    price_min_fen: int | None = None
    price_max_fen: int | None = None
    in_stock: bool = True
    ids: frozenset[int] | None = None  # only these products (what a search found)
    without: frozenset[int] = field(default_factory=frozenset)  # not these
    without_shelf: int | None = None
    without_brands: frozenset[int] = field(default_factory=frozenset)
    color: str | None = None
    without_colors: frozenset[str] = field(default_factory=frozenset)
    ages: Span | None = None  # years: for somebody of this age, or between these
    without_words: tuple[str, ...] = ()  # in the name: what is not for children


class Shelf:
    """One reading of the products on sale; arrays of one length, in the order of ids."""

    def __init__(
        self, items: list[ShelfItem], categories: dict[str, int] | None = None, brands: dict[str, int] | None = None
    ) -> None:
        self.items = items
        self.categories, self.brands = categories or {}, brands or {}  # code → id
        self.ids = np.array([one.id for one in items], np.int64)
        self.low = np.array([one.price_min_fen for one in items], np.int64)
        self.high = np.array([one.price_max_fen for one in items], np.int64)
        self.units = np.array([one.available for one in items], np.int64)
        self.brand = np.array([one.brand for one in items], np.int64)
        self.leaf = np.array([one.shelves[0] if one.shelves else 0 for one in items], np.int64)
        self.opened = np.array([one.opened_at for one in items], float)
        self.from_age = np.array([one.ages[0] if one.ages else 0.0 for one in items])
        self.to_age = np.array([one.ages[1] if one.ages else OLDEST for one in items])
        self.praise = _trust(items)
        self._above: dict[int, np.ndarray] = {}
        for shelf in {shelf for one in items for shelf in one.shelves}:
            self._above[shelf] = np.array([shelf in one.shelves for one in items], bool)

    def __len__(self) -> int:
        return len(self.items)

    def fitting(self, wishes: Wishes) -> np.ndarray:
        """A mask of the products that fit all wishes."""
        kept = self.high > 0
        if wishes.in_stock:
            kept &= self.units > 0
        if wishes.shelf is not None:
            kept &= self._above.get(wishes.shelf, np.zeros(len(self), bool))
        if wishes.brand is not None:
            kept &= self.brand == wishes.brand
        if wishes.price_min_fen is not None:
            kept &= self.high >= wishes.price_min_fen
        if wishes.price_max_fen is not None:
            kept &= self.low <= wishes.price_max_fen
        if wishes.ages is not None:
            kept &= (self.from_age <= wishes.ages[0]) & (self.to_age >= wishes.ages[1])
        if wishes.ids is not None:
            kept &= self.among(wishes.ids)
        if wishes.without:
            kept &= ~self.among(wishes.without)
        if wishes.without_shelf is not None and wishes.without_shelf in self._above:
            kept &= ~self._above[wishes.without_shelf]
        if wishes.without_brands:
            kept &= ~np.isin(self.brand, list(wishes.without_brands))
        return kept & self._by_reading(kept, wishes)

    def _by_reading(self, kept: np.ndarray, wishes: Wishes) -> np.ndarray:
        """A mask for wishes that must read each product's colours or name; only the kept ones are read."""
        if not (wishes.color or wishes.without_colors or wishes.without_words):
            return kept
        fits = kept.copy()
        for at in np.flatnonzero(kept):
            fits[at] = _reads_well(self.items[at], wishes)
        return fits

    @cached_property
    def id_of(self) -> dict[str, int]:
        """Product code → id."""
        return {one.code: one.id for one in self.items}

    def place(self, code: str) -> int | None:
        """The position of a product, None when it is not on sale."""
        product = self.id_of.get(code)
        return None if product is None else int(self.positions(np.array([product]))[0])

    def named(self, words: str) -> frozenset[int]:
        """Ids of the products whose name holds these words."""
        return frozenset(one.id for one in self.items if words in one.name)

    def among(self, ids: Collection[int]) -> np.ndarray:
        """A mask of the products with these ids."""
        found = np.zeros(len(self), bool)
        found[self.positions(np.fromiter(ids, np.int64, len(ids)))] = True
        return found

    def positions(self, ids: np.ndarray) -> np.ndarray:
        """Positions of those of the ids that are on sale."""
        if not len(self) or not len(ids):
            return np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return np.asarray(at[self.ids[at] == ids])


def _reads_well(item: ShelfItem, wishes: Wishes) -> bool:
    if any(word in item.name for word in wishes.without_words):
        return False
    named = wishes.color is not None and len(wishes.color) > 1 and wishes.color in item.name  # a transparent case
    if wishes.color and not named and not fitting_colors(wishes.color, item.colors):
        return False
    unwanted = {one for color in wishes.without_colors for one in fitting_colors(color, item.colors)}
    return not item.colors or bool(item.colors - unwanted)


def _trust(items: list[ShelfItem], prior_stars: float = 4.2, prior_reviews: float = 8.0) -> np.ndarray:
    """Mean stars drawn towards what is usual while reviews are few (a Bayesian mean), from −1 (bad) to 1."""
    stars = np.array([one.stars for one in items])
    counts = np.array([one.reviews for one in items], float)
    mean = (stars * counts + prior_stars * prior_reviews) / (counts + prior_reviews)
    return np.clip((mean - prior_stars) / 0.8, -1, 1)


class ShelfKeeper:
    """The shelf of the last few seconds; a stale one is read anew by one thread while the others use the old."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None
        self._until = 0.0

    def shelf(self) -> Shelf:
        """The reading in force."""
        if self._shelf is None or time.monotonic() >= self._until:
            if self._shelf is None:
                with self._lock:
                    return self._shelf or self._read()
            if self._lock.acquire(blocking=False):
                try:
                    self._read()
                finally:
                    self._lock.release()
        assert self._shelf is not None
        return self._shelf

    def forget(self) -> None:
        """Read anew at the next use."""
        self._until = 0.0

    def _read(self) -> Shelf:
        begin = time.monotonic()
        self._shelf = Shelf(read_shelf(self._shop), *read_codes(self._shop))
        spent = time.monotonic() - begin
        # A large shelf is read less often, so that reading never takes over 2 % of the time.
        self._until = time.monotonic() + max(self._shop.settings.recommend_shelf_s, 50 * spent)
        return self._shelf
