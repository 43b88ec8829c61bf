"""Customers' talks as the service report counts them: what they were about, and who ended them.

A talk is a run of a customer's messages in one conversation without a pause of
an hour. It was *handed* over when a person was asked for or had it, be it since an
earlier talk; else the bot contained it: *confirmed* when the customer thanked or said goodbye at its end,
*assumed* otherwise. A contained talk whose customer writes again within 24 hours
of its end, in any conversation, is *taken back*: the first answer was none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.sql import Select

from analytics.query import SHANGHAI, Period
from shop.front import Shop
from shop.models import Conversation, Handoff, Message
from shop.states import HandoffState

PAUSE = timedelta(hours=1)
RECONTACT = timedelta(hours=24)
LOOK_BACK = timedelta(hours=24)
"""How far before the period messages are read: a talk that began before it is not one of the period's."""
CONFIRMS = frozenset({"thank", "goodbye"})
OUTCOMES = ("handed", "confirmed", "assumed", "taken_back")
UNHEARD = frozenset({None, "nlu_fallback", "inform"})
"""No intents that a customer comes with."""

_MESSAGES, _TALKS, _HANDOFFS = Message.__table__, Conversation.__table__, Handoff.__table__


@dataclass(frozen=True)
class Talk:
    """One talk; moments are UTC."""

    sender_id: str
    started_at: datetime
    outcome: str
    intents: tuple[str, ...]
    moods: tuple[tuple[datetime, str, int], ...]
    moments: tuple[datetime, ...]

    def row(self) -> dict[str, Any]:
        """As the dashboard lists it."""
        return {
            "sender_id": self.sender_id,
            "started_at": self.started_at.isoformat(),
            "messages": len(self.moments),
            "outcome": self.outcome,
            "intents": sorted(set(self.intents)),
        }


def talks(shop: Shop, period: Period) -> list[Talk]:
    """The talks that began in a period, by conversation and time; one query for messages, one for handoffs."""
    start, end = period.moments
    whose = func.coalesce(_TALKS.c.owner_id, _TALKS.c.linked_id).label("customer")
    columns = [_MESSAGES.c[name] for name in ("sender_id", "at", "intent", "mood", "anger")]
    said = (
        select(*columns, whose)
        .outerjoin(_TALKS, _TALKS.c.sender_id == _MESSAGES.c.sender_id)
        .where(_MESSAGES.c.direction == "in", _MESSAGES.c.at >= start - LOOK_BACK, _MESSAGES.c.at < end + 2 * RECONTACT)
        .order_by(_MESSAGES.c.sender_id, _MESSAGES.c.at, _MESSAGES.c.id)
    )
    with shop.database.read() as session:
        rows = session.execute(said).all()
        handed: dict[str, list[Any]] = defaultdict(list)
        for one in session.execute(handoffs_of(period)):
            handed[one.sender_id].append(one)
    runs = list(_runs(rows))
    began: dict[str, list[datetime]] = defaultdict(list)
    for run in runs:
        began[_person(run[0])].append(run[0].at)
    return [_talk(run, handed[run[0].sender_id], began[_person(run[0])]) for run in runs if start <= run[0].at < end]


def handoffs_of(period: Period) -> Select:
    """The handoffs of the conversations in which customers wrote in a period, whenever they were asked for.

    Those that ended before the period are no business of its talks; one that began
    long before it and is still open is.
    """
    start, end = period.moments
    one = _HANDOFFS.c
    wrote = select(_MESSAGES.c.sender_id).where(
        _MESSAGES.c.direction == "in", _MESSAGES.c.at >= start, _MESSAGES.c.at < end
    )
    return select(one.sender_id, one.state, one.created_at, one.closed_at).where(
        one.sender_id.in_(wrote),
        one.created_at < end + 2 * RECONTACT,
        or_(one.created_at >= start, one.closed_at.is_(None), one.closed_at > start),
    )


def _runs(rows: Iterable[Any]) -> Iterable[list[Any]]:
    run: list[Any] = []
    for row in rows:
        if run and (row.sender_id != run[-1].sender_id or row.at - run[-1].at >= PAUSE):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _person(row: Any) -> str:
    return row.sender_id if row.customer is None else f"customer {row.customer}"


def _was_handed(handoff: Any, first: datetime, last: datetime) -> bool:
    """Whether a handoff's time, from its request to its end, meets that of a talk and the pause after it."""
    if handoff.created_at >= first:
        return bool(handoff.created_at < last + PAUSE)
    if handoff.state != HandoffState.CLOSED.value:
        return True
    return handoff.closed_at is not None and bool(handoff.closed_at > first)


def _talk(run: list[Any], handed: list[Any], began: list[datetime]) -> Talk:
    first, last = run[0].at, run[-1].at
    if any(_was_handed(one, first, last) for one in handed):
        outcome = "handed"
    elif any(last < one <= last + RECONTACT for one in began):
        outcome = "taken_back"
    else:
        outcome = "confirmed" if run[-1].intent in CONFIRMS else "assumed"
    return Talk(
        sender_id=run[0].sender_id,
        started_at=first,
        outcome=outcome,
        intents=tuple(row.intent for row in run if row.intent not in UNHEARD),
        moods=tuple((row.at, row.mood, row.anger or 0) for row in run if row.mood),
        moments=tuple(row.at for row in run),
    )


def containment(found: list[Talk]) -> dict[str, Any]:
    """How many talks ended how, and the share that the bot contained; None without talks."""
    counts = Counter(one.outcome for one in found)
    contained = counts["confirmed"] + counts["assumed"]
    return {
        "talks": len(found),
        **{name: counts[name] for name in OUTCOMES},
        "containment": contained / len(found) if found else None,
    }


def top_intents(found: list[Talk], limit: int = 30) -> list[dict[str, Any]]:
    """What talks are about: how many talks hold an intent, how often it was said, how many were handed over."""
    said = Counter(intent for one in found for intent in one.intents)
    held = Counter(intent for one in found for intent in set(one.intents))
    handed = Counter(intent for one in found if one.outcome == "handed" for intent in set(one.intents))
    ranked = sorted(held, key=lambda name: (-held[name], -said[name], name))[:limit]
    return [{"intent": name, "talks": held[name], "messages": said[name], "handed": handed[name]} for name in ranked]


def moods(found: list[Talk]) -> list[dict[str, Any]]:
    """By day: messages whose mood was heard, the share that was negative, the mean anger (0 to 3)."""
    by_day: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for one in found:
        for at, mood, anger in one.moods:
            by_day[day_of(at)].append((mood, anger))
    return [
        {
            "day": day,
            "messages": len(heard),
            "negative": sum(mood == "neg" for mood, _ in heard) / len(heard),
            "anger": sum(anger for _, anger in heard) / len(heard),
        }
        for day, heard in sorted(by_day.items())
    ]


def hours(found: list[Talk]) -> list[dict[str, Any]]:
    """Customers' messages by weekday (1 Monday to 7 Sunday) and hour of Asia/Shanghai; empty hours are absent."""
    counts: Counter[tuple[int, int]] = Counter()
    for one in found:
        for at in one.moments:
            local = at.astimezone(SHANGHAI)
            counts[local.isoweekday(), local.hour] += 1
    return [{"weekday": key[0], "hour": key[1], "messages": count} for key, count in sorted(counts.items())]


def day_of(moment: datetime) -> str:
    """The day of a moment in Asia/Shanghai."""
    return str(moment.astimezone(SHANGHAI).date())
