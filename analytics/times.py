"""The time that a question is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Sequence

from analytics.lexicon import Named, first_of, period_of, says, words
from analytics.numerals import number
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
    first = _lately(period_of(dates[0]), dates[0].text, text, today)
    until = says("range_day", text[dates[0].start + len(dates[0].text) :])
    last_day = _same_month(first.start, number(until.group(1))) if until and first.days == 1 else None
    if last_day is not None:
        return Period(first.start, last_day + timedelta(days=1), "day")
    if len(dates) > 1 and joined(text, dates):
        last = period_of(dates[1])
        if first != period_of(dates[0]):  # the begin is one that was: so is the end; else it may be yet to come
            last = _lately(last, dates[1].text, text, today)
        return Period(min(first.start, last.start), max(first.end, last.end), first.grain)
    if says("until_now", text):
        return Period(first.start, today + timedelta(days=1), "day")
    return first


def _lately(found: Period, said: str, text: str, today: date) -> Period:
    """A weekday, weekend or month that is yet to come is the last one that was, unless sales to come are asked for."""
    if found.start <= today or says("ahead", said) or says("stock.forecast", text):
        return found
    if not says("weekdays", said):
        return found.year_before(today)
    return replace(found, start=found.start - timedelta(days=7), end=found.end - timedelta(days=7))


def _same_month(first: date, last: int | None) -> date | None:
    """The day of that number in a day's month, not before it."""
    if last is None or last < first.day:
        return None
    try:
        return first.replace(day=last)
    except ValueError:
        return None


def _quarter(text: str, dates: Sequence[Named], today: date) -> Period | None:
    said_number = says("quarters.number", text)
    this = (today.month - 1) // 3
    year = period_of(dates[0]).start.year if dates and period_of(dates[0]).grain == "year" else today.year
    half = first_of("halves", text) if not dates else None
    if half is not None:
        return (
            Period(date(year, 1, 1), date(year, 7, 1), "month")
            if half == "first"
            else (Period(date(year, 7, 1), date(year + 1, 1, 1), "month"))
        )
    if said_number is not None:
        said = said_number.group(1) or said_number.group(2)
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
