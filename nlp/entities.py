"""The values in a message: what, where and in plain JSON.

Each family of values has its own matcher module; here their finds are put
together, overlaps are settled, and spans are brought back to what the customer
wrote. The types are: order_no, tracking_no, case_no, phone, phone_tail,
ordinal, quantity, price_range, product, category, brand, color, size, courier,
region, address, person, date, reason, invoice_title, tax_no, email.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Iterator, Protocol

from nlp import identifiers
from nlp.matches import Match, settled
from nlp.text import CleanText, clean


@dataclass(frozen=True)
class Entity:
    """A value with the half-open span of its words in the original text."""

    type: str
    value: Any
    start: int
    end: int
    text: str


class NameFinder(Protocol):
    """Finds names of the catalogue in clean text."""

    def find(self, text: str) -> Iterator[Match]:
        """Products, brands, categories, colours and sizes."""


class EntityExtractor:
    """Finds every value in a message.

    Args:
        names: finder of the catalogue's names; None where there is no shop.
    """

    def __init__(self, names: NameFinder | None = None) -> None:
        self._names = names

    def extract(self, text: str, now: datetime | None = None) -> list[Entity]:
        """The values in the order of the text; never raises for any string.

        Args:
            text: as the customer wrote it.
            now: the message's time (aware); dates count from it. Default: the clock.
        """
        cleaned = clean(text)
        return [_shown(one, cleaned) for one in self.matches(cleaned.text, now)]

    def matches(self, text: str, now: datetime | None = None) -> list[Match]:
        """The values in clean text, with spans in it."""
        found: list[Match] = []
        for find in self._finders(now):
            found.extend(find(text))
        return settled(found)

    def _finders(self, now: datetime | None) -> list[Callable[[str], Iterator[Match]]]:
        finders: list[Callable[[str], Iterator[Match]]] = [identifiers.find]
        if self._names is not None:
            finders.append(self._names.find)
        return finders


def _shown(match: Match, cleaned: CleanText) -> Entity:
    start, end = cleaned.span(match.start, match.end)
    return Entity(match.type, match.value, start, end, cleaned.original[start:end])
