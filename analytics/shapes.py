"""What form an answer is asked for in: how many rows, in which order, held against what."""

from __future__ import annotations

import re
from datetime import date
from typing import Sequence

from analytics.lexicon import Named, first_of, period_of, says, words
from analytics.query import Compare, Group, Metric, Query
from analytics.times import dates_of, joined

TOP = 5
"""Rows of an answer that asks for the best without saying how many."""


def shaped(query: Query, text: str, bare: str, entities: Sequence[Named], today: date, own: bool) -> Query:
    """Top-n, order of rows, comparison."""
    if query.group is not None:
        count = _top(bare)
        ascending = bool(says("ascending", bare))
        one = re.search(words()["best"], bare)
        if count or one or ascending:
            query = query.but(top=count or query.top or TOP, ascending=ascending)
        if query.group is Group.PRODUCT and query.metric in (Metric.SPENT, Metric.SALES) and not own:
            by_money = says("metrics.sales", re.sub(words()["groups"]["product"], "", bare))
            query = query.but(metric=Metric.SALES if by_money else Metric.UNITS, top=query.top or TOP)
        if query.group is Group.PRODUCT and own and query.metric is Metric.SPENT and not says("money", bare):
            query = query.but(metric=Metric.UNITS)
    dates = dates_of(entities)
    apart = query.find is None and len(dates) > 1 and not joined(text, dates)
    if apart and says("versus", bare) and not says("until_now", text):
        return query.but(other=period_of(dates[1]), compare=Compare.PREVIOUS)
    name = first_of("compares", text) if query.find is None else None
    return query.but(compare=Compare(name)) if name and query.period is not None else query


def _top(bare: str) -> int | None:
    found = says("top", bare)
    if found is None:
        return None
    number = next((one for one in found.groups() if one and (one.isdigit() or one[0] in words()["numerals"])), None)
    if number is None:
        return None
    if number.isdigit():
        return max(1, min(int(number), 50))
    values = [int(words()["numerals"][char]) for char in number]
    return sum(values) if len(values) < 2 or values[0] == 10 else values[0] * 10 + (values[2] if len(values) > 2 else 0)
