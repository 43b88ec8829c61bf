"""From a Chinese question and its entities to a query; the words stand in data/lexicon/questions.yml.

What a customer wrote decides only which fixed words of ours are chosen: no part
of it goes into a query but codes of the catalogue and names of places that the
NLU found in our own lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Sequence

from ruamel.yaml import YAML

from analytics.query import SHANGHAI, Compare, Filters, Find, Group, Metric, Period, Query
from shop.settings import ROOT

TOP = 5
"""Rows of an answer that asks for the best without saying how many."""


@dataclass(frozen=True)
class Named:
    """An entity of the NLU with the words that it was read from."""

    kind: str
    value: Any
    text: str
    start: int = 0


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The lexicon of questions."""
    path = ROOT / "data" / "lexicon" / "questions.yml"
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=256)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


def says(name: str, text: str) -> re.Match[str] | None:
    """Whether the text has words of a list: ``why``, ``stock.low``, ``groups.day``."""
    source: Any = words()
    for part in name.split("."):
        source = source[part]
    return _pattern(str(source)).search(text)


def _first(table: str, text: str) -> str | None:
    return next((name for name, source in words()[table].items() if _pattern(source).search(text)), None)


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
    name = _first("finds", text) if own else None
    metric = _first("metrics", bare)
    group = _group(bare)
    if name in ("last", "first") and _counts(bare):
        name = None
    if group is not None and name in ("dearest", "cheapest", "bought"):
        name = None
    query = Query(
        metric=None if name else Metric(metric) if metric else Metric.SPENT if own else Metric.SALES,
        find=Find(name) if name else None,
        filters=_filters(text, entities, own),
        period=period(text, entities, today),
        group=None if name else group,
    )
    return _shaped(query, text, bare, entities, today, own)


def refine(before: Query, text: str, entities: Sequence[Named], now: datetime, *, own: bool) -> Query | None:
    """The query of before with what a short follow-up changes; None when it is no follow-up."""
    today = now.astimezone(SHANGHAI).date()
    bare = _without(text, entities)
    if not is_follow_up(text, entities):
        return None
    query = before
    metric, name = _first("metrics", bare), _first("finds", bare) if own else None
    if metric:
        query = query.but(metric=Metric(metric), find=None)
    if name:
        query = query.but(find=Find(name), metric=None, group=None)
    new = _filters(text, entities, own)
    if new != Filters():
        query = query.but(filters=_merged(query.filters, new))
    elif says("everything", text):
        query = query.but(filters=Filters())
    when = period(text, entities, today)
    if when is not None:
        query = query.but(period=when, other=None)
    group = _group(bare)
    if group is not None:
        metric_of_find = query.metric or (Metric.SPENT if own else Metric.SALES)
        query = query.but(group=group, find=None, metric=metric_of_find, top=None, ascending=False)
    shaped = _shaped(query, text, bare, entities, today, own)
    return None if shaped == before and not metric else shaped


def is_follow_up(text: str, entities: Sequence[Named]) -> bool:
    """Whether a text is short and says nothing but what a question is refined by."""
    if len(text) > 24:
        return False
    rest = _without(text, entities)
    if not any(one.kind == "date" for one in entities) and not says("cue", text) and _group(rest) is None:
        return False
    known = [
        one
        for table in ("groups", "compares", "metrics", "channels", "finds", "quarters")
        for one in words()[table].values()
    ]
    known += [words()[name] for name in ("top", "everything", "until_now", "ascending")]
    changed = bool(entities) or any(_pattern(one).search(rest) for one in known)
    for one in known:
        rest = _pattern(one).sub("", rest)
    return changed and _only_filler(rest)


def _only_filler(text: str) -> bool:
    left = "".join(char for char in text if char.isalnum())
    fillers = sorted(map(re.escape, words()["fillers"]), key=len, reverse=True)
    return _pattern(f"(?:{'|'.join(fillers)})*").fullmatch(left) is not None


def _without(text: str, entities: Sequence[Named]) -> str:
    """The words between the names and dates, which would else be taken for words of the question."""
    for one in sorted((one for one in entities if one.kind != "ordinal"), key=lambda one: -one.start):
        if text[one.start : one.start + len(one.text)] == one.text:
            text = f"{text[: one.start]} {text[one.start + len(one.text) :]}"
    return text


def _counts(bare: str) -> bool:
    return bool(says("metrics.orders", bare) and not re.search(words()["finds"]["last"], bare))


def _group(bare: str) -> Group | None:
    name = _first("groups", bare)
    return Group(name) if name else None


def _shaped(query: Query, text: str, bare: str, entities: Sequence[Named], today: date, own: bool) -> Query:
    """Top-n, order of rows, comparison."""
    if query.group is not None:
        count = _top(bare)
        ascending = bool(says("ascending", bare))
        one = re.search(words()["best"], bare)
        if count or one:
            query = query.but(top=count or TOP, ascending=ascending)
        if query.group is Group.PRODUCT and query.metric in (Metric.SPENT, Metric.SALES) and not own:
            by_money = says("metrics.sales", re.sub(words()["groups"]["product"], "", bare))
            query = query.but(metric=Metric.SALES if by_money else Metric.UNITS, top=query.top or TOP)
        if query.group is Group.PRODUCT and own and query.metric is Metric.SPENT and not says("money", bare):
            query = query.but(metric=Metric.UNITS)
    dates = [one for one in entities if one.kind == "date"]
    apart = query.find is None and len(dates) > 1 and not _joined(text, dates)
    if apart and says("versus", bare) and not says("until_now", text):
        return query.but(other=period_of(dates[1]), compare=Compare.PREVIOUS)
    name = _first("compares", text) if query.find is None else None
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
    channel = None if own or not says("channel", text) else _first("channels", text)
    return Filters(cities=cities, channel=channel, **given)


def _merged(old: Filters, new: Filters) -> Filters:
    """New values over old ones; a product is enough by itself, and another category drops the product."""
    changes = {name: value for name, value in vars(new).items() if value}
    if new.category or new.brand:
        changes.setdefault("product", None)
    if new.product:
        changes.update(category=None, brand=None)
    return replace(old, **changes)


def period_of(one: Named) -> Period:
    """The days that a date entity means; the last seven days are seven, today's included."""
    found = Period.of(one.value)
    if says("spans", one.text) and found.days > 1:  # the last 7 days are seven, today's included
        return replace(found, start=found.start + timedelta(days=1))
    return found


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
