"""From a Chinese question and its entities to a query; the words stand in data/lexicon/questions.yml.

What a customer wrote decides only which fixed words of ours are chosen: no part
of it goes into a query but codes of the catalogue and names of places that the
NLU found in our own lists.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Sequence

from analytics.comparisons import against, running
from analytics.lexicon import Named, first_of, mended, pattern, period_of, says, words
from analytics.query import SHANGHAI, Compare, Filters, Find, Group, Metric, Period, Query

__all__ = ["Named", "is_follow_up", "mended", "period", "period_of", "read", "refine", "says", "words"]

TOP = 5
"""Rows of an answer that asks for the best without saying how many."""
KEPT = frozenset({"ordinal", "quantity"})
"""Entities whose words belong to the question: "the best 10"."""


def read(text: str, entities: Sequence[Named], now: datetime, *, own: bool) -> Query:
    """The query that a question means.

    Args:
        text: the question.
        entities: what the NLU found in it.
        now: the moment of the question (aware).
        own: about the asker's own orders (else about the shop).
    """
    today = now.astimezone(SHANGHAI).date()
    bare = _without(text, entities)
    name = first_of("finds", text) if own else None
    metric = first_of("metrics", bare)
    group = _group(bare)
    if name in ("last", "first") and _counts(bare):
        name = None
    if group is not None and name in ("dearest", "cheapest", "bought"):
        name = None
    held = None if name else against(text, _dates(entities))
    asked = [one for one in entities if held is None or one != held.named]
    query = Query(
        metric=None if name else _metric(metric, own) if metric else Metric.SPENT if own else Metric.SALES,
        find=Find(name) if name else None,
        filters=_filters(text, entities, own),
        period=period(text, asked, today),
        group=None if name else group,
    )
    shaped = _shaped(query, text, bare, asked, today, own)
    return shaped if held is None else held.applied(shaped, today)


def refine(before: Query, text: str, entities: Sequence[Named], now: datetime, *, own: bool) -> Query | None:
    """The query of before with what a short follow-up changes; None when it is no follow-up."""
    today = now.astimezone(SHANGHAI).date()
    bare = _without(text, entities)
    if not is_follow_up(text, entities):
        return None
    query = before
    metric, name = first_of("metrics", bare), first_of("finds", bare) if own else None
    if metric:
        query = query.but(metric=_metric(metric, own), find=None)
    if name:
        query = query.but(find=Find(name), metric=None, group=None)
    new = _filters(text, entities, own)
    if new != Filters():
        query = query.but(filters=_merged(query.filters, new))
        if (new.cities and query.group is Group.CITY) or (new.channel and query.group is Group.CHANNEL):
            query = query.but(group=None, top=None, ascending=False)
    elif says("everything", text):
        query = query.but(filters=Filters())
    held = against(text, _dates(entities)) if query.find is None else None
    asked = [one for one in entities if held is None or one != held.named]
    when = period(text, asked, today)
    moved = held is None and says("same_time", text) is not None
    if moved:
        when = (before.period or running("year", today)).year_before(today)
    if when is not None:
        query = query.but(period=when, other=None)
    group = _group(bare)
    if group is not None:
        metric_of_find = query.metric or (Metric.SPENT if own else Metric.SALES)
        query = query.but(group=group, find=None, metric=metric_of_find, top=None, ascending=False)
    shaped = _shaped(query, text, bare, asked, today, own)
    if held is not None:
        shaped = held.applied(shaped, today)
    if moved:  # that time itself, not held against it
        shaped = shaped.but(compare=None)
    named = metric or group or when or new != Filters()
    return None if shaped == before and not named else shaped


def _metric(name: str, own: bool) -> Metric:
    """The metric of that name; what people spend is what a shop sells."""
    return Metric.SALES if name == "spent" and not own else Metric(name)


def _dates(entities: Sequence[Named]) -> list[Named]:
    return [one for one in entities if one.kind == "date"]


def is_follow_up(text: str, entities: Sequence[Named]) -> bool:
    """Whether a text is short and says nothing but what a question is refined by."""
    if len(text) > 24:
        return False
    rest = _without(text, entities)
    if not _dates(entities) and not says("cue", text) and _group(rest) is None:
        return False
    if _whole(text, rest, entities):
        return False
    known = [
        one
        for table in ("groups", "compares", "metrics", "channels", "finds", "quarters")
        for one in words()[table].values()
    ]
    known += [words()[name] for name in ("top", "everything", "until_now", "ascending", "most")]
    changed = bool(entities) or any(pattern(one).search(rest) for one in known)
    for one in known:
        rest = pattern(one).sub("", rest)
    return changed and _only_filler(rest)


def _whole(text: str, rest: str, entities: Sequence[Named]) -> bool:
    """Whether a text is a question of its own: it says when and what, or two times, or two shelves."""
    if several(entities):
        return True
    dates, cue = _dates(entities), says("cue", text)
    if len(dates) > 1 and (cue is None or cue.start() > 0):
        return True
    return bool(dates) and cue is None and bool(first_of("metrics", rest) or _group(rest))


def several(entities: Sequence[Named]) -> bool:
    """Whether more than one category, or brand, is named."""
    return any(len({str(one.value) for one in entities if one.kind == kind}) > 1 for kind in ("category", "brand"))


def _only_filler(text: str) -> bool:
    left = "".join(char for char in text if char.isalnum())
    fillers = sorted(map(re.escape, words()["fillers"]), key=len, reverse=True)
    return pattern(f"(?:{'|'.join(fillers)})*").fullmatch(left) is not None


def _without(text: str, entities: Sequence[Named]) -> str:
    """The words between the names and dates, which would else be taken for words of the question."""
    for one in sorted((one for one in entities if one.kind not in KEPT), key=lambda one: -one.start):
        if text[one.start : one.start + len(one.text)] == one.text:
            text = f"{text[: one.start]} {text[one.start + len(one.text) :]}"
    return text


def _counts(bare: str) -> bool:
    return bool(says("metrics.orders", bare) and not re.search(words()["finds"]["last"], bare))


def _group(bare: str) -> Group | None:
    name = first_of("groups", bare)
    return Group(name) if name else None


def _shaped(query: Query, text: str, bare: str, entities: Sequence[Named], today: date, own: bool) -> Query:
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
    dates = [one for one in entities if one.kind == "date"]
    apart = query.find is None and len(dates) > 1 and not _joined(text, dates)
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


def _filters(text: str, entities: Sequence[Named], own: bool) -> Filters:
    first = {
        kind: next((one.value for one in entities if one.kind == kind), None)
        for kind in ("category", "brand", "product")
    }
    cities = tuple(dict.fromkeys(
        str(one.value["city"]) for one in entities
        if one.kind == "region" and isinstance(one.value, dict) and one.value.get("city")
    ))  # fmt: skip
    given = {kind: str(value) for kind, value in first.items() if isinstance(value, str)}
    if "product" in given:
        given = {"product": given["product"]}
    channel = None if own or not says("channel", text) else first_of("channels", text)
    return Filters(cities=cities, channel=channel, **given)


def _merged(old: Filters, new: Filters) -> Filters:
    """New values over old ones; a product is enough by itself, and another category drops the product."""
    changes = {name: value for name, value in vars(new).items() if value}
    if new.category or new.brand:
        changes.setdefault("product", None)
    if new.product:
        changes.update(category=None, brand=None)
    return replace(old, **changes)


def _joined(text: str, dates: Sequence[Named]) -> bool:
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
    if len(dates) > 1 and _joined(text, dates):
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
