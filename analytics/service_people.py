"""What the people at the desk did: waits, first answers, time spent, ratings; by reason, group and agent.

*Waiting* is from the request to the first take-over; *first response* from there to
the person's first word; *handling* only the time in which somebody had the talk,
so neither the bot's time nor a second wait in a queue counts. An agent's handling is
the time in which that agent had it. All in seconds; means over the talks that have
the figure, None without one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Iterable, Mapping

from sqlalchemy import select

from analytics.query import Period
from shop.front import Shop
from shop.models import Agent, Handoff, HandoffStep

GIVES = frozenset({"accepted", "barged", "transferred"})
ENDS = frozenset({"group", "elsewhere", "closed"})
_HANDOFFS, _STEPS, _AGENTS = Handoff.__table__, HandoffStep.__table__, Agent.__table__


@dataclass(frozen=True)
class Case:
    """One handoff; ``held`` is seconds by agent."""

    id: int
    sender_id: str
    reasons: tuple[str, ...]
    group: str
    agent_id: int | None
    created_at: datetime
    wait_s: float | None
    first_s: float | None
    held: Mapping[int, float]
    close_reason: str | None
    rating: int | None

    @property
    def handling_s(self) -> float | None:
        """Time in anybody's hands; None while it is open or when nobody took it."""
        return sum(self.held.values()) if self.held and self.close_reason else None

    def row(self, names: Mapping[int, str]) -> dict[str, Any]:
        """As the dashboard lists it."""
        return {
            "handoff_id": self.id,
            "sender_id": self.sender_id,
            "created_at": self.created_at.isoformat(),
            "reasons": list(self.reasons),
            "group": self.group,
            "agent": names.get(self.agent_id or 0, ""),
            "wait_s": self.wait_s,
            "first_s": self.first_s,
            "handling_s": self.handling_s,
            "close_reason": self.close_reason,
            "rating": self.rating,
        }


def cases(shop: Shop, period: Period) -> list[Case]:
    """The handoffs that were asked for in a period, oldest first; two queries."""
    start, end = period.moments
    inside = (_HANDOFFS.c.created_at >= start, _HANDOFFS.c.created_at < end)
    with shop.database.read() as session:
        rows = session.execute(select(_HANDOFFS).where(*inside).order_by(_HANDOFFS.c.created_at, _HANDOFFS.c.id)).all()
        steps: dict[int, list[Any]] = defaultdict(list)
        query = select(_STEPS).join(_HANDOFFS, _HANDOFFS.c.id == _STEPS.c.handoff_id).where(*inside)
        for one in session.execute(query.order_by(_STEPS.c.id)):
            steps[one.handoff_id].append(one)
    return [_case(row, held(steps[row.id])) for row in rows]


def held(steps: Iterable[Any]) -> dict[int, float]:
    """Seconds in which each agent had a talk, from its steps in order."""
    found: dict[int, float] = defaultdict(float)
    agent, since = None, None
    for one in steps:
        if one.kind not in GIVES | ENDS:
            continue
        if agent is not None and since is not None:
            found[agent] += (one.at - since).total_seconds()
        agent, since = (one.agent_id, one.at) if one.kind in GIVES else (None, None)
    return dict(found)


def _case(row: Any, by_agent: dict[int, float]) -> Case:
    reasons = [str(one.get("reason")) for one in row.reasons or ()] or [row.reason]
    return Case(
        id=row.id,
        sender_id=row.sender_id,
        reasons=tuple(dict.fromkeys(reasons)),
        group=row.skill_group,
        agent_id=row.agent_id,
        created_at=row.created_at,
        wait_s=_seconds(row.created_at, row.accepted_at),
        first_s=_seconds(row.accepted_at, row.first_reply_at),
        held=by_agent,
        close_reason=row.close_reason,
        rating=row.rating,
    )


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else (end - begin).total_seconds()


def figures(found: list[Case], agent_id: int | None = None) -> dict[str, Any]:
    """Counts and means of some handoffs; with ``agent_id`` the handling is that agent's own."""
    handling = [one.handling_s if agent_id is None else one.held.get(agent_id) for one in found]
    rated = [one.rating for one in found if one.rating is not None]
    return {
        "handoffs": len(found),
        "accepted": sum(one.wait_s is not None for one in found),
        "left": sum(one.close_reason == "left" for one in found),
        "timeout": sum(one.close_reason == "timeout" for one in found),
        "wait_s": _mean(one.wait_s for one in found),
        "first_s": _mean(one.first_s for one in found),
        "handling_s": _mean(handling),
        "rating": _mean(rated),
        "rated": len(rated),
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(one) for one in values if one is not None]
    return sum(known) / len(known) if known else None


def by_reason(found: list[Case]) -> list[dict[str, Any]]:
    """Figures by the reasons of a handoff; one with two reasons counts under both."""
    return _by(found, lambda one: one.reasons, "reason")


def by_group(found: list[Case]) -> list[dict[str, Any]]:
    """Figures by skill group."""
    return _by(found, lambda one: (one.group,), "group")


def _by(found: list[Case], keys: Callable[[Case], Iterable[str]], name: str) -> list[dict[str, Any]]:
    parts: dict[str, list[Case]] = defaultdict(list)
    for one in found:
        for key in keys(one):
            parts[key].append(one)
    return [
        {name: key, **figures(part)} for key, part in sorted(parts.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def by_agent(found: list[Case], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Figures of each agent over the talks that they had; wait, first answer and rating are the talk's own."""
    parts: dict[int, list[Case]] = defaultdict(list)
    for one in found:
        for agent in {*one.held, *([one.agent_id] if one.agent_id is not None else [])}:
            parts[agent].append(one)
    ranked = sorted(parts.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"agent_id": key, "agent": names.get(key, ""), **figures(part, key)} for key, part in ranked]


def names(shop: Shop) -> dict[int, str]:
    """Agents' names by id."""
    with shop.database.read() as session:
        return {one.id: one.name for one in session.execute(select(_AGENTS.c.id, _AGENTS.c.name))}
