"""What figures are held against: last week, the month before, the same days of last year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Sequence

from analytics.lexicon import Named, period_of, says
from analytics.query import Compare, Period, Query


@dataclass(frozen=True)
class Against:
    """A date that is held against the one that is asked about; ``named`` is None when it is only said how."""

    named: Named
    compare: Compare | None

    def applied(self, query: Query, today: date) -> Query:
        """The query with its comparison: the same part of a period that runs, else the named days."""
        other = period_of(self.named)
        period = query.period or running(other.grain, today)
        if self.compare is not None:
            return query.but(period=period, other=None, compare=self.compare)
        if period.days == 1 and other.days > 1:
            other = _same_day(period, other)
        before = period.grain == other.grain and period.start == other.end
        return query.but(period=period, other=None if before else other, compare=Compare.PREVIOUS)


def _same_day(day: Period, other: Period) -> Period:
    """Of a week the same weekday, of a month the same day; another stretch of time stays whole."""
    if other.grain == "week" and other.days == 7:
        start = other.start + timedelta(days=day.start.weekday())
    elif other.grain == "month" and other.start.day == 1 and 28 <= other.days <= 31:
        start = other.start + timedelta(days=min(day.start.day, other.days) - 1)
    else:
        return other
    return Period(start, start + timedelta(days=1), "day")


def against(text: str, dates: Sequence[Named]) -> Against | None:
    """The last date of a text if its words hold others against it; None if they don't."""
    if not dates or any(not isinstance(one.value, dict) for one in dates):
        return None
    last = dates[-1]
    before, after = text[: last.start], text[last.start + len(last.text) :]
    held = says("against.before", before) or (says("against.with", before) and says("against.after", after))
    if not held:
        return None
    same = says("against.same", after) and period_of(last).grain == "year"
    if same or (says("against.year", last.text) and len(dates) == 1 and not after_is_day(after)):
        return Against(last, Compare.LAST_YEAR)
    return Against(last, Compare.PREVIOUS if says("against.earlier", last.text) else None)


def after_is_day(after: str) -> bool:
    """Whether a year goes on to name a day of it."""
    return says("against.day", after) is not None


def running(grain: str, today: date) -> Period:
    """The year, month, week or day that runs."""
    start = {
        "year": today.replace(month=1, day=1),
        "month": today.replace(day=1),
        "week": today - timedelta(days=today.weekday()),
    }.get(grain, today)
    if grain == "year":
        return Period(start, start.replace(year=start.year + 1), grain)
    if grain == "month":
        return Period(start, (start + timedelta(days=32)).replace(day=1), grain)
    return Period(start, start + timedelta(days=7 if grain == "week" else 1), grain)
