"""Short messages that change the question before them: "that of last month", "only phones", "by city"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Sequence

from analytics.comparisons import against, running
from analytics.lexicon import Named, first_of, pattern, says, words
from analytics.query import SHANGHAI, Filters, Find, Group, Metric, Query
from analytics.questions import filters_of, group_of, metric_of, several, without_mean, without_names
from analytics.shapes import shaped
from analytics.times import dates_of, joined, period


def refine(before: Query, text: str, entities: Sequence[Named], now: datetime, *, own: bool) -> Query | None:
    """The query of before with what a short follow-up changes; None when it is no follow-up."""
    today = now.astimezone(SHANGHAI).date()
    bare = without_names(text, entities)
    if not is_follow_up(text, entities):
        return None
    query = before
    metric, name = first_of("metrics", without_mean(bare)), first_of("finds", bare) if own else None
    if metric:
        query = _counting(query, metric_of(metric, own))
    if name:
        query = query.but(find=Find(name), metric=None, group=None)
    new = filters_of(text, entities, own, query.metric)
    if new != Filters():
        query = query.but(filters=_merged(query.filters, new))
        if (new.cities and query.group is Group.CITY) or (new.channel and query.group is Group.CHANNEL):
            query = query.but(group=None, top=None, ascending=False)
    elif says("everything", text):
        query = query.but(filters=Filters())
    held = against(text, dates_of(entities)) if query.find is None else None
    asked = [one for one in entities if held is None or one != held.named]
    when = period(text, asked, today)
    moved = held is None and says("same_time", text) is not None
    if moved:
        when = (before.period or running("year", today)).year_before(today)
    if when is not None:
        query = query.but(period=when, other=None)
    if says("net", text) and query.metric is Metric.SALES:
        query, metric = query.but(metric=Metric.SPENT), "net"
    group = group_of(without_mean(bare))
    group = None if group is Group.CHANNEL and new.channel else group
    if group is not None:
        metric_of_find = query.metric or (Metric.SPENT if own else Metric.SALES)
        query = query.but(group=group, find=None, metric=metric_of_find, top=None, ascending=False)
        query = query.but(rank=None, least=None, most=None)
    changed = shaped(query, text, bare, asked, today, own)
    if held is not None:
        changed = held.applied(changed, today)
    if moved:  # that time itself, not held against it
        changed = changed.but(compare=None)
    named = metric or group or when or new != Filters()
    return None if changed == before and not named else changed


def _counting(query: Query, metric: Metric) -> Query:
    """The query with another metric; what only after-sale cases have is left behind."""
    query = query.but(metric=metric, find=None)
    if metric is Metric.CASES:
        return query
    query = query.but(filters=replace(query.filters, kinds=(), reason=None))
    return query.but(group=None, top=None) if query.group in (Group.REASON, Group.KIND) else query


def is_follow_up(text: str, entities: Sequence[Named]) -> bool:
    """Whether a text is short and says nothing but what a question is refined by."""
    if len(text) > 24:
        return False
    rest = without_names(text, entities)
    if not dates_of(entities) and not says("cue", text) and group_of(without_mean(rest)) is None:
        return False
    if _whole(text, rest, entities):
        return False
    known = [words()["net"]]  # before its words are taken for a kind of case
    known += [
        one
        for table in ("groups", "compares", "metrics", "channels", "kinds", "finds", "quarters", "per", "bounds")
        for one in words()[table].values()
    ]
    known += [words()[name] for name in ("top", "everything", "until_now", "ascending", "most", "rank", "share")]
    changed = bool(entities) or any(pattern(one).search(rest) for one in known)
    for one in known:
        rest = pattern(one).sub("", rest)
    return changed and _only_filler(rest)


def _whole(text: str, rest: str, entities: Sequence[Named]) -> bool:
    """Whether a text is a question of its own: it says when and what, or two times, or two shelves."""
    if several(entities):
        return True
    dates, cue = dates_of(entities), says("cue", text)
    if len(dates) > 1 and not joined(text, dates) and (cue is None or cue.start() > 0):
        return True
    return bool(dates) and cue is None and bool(first_of("metrics", rest) or group_of(rest))


def _only_filler(text: str) -> bool:
    left = "".join(char for char in text if char.isalnum())
    fillers = sorted(map(re.escape, words()["fillers"]), key=len, reverse=True)
    return pattern(f"(?:{'|'.join(fillers)})*").fullmatch(left) is not None


def _merged(old: Filters, new: Filters) -> Filters:
    """New values over old ones; a product is enough by itself, and another category drops the product."""
    changes = {name: value for name, value in vars(new).items() if value}
    if new.category or new.brand:
        changes.setdefault("product", None)
    if new.product:
        changes.update(category=None, brand=None)
    return replace(old, **changes)
