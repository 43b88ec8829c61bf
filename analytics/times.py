"""The time that a question is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Sequence

from analytics.lexicon import Named, period_of, says, words
from analytics.query import Period


def dates_of(entities: Sequence[Named]) -> list[Named]:
    """The entities that are times."""
    return [one for one in entities if one.kind == "date"]


def joined(text: str, dates: Sequence[Named]) -> bool:
    """Whether two times are the ends of one."""
    between = text[dates[0].start + len(dates[0].text) : dates[1].start]
    return says("range", between) is not None


def period(text: str, entities: Sequence[Named], today: date) -> Period | None:
    """The time that a question is about; None is all time."""
    dates = [one for one in entities if one.kind == "date" and isinstance(one.value, dict)]
    quarter = _quarter(text, dates, today)
    if quarter is not None:
        return quarter
    if not dates:
        return None
    first = period_of(dates[0])
    if len(dates) > 1 and joined(text, dates):
        last = period_of(dates[1])
        return Period(min(first.start, last.start), max(first.end, last.end), first.grain)
    if says("until_now", text):
        return Period(first.start, today + timedelta(days=1), "day")
    return first


def _quarter(text: str, dates: Sequence[Named], today: date) -> Period | None:
    number = says("quarters.number", text)
    this = (today.month - 1) // 3
    year = period_of(dates[0]).start.year if dates and period_of(dates[0]).grain == "year" else today.year
    if number is not None:
        said = number.group(1) or number.group(2)
        at = (int(said) if said.isdigit() else int(words()["numerals"][said])) - 1
    elif says("quarters.last", text):
        at, year = (this - 1, today.year) if this else (3, today.year - 1)
    elif says("quarters.this", text):
        at, year = this, today.year
    else:
        return None
    start = date(year, at * 3 + 1, 1)
    end = date(year + at // 3, (at * 3 + 3) % 12 + 1, 1)
    return Period(start, end, "month")
