"""What form an answer is asked for in: how many rows, which of them, in which order, held against what."""

from __future__ import annotations

import re
from datetime import date
from typing import Sequence

from analytics.lexicon import Named, first_of, period_of, says, words
from analytics.numerals import number
from analytics.query import MONEY, Compare, Group, Metric, Query
from analytics.times import dates_of, joined

TOP = 5
"""Rows of an answer that asks for the best without saying how many."""
MOST_ROWS = 50


def shaped(query: Query, text: str, bare: str, entities: Sequence[Named], today: date, own: bool) -> Query:
    """Top-n, order of rows, bounds, shares, means, comparison."""
    query = _parted(_bounded(query, bare, own), bare)
    if query.group is not None:
        query = _ranked(query, bare, own)
    dates = dates_of(entities)
    apart = query.find is None and len(dates) > 1 and not joined(text, dates)
    if apart and says("versus", bare) and not says("until_now", text):
        return query.but(other=period_of(dates[1]), compare=Compare.PREVIOUS)
    name = first_of("compares", text) if query.find is None else None
    return query.but(compare=Compare(name)) if name and query.period is not None else query


def _ranked(query: Query, bare: str, own: bool) -> Query:
    """How many rows, from which end, or the one of a place."""
    count, place = _number("top", bare), _number("rank", bare)
    ascending = bool(says("ascending", bare))
    if place:
        query = query.but(rank=place, top=place, ascending=ascending or (query.rank is not None and query.ascending))
    elif count or re.search(words()["best"], bare) or ascending:
        query = query.but(top=count or query.top or TOP, ascending=ascending, rank=None)
    asked = count or place or ascending or re.search(words()["best"], bare) or says("groups.product", bare)
    if query.group is Group.PRODUCT and query.metric in (Metric.SPENT, Metric.SALES) and not own and asked:
        by_money = says("metrics.sales", re.sub(words()["groups"]["product"], "", bare))
        bounded = query.least is not None or query.most is not None
        query = query.but(
            metric=Metric.SALES if by_money else Metric.UNITS, top=query.top or (None if bounded else TOP)
        )
    if query.group is Group.PRODUCT and own and query.metric is Metric.SPENT and not says("money", bare):
        query = query.but(metric=Metric.UNITS)
    return query


def _bounded(query: Query, bare: str, own: bool) -> Query:
    """What rows have to be worth: "sold a hundred and more"; rows of goods where no others are asked for."""
    least, most = _bound("least", bare), _bound("most", bare)
    if own or query.find is not None or (least is None and most is None):
        return query
    unit = first_of("bound_units", bare)
    stock = says("stock.on_hand", bare)
    if unit and not says("metrics.refund_rate", bare) and not says("metrics.cases", bare):
        query = query.but(metric=Metric(unit))
    scale = 100 if query.metric in MONEY and not stock else 1
    query = query.but(
        least=None if least is None else least * scale,
        most=None if most is None else most * scale,
        strict=not (says("bounds.at_least", bare) or says("bounds.at_most", bare)),
        rank=None,
        top=None,
        ascending=False,
    )
    return query if query.group or stock else query.but(group=Group.PRODUCT)


def _bound(name: str, bare: str) -> int | None:
    found = says(f"bounds.{name}", bare)
    said = next((one for one in found.groups() if one), None) if found else None
    return number(said) if said else None


def _parted(query: Query, bare: str) -> Query:
    """Shares of the whole, and means of a day, week or month."""
    if query.find is not None:
        return query
    if says("share", bare):
        query = query.but(share=True)
    unit = first_of("per", bare)
    return query.but(per=Group(unit), group=None if query.group is Group(unit) else query.group) if unit else query


def _number(name: str, bare: str) -> int | None:
    found = says(name, bare)
    numerals = words()["numerals"]
    said = (
        next((one for one in found.groups() if one and (one.isdigit() or one[0] in numerals)), None) if found else None
    )
    value = number(said) if said else None
    return max(1, min(value, MOST_ROWS)) if value else None
