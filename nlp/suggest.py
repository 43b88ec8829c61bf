"""What a customer may be about to write: products, shelves, own orders, common questions.

Found by prefix, pinyin or initials (``nlp.prefix_index``), ranked by how well the
letters fit, by popularity, and by what the customer bought before. Names stand in
memory and are read again when catalogue or FAQ changed; a customer's orders are
one query along an index.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Sequence

from nlp.prefix_index import Hit, PrefixIndex

if TYPE_CHECKING:
    from shop.catalogue_index import Entry
    from shop.entities import BoughtLine
    from shop.front import Shop

LONGEST = 40
"""Characters that are read of what was typed."""
POPULAR, BOUGHT, SHELF = 0.5, 0.4, 0.2
"""What popularity (at most), having bought it, and having bought of its shelf add to a fit of 0 to 1."""
SHELF_NAME, BRAND, ALIAS = 0.8, 0.7, 0.5
"""Worth of a fit of a product's shelf, its brand, and other words of its shelf, beside one of its name."""
PART = {"product": 3, "category": 2, "order": 3, "question": 3}
"""Most suggestions of a kind."""
_DIGITS = 4
"""An order's number is looked for from so many digits on."""


@dataclass(frozen=True)
class Suggestion:
    """One suggestion; ``value`` is a product's name, a category's name, an order's number or a question."""

    kind: str  # product, category, order, question
    title: str
    value: str
    score: float
    detail: str = ""
    code: str = ""  # of a product
    state: str = ""  # of an order


class Suggester:
    """Suggests over one shop; safe to share between threads."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._names: _Names | None = None

    def suggest(self, typed: str, customer_id: int | None = None, limit: int = 7) -> list[Suggestion]:
        """The best suggestions, at most ``PART`` of a kind.

        Args:
            typed: What stands in the field so far.
            customer_id: Whose orders count; None for a guest.
            limit: How many at most.

        Raises:
            DatabaseDown: the database does not answer.
        """
        typed = typed.strip()
        if not typed or len(typed) > LONGEST:
            return []
        names = self._current()
        bought = self._shop.orders.bought(customer_id) if customer_id is not None else []
        found = [*names.products(typed, bought), *names.categories(typed, bought), *names.questions(typed)]
        found += _orders(typed, bought)
        kept: list[Suggestion] = []
        left = dict(PART)
        for one in sorted(found, key=lambda one: (-one.score, one.kind, one.title)):
            if left[one.kind] > 0:
                left[one.kind] -= 1
                kept.append(one)
        return kept[:limit]

    def _current(self) -> _Names:
        mark, entries = self._shop.catalogue.listed()
        questions = self._shop.faq.all()
        names = self._names
        if names is not None and names.mark == mark and names.faq == questions:
            return names
        with self._lock:
            names = self._names
            if names is None or names.mark != mark or names.faq != questions:
                names = self._names = _Names(mark, entries, questions)
        return names


class _Names:
    """The indexes over one reading of catalogue and FAQ."""

    def __init__(self, mark: str, entries: Sequence, questions: list) -> None:
        self.mark = mark
        self.faq = questions
        self._entries = sorted(entries, key=lambda one: (-one.popularity, one.id))
        self._top = math.log1p(max((one.popularity for one in entries), default=0)) or 1.0
        self._product_index = PrefixIndex([(one.name, *one.brand_words, *one.category_words) for one in self._entries])
        shelves: dict[str, list[float]] = defaultdict(list)
        words: dict[str, tuple[str, ...]] = {}
        for one in self._entries:
            shelves[one.category].append(one.popularity)
            words[one.category] = one.category_words[:1]  # its own name; then come aliases and the shelves above
        self._shelves = sorted(shelves, key=lambda code: -sum(shelves[code]))
        self._shelf_words = words
        self._shelf_index = PrefixIndex([words[code] for code in self._shelves])
        self._most = len(self._shelves)
        self._questions = sorted(questions, key=lambda one: not one.default)
        self._question_index = PrefixIndex([one.questions for one in self._questions])

    def products(self, typed: str, bought: Iterable[BoughtLine]) -> list[Suggestion]:
        codes = {one.product_code for one in bought}
        shelves = {one.category for one in bought}
        found = []
        for at, hit in self._product_index.find(typed).items():
            one = self._entries[at]
            score = hit.quality * _worth(one, hit.text)
            score += POPULAR * math.log1p(one.popularity) / self._top
            score += BOUGHT if one.code in codes else SHELF if one.category in shelves else 0.0
            found.append(Suggestion("product", one.name, one.name, score, one.subtitle, code=one.code))
        return found

    def categories(self, typed: str, bought: Iterable[BoughtLine]) -> list[Suggestion]:
        theirs = {one.category for one in bought}
        found = []
        for at, hit in self._shelf_index.find(typed).items():
            code = self._shelves[at]
            score = hit.quality + POPULAR * (1 - at / self._most) + (SHELF if code in theirs else 0.0)
            found.append(Suggestion("category", hit.text, hit.text, score + 0.3))  # a shelf answers a short word best
        return found

    def questions(self, typed: str) -> list[Suggestion]:
        hits: Iterable[Hit] = self._question_index.find(typed).values()
        return [
            Suggestion(
                "question",
                hit.text,
                hit.text,
                hit.quality + POPULAR * (1.0 if self._questions[hit.item].default else 0.5),
            )
            for hit in hits
        ]


def _worth(entry: Entry, text: str) -> float:
    """What it is worth that a product was found by one of its texts."""
    if text == entry.name:
        return 1.0
    if text == entry.category_words[0]:
        return SHELF_NAME
    return BRAND if text in entry.brand_words else ALIAS


def _orders(typed: str, bought: Sequence[BoughtLine]) -> list[Suggestion]:
    """Own orders whose number or goods may be meant, the latest first."""
    hits = PrefixIndex([(one.name,) for one in bought]).find(typed)
    number = "".join(typed.split())
    by_number = number.isdigit() and len(number) >= _DIGITS
    found: dict[str, Suggestion] = {}
    for at, one in enumerate(bought):
        fit = max(hits[at].quality if at in hits else 0.0, 1.0 if by_number and number in one.number else 0.0)
        if fit and one.number not in found:
            score = fit + POPULAR * (1 - at / len(bought)) + SHELF
            found[one.number] = Suggestion(
                "order",
                one.name,
                one.number,
                score,
                f"{one.spec} {one.number}".strip(),
                one.product_code,
                one.state.value,
            )
    return list(found.values())
