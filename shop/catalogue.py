"""Products: search in Chinese, details, and the catalogue's own words."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.catalogue_index import NEAR_BEST, Entry, Scored, TextIndex
from shop.catalogue_reader import Reading, read_catalogue
from shop.catalogue_views import price_spans, product_cards, product_detail
from shop.entities import CatalogueWords, ProductCard, ProductDetail
from shop.errors import BadValue, ProductNotFound
from shop.models import Product
from shop.planned_prices import Reduced, reduced
from shop.text_match import clean, fitting_colors

if TYPE_CHECKING:
    from shop.front import Shop

SORTS = ("relevance", "cheap", "dear", "popular")
_MANY = 400
"""From so many candidates on, one pass over all SKUs beats a list of ids."""


class Catalogue:
    """Reads products; safe to share between threads.

    Texts come from an index in memory, checked against the database every
    ``catalogue_check_s`` seconds; prices and units are always read live.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._index = TextIndex([])
        self._check_at = 0.0

    def search(
        self,
        words: str,
        *,
        category: str | None = None,
        brand: str | None = None,
        color: str | None = None,
        price_min_fen: int | None = None,
        price_max_fen: int | None = None,
        in_stock: bool = False,
        sort: str = "relevance",
        limit: int = 5,
    ) -> list[ProductCard]:
        """Products on sale that fit the words and all filters.

        Args:
            words: what the customer said of it; empty means everything.
            category: a category's code; categories below it count too.
            brand: a brand's code.
            color: a colour as people say it.
            sort: ``relevance``, ``cheap``, ``dear`` or ``popular``.

        Raises:
            BadValue: there is no such order of sorting.
        """
        if sort not in SORTS:
            raise BadValue(f"sort={sort!r}: give one of {', '.join(SORTS)}")
        with self._shop.database.read() as session:
            self._check(session)
            found = self._candidates(words, category, brand, color)
            live = color or in_stock or price_min_fen is not None or price_max_fen is not None
            if live or sort in {"cheap", "dear"}:
                found = _filter_live(session, found, color, price_min_fen, price_max_fen, in_stock, sort)
            if sort == "popular":
                found = sorted(found, key=lambda one: (-one.entry.popularity, one.entry.id))
            ids = [one.entry.id for one in found[: max(0, limit)]]
            cards = product_cards(session, ids)
        return [cards[one] for one in ids if one in cards]

    def product(self, code: str) -> ProductDetail:
        """Everything about a product, also when it is off sale (then no unit is free).

        Raises:
            ProductNotFound: no product has this code.
        """
        with self._shop.database.read() as session:
            query = select(Product).where(Product.code == clean(code, 40)).options(selectinload(Product.skus))
            product = session.execute(query).scalar_one_or_none()
            if product is None:
                raise ProductNotFound("no product has this code", code=code)
            return product_detail(session, product, self._shop.clock())

    def cards(self, codes: Iterable[str]) -> list[ProductCard]:
        """Cards of products in the order of their codes; unknown codes are left out."""
        wanted = list(dict.fromkeys(codes))
        with self._shop.database.read() as session:
            ids = dict(session.execute(select(Product.code, Product.id).where(Product.code.in_(wanted))).all())
            cards = product_cards(session, list(ids.values()))
        return [cards[ids[code]] for code in wanted if code in ids]

    def reduced(self, category: str | None = None, limit: int = 5) -> tuple[list[Reduced], int]:
        """Products on sale whose price is planned to go up again, the largest share off first, and how many there are.

        Args:
            category: a category's code; categories below it count too.
            limit: how many are given at most.
        """
        with self._shop.database.read() as session:
            self._check(session)
            prices = reduced(session, self._shop.clock())
            ids = [one.id for one in self._index.entries if one.id in prices and _fits(one, category, None, None)]
            first = sorted(ids, key=lambda one: (prices[one].price_fen / prices[one].usual_fen, one))[:limit]
            cards = product_cards(session, first)
        return [Reduced(cards[one], prices[one]) for one in first if one in cards], len(ids)

    def ids(self, codes: Iterable[str]) -> dict[str, int]:
        """{code: id} of those products that exist."""
        with self._shop.database.read() as session:
            return dict(session.execute(select(Product.code, Product.id).where(Product.code.in_(list(codes)))).all())

    def words(self) -> CatalogueWords:
        """Names of products, brands, categories, colours and sizes; compare ``version`` to see a change."""
        with self._shop.database.read() as session:
            return self._check(session).words

    def listed(self) -> tuple[str, Sequence[Entry]]:
        """All products on sale as the text index knows them, with a mark that differs when any of them does."""
        with self._shop.database.read() as session:
            reading = self._check(session)
            return reading.mark, self._index.entries

    def refresh(self) -> None:
        """Check the database at the next reading, whenever the last check was."""
        self._check_at = 0.0

    def _check(self, session: Session) -> Reading:
        """The reading in force, made anew when the database has another catalogue."""
        if self._reading is not None and time.monotonic() < self._check_at:
            return self._reading
        with self._lock:
            if self._reading is not None and time.monotonic() < self._check_at:
                return self._reading
            started = time.monotonic()
            reading = read_catalogue(session, self._reading)
            if reading is not self._reading:
                self._index = TextIndex(reading.entries())
                self._reading = reading
            # A large catalogue is checked less often, so that checking never takes over 1 % of the time.
            pause = self._shop.settings.catalogue_check_s
            spent = time.monotonic() - started
            self._check_at = time.monotonic() + (max(pause, 100 * spent) if pause > 0 else 0.0)
            return self._reading

    def _candidates(self, words: str, category: str | None, brand: str | None, color: str | None) -> list[Scored]:
        index = self._index
        words = clean(words, 200)
        found = index.search(words) if words else list(index.everything)
        filtered = bool(category or brand or color)
        if words and filtered:  # the filter says what is meant; the words only order it
            seen = {one.entry.id for one in found}
            found += [one for one in index.everything if one.entry.id not in seen]
        kept = [one for one in found if _fits(one.entry, category, brand, color)]
        if words and not filtered:
            best = kept[0].score if kept else 0.0
            kept = [one for one in kept if one.answers and one.score >= NEAR_BEST * best]
        return kept


def _fits(entry: Entry, category: str | None, brand: str | None, color: str | None) -> bool:
    return (
        (not category or category in entry.shelves)
        and (not brand or brand == entry.brand)
        and (not color or bool(fitting_colors(color, entry.colors)))
    )


def _filter_live(
    session: Session,
    found: list[Scored],
    color: str | None,
    low: int | None,
    high: int | None,
    in_stock: bool,
    sort: str,
) -> list[Scored]:
    """The candidates whose present prices and units fit, sorted by price if that is wanted."""
    ids: Collection[int] | None = [one.entry.id for one in found] if len(found) < _MANY else None
    colors = None
    if color:
        colors = {fit for one in found for fit in fitting_colors(color, one.entry.colors)}
    spans = price_spans(session, ids, colors, units=in_stock)
    kept = [
        one
        for one in found
        if (span := spans.get(one.entry.id))
        and (low is None or span[1] >= low)
        and (high is None or span[0] <= high)
        and (not in_stock or span[2] > 0)
    ]
    if sort == "cheap":
        kept.sort(key=lambda one: (spans[one.entry.id][0], one.entry.id))
    if sort == "dear":
        kept.sort(key=lambda one: (-spans[one.entry.id][1], one.entry.id))
    return kept
