"""Festivals and shopping days of China, from ``data/lexicon/festivals.yml``."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Iterator

from nlp import lexicon

AHEAD = 90  # a festival without a year is the coming one when it is so many days off at most


def _all() -> Iterator[dict[str, Any]]:
    content = lexicon.document("festivals")
    for kind in ("fixed", "lunar", "nth_sunday"):
        yield from content[kind]


FESTIVALS: dict[str, dict[str, Any]] = {name: one for one in _all() for name in one["names"]}
FESTIVAL_NAMES = "|".join(re.escape(name) for name in sorted(FESTIVALS, key=len, reverse=True))


def _first_day(entry: dict[str, Any], year: int) -> date | None:
    if "first" in entry:
        month, day = map(int, entry["first"].split("-"))
        return date(year, month, day)
    if "nth" in entry:
        first = date(year, entry["month"], 1)
        return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (entry["nth"] - 1))
    return next((day for day in entry["dates"] if day.year == year), None)


def festival(name: str, year: int | None, today: date) -> tuple[date, date] | None:
    """First day and the day after the last; None for a year that the table does not have.

    Args:
        name: as in the table.
        year: None chooses the running or coming one when it is near, else the last one.
        today: the day of the message.
    """
    entry = FESTIVALS[name]
    days = timedelta(days=entry.get("days", 1))
    if year is not None:
        first = _first_day(entry, year)
        return (first, first + days) if first else None
    firsts = [one for one in (_first_day(entry, today.year + step) for step in (-1, 0, 1)) if one]
    near = [one for one in firsts if one + days > today and (one - today).days <= AHEAD]
    past = [one for one in firsts if one + days <= today]
    first = near[0] if near else past[-1] if past else None
    return (first, first + days) if first else None
