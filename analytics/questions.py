"""From a Chinese question and its entities to a query; the words stand in data/lexicon/questions.yml.

What a customer wrote decides only which fixed words of ours are chosen: no part
of it goes into a query but codes of the catalogue and names of places that the
NLU found in our own lists.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Sequence

from analytics.comparisons import against
from analytics.lexicon import Named, first_of, mended, pattern, period_of, says, words
from analytics.numerals import number
from analytics.query import SHANGHAI, Filters, Find, Group, Metric, Query
from analytics.shapes import shaped
from analytics.times import dates_of, period

__all__ = ["Named", "first_of", "mended", "period", "period_of", "read", "says", "several", "words"]

KEPT = frozenset({"ordinal", "quantity", "price_range"})
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
    bare = without_names(text, entities)
    name = first_of("finds", text) if own else None
    metric, group = first_of("metrics", without_mean(bare)), group_of(without_mean(bare))
    if name in ("last", "first") and _counts(bare):
        name = None
    if group is Group.CHANNEL and says("share", bare) and filters_of(text, entities, own, None).channel:
        group = None  # one channel is a part of all, no grouping by channels
    if group is not None and name in ("dearest", "cheapest", "bought"):
        name = None
    held = None if name else against(text, dates_of(entities))
    asked = [one for one in entities if held is None or one != held.named]
    of = metric_of(metric, own) if metric else Metric.SPENT if own else Metric.SALES
    of = Metric.SPENT if of is Metric.SALES and says("net", bare) else of
    query = Query(
        metric=None if name else of,
        find=Find(name) if name else None,
        filters=filters_of(text, entities, own, None if name else of),
        period=period(text, asked, today),
        group=None if name else group,
    )
    asked_for = shaped(query, text, bare, asked, today, own)
    return asked_for if held is None else held.applied(asked_for, today)


def metric_of(name: str, own: bool) -> Metric:
    """The metric of that name; what people spend is what a shop sells."""
    return Metric.SALES if name == "spent" and not own else Metric(name)


def several(entities: Sequence[Named]) -> bool:
    """Whether more than one category, or brand, is named."""
    return any(len({str(one.value) for one in entities if one.kind == kind}) > 1 for kind in ("category", "brand"))


def without_names(text: str, entities: Sequence[Named]) -> str:
    """The words between the names and dates, which would else be taken for words of the question."""
    for one in sorted((one for one in entities if one.kind not in KEPT), key=lambda one: -one.start):
        if text[one.start : one.start + len(one.text)] == one.text:
            text = f"{text[: one.start]} {text[one.start + len(one.text) :]}"
    return text


def _counts(bare: str) -> bool:
    return bool(says("metrics.orders", bare) and not re.search(words()["finds"]["last"], bare))


def without_mean(bare: str) -> str:
    """The words without those that ask for the mean of a day, which is no grouping by days."""
    for one in words()["per"].values():
        bare = pattern(one).sub(" ", bare)
    return bare


def group_of(bare: str) -> Group | None:
    name = first_of("groups", bare)
    return Group(name) if name else None


def filters_of(text: str, entities: Sequence[Named], own: bool, metric: Metric | None) -> Filters:
    """What a text names of goods and places, and for counts of after-sale cases their kinds and reason."""
    first = {
        kind: next((one.value for one in entities if one.kind == kind), None)
        for kind in ("category", "brand", "product", "reason")
    }
    cities = tuple(dict.fromkeys(
        str(one.value["city"]) for one in entities
        if one.kind == "region" and isinstance(one.value, dict) and one.value.get("city")
    ))  # fmt: skip
    given = {kind: str(value) for kind, value in first.items() if isinstance(value, str)}
    reason = given.pop("reason", None)
    if "product" in given:
        given = {"product": given["product"]}
    channel = None if own or not says("channel", text) else first_of("channels", text)
    kinds: tuple[str, ...] = ()
    if metric is Metric.CASES:
        name = first_of("kinds", text)
        kinds = tuple(words()["kinds_of"].get(name, [name])) if name else ()
    return Filters(
        cities=cities, channel=channel, kinds=kinds, reason=reason if metric is Metric.CASES else None, **given
    )


def hours_said(text: str) -> int | None:
    """How many hours, or days, a text says that something lasts; None when it says none."""
    found = says("lasting", text)
    if found is None:
        return None
    days, hours = (number(one) if one else None for one in found.groups())
    return hours if hours is not None else 24 * days if days is not None else None


def shapely(text: str) -> bool:
    """Whether a text asks for a share, a mean of days or the place of a ranking, as only questions after figures do."""
    return bool(says("share", text) or first_of("per", text) or (says("rank", text) and says("shop", text)))
