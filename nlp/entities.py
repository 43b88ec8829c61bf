"""The values in a message: what, where and in plain JSON.

Each family of values has its own matcher module; here their finds are put
together, overlaps are settled, and spans are brought back to what the customer
wrote. The types are: order_no, tracking_no, case_no, phone, phone_tail,
ordinal, quantity, price_range, product, category, brand, color, size, courier,
region, address, person, date, reason, invoice_title, tax_no, email, coupon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Iterator

from nlp import addresses, choices, coupons, dates, identifiers, money, names, people
from nlp.gazetteer import Gazetteer
from nlp.looks import Looks
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


class EntityExtractor:
    """Finds every value in a message.

    Args:
        names: the catalogue's names; None where there is no shop.
    """

    def __init__(self, names: Gazetteer | None = None) -> None:
        self._names = names
        self._looks = Looks(names)

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
        found: list[Match] = list(dates.find(text, now))
        for find in _FINDERS:
            found.extend(find(text))
        if self._names is not None:
            found.extend(self._names.find(text))
        found.extend(self._looks.find(text))
        values = settled(found)
        called = any(one.type in ("phone", "phone_tail") for one in values)
        values = [one for one in values if one.type != "category" or not _is_own_phone(text, one, called)]
        names = [one for one in values if one.type in ("product", "brand", "category")]
        reasons = [one for one in settled(people.find_reasons(text)) if not any(one.overlaps(name) for name in names)]
        coupons_said = [one for one in values if one.type == "coupon"]
        reasons = [one for one in reasons if not any(0 <= one.start - c.end <= AFTER_COUPON for c in coupons_said)]
        return sorted([*values, *reasons], key=lambda match: match.start)


AFTER_COUPON = 3  # what does not work or has expired so soon after a coupon is the coupon and no goods
_PHONE_WORD = re.compile("手机|电话")
_PHONE_TAIL = re.compile("号|尾号|验证|短信|端|版|上|里|没|打不通|联系|关机|停机")


def _is_own_phone(text: str, one: Match, called: bool) -> bool:
    """Whether a word for a phone means the customer's own and no goods: beside a number, or its number, its screen."""
    if not _PHONE_WORD.fullmatch(text[one.start : one.end]):
        return False
    return called or _PHONE_TAIL.match(text, one.end) is not None


_FINDERS: tuple[Callable[[str], Iterator[Match]], ...] = (
    identifiers.find,
    choices.find,
    money.find,
    coupons.find,
    addresses.find,
    people.find_names,
    people.find_titles,
    people.find_couriers,
    names.find,
)


def _shown(match: Match, cleaned: CleanText) -> Entity:
    start, end = cleaned.span(match.start, match.end)
    return Entity(match.type, match.value, start, end, cleaned.original[start:end])
