"""What happens to talks as time passes: agents get waiting ones, waits and silences end.

``tick`` may run in several processes at once: every step looks again under the
conversation's lock.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Collection

from sqlalchemy import func, select, update

from shop import handoff_rows as rows
from shop.errors import ShopError
from shop.models import Agent, Handoff
from shop.signals import signal
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
STICKY = timedelta(days=7)
"""How long a customer still comes back to the agent they had."""
_TABLE = rows.TABLE
_HERE = _TABLE.c.skill_group != rows.ELSEWHERE  # the clocks of a platform's own staff are the platform's


@dataclass(frozen=True)
class Seat:
    """An agent who could take a talk: how many they have, of how many."""

    agent_id: int
    name: str
    groups: tuple[str, ...]
    load: int
    capacity: int


def tick(shop: Shop) -> None:
    """Do everything that is due; a part that fails is logged and the others still run."""
    for part in (lose_silent_desks, drain, time_out, hear_silence, end_idle, tell_positions):
        try:
            part(shop)
        except ShopError as error:
            log.warning("%s waits: %s", part.__name__, type(error).__name__)


def drain(shop: Shop) -> int:
    """Give waiting talks to agents who are online and have room; returns how many were given.

    Nobody is handed back a talk that they had, or sent away, when it went to its group.
    Seats are counted once and then down: a long queue costs nothing while all are busy.
    """
    if not shop.settings.auto_assign:
        return 0
    seats = {one.agent_id: one for one in free_seats(shop)}
    if not seats:
        return 0
    talk = (_TABLE.c.id, _TABLE.c.sender_id, _TABLE.c.skill_group, _TABLE.c.customer_id)
    with shop.database.read() as session:
        talks = session.execute(select(*talk).where(rows.WAITING).order_by(_TABLE.c.rank_at, _TABLE.c.id)).all()
        away = rows.sent_away_by(session) if talks else {}
    given = 0
    for one in talks:
        fit = [seat for seat in seats.values() if _fits(seat, one.skill_group, away.get(one.id, ()))]
        seat = choose(fit, last_agent(shop, one.sender_id, one.customer_id)) if fit else None
        if seat is None:
            continue
        try:
            shop.handoffs.accept(one.id, seat.name, seat.agent_id)
            given += 1
            seats[seat.agent_id] = replace(seat, load=seat.load + 1)
        except ShopError:  # the customer left, or a colleague was faster: count again
            seats = {seat.agent_id: seat for seat in free_seats(shop)}
    return given


def _fits(seat: Seat, skill_group: str, away: Collection[int]) -> bool:
    """Whether an agent has room for a talk of a group that these agents sent away."""
    return seat.load < seat.capacity and rows.serves(seat.groups, skill_group) and seat.agent_id not in away


def choose(seats: list[Seat], last_agent_id: int | None) -> Seat | None:
    """The agent that the customer had before, else the one with the smallest share of their capacity in use."""
    if not seats:
        return None
    return min(seats, key=lambda one: (one.agent_id != last_agent_id, one.load / one.capacity, one.load, one.agent_id))


def free_seats(shop: Shop) -> list[Seat]:
    """Agents who are online and have room for another talk."""
    load = (
        select(_TABLE.c.agent_id, func.count().label("load")).where(rows.WITH_AGENT).group_by(_TABLE.c.agent_id)
    ).subquery()
    query = (
        select(Agent.id, Agent.name, Agent.groups, Agent.capacity, func.coalesce(load.c.load, 0).label("load"))
        .outerjoin(load, load.c.agent_id == Agent.id)
        .where(Agent.status == "online", Agent.is_active.is_(True))
    )
    with shop.database.read() as session:
        found = session.execute(query).all()
    return [
        Seat(one.id, one.name, tuple(one.groups), one.load, one.capacity) for one in found if one.load < one.capacity
    ]


def last_agent(shop: Shop, sender_id: str, customer_id: int | None) -> int | None:
    """Who had this customer last, within a week."""
    whose = _TABLE.c.sender_id == sender_id
    if customer_id is not None:
        whose = whose | (_TABLE.c.customer_id == customer_id)
    query = (
        select(_TABLE.c.agent_id)
        .where(whose, _TABLE.c.agent_id.is_not(None), _TABLE.c.closed_at > shop.clock() - STICKY)
        .order_by(_TABLE.c.id.desc())
        .limit(1)
    )
    with shop.database.read() as session:
        found = session.execute(query).scalar()
    return None if found is None else int(found)


def time_out(shop: Shop) -> int:
    """End waits that took too long: the customer is asked to leave a message.

    A wait counts anew from the moment at which the talk was sent to another group.
    """
    since = shop.clock() - timedelta(minutes=shop.settings.queue_timeout_minutes)
    return _end(shop, HandoffState.WAITING, rows.waits_since_before(since), "timeout")


def hear_silence(shop: Shop) -> int:
    """Warn agents who let a customer wait; after longer, the bot takes the talk back."""
    now, settings = shop.clock(), shop.settings
    late = (rows.WITH_AGENT, _TABLE.c.warned_at.is_(None), _TABLE.c.agent_id.is_not(None))
    slow = select(_TABLE.c.id, _TABLE.c.sender_id, _TABLE.c.agent_id).where(
        *late, _TABLE.c.customer_at < now - timedelta(seconds=settings.agent_warn_s)
    )
    with shop.database.read() as session:
        found = session.execute(slow).all()
    for one in found:
        with shop.database.change() as session:
            mark = update(_TABLE).where(_TABLE.c.id == one.id, *late).values(warned_at=now)
            if session.execute(mark).rowcount:
                signal(shop, session, one.sender_id, "warn", {"handoff_id": one.id, "agent_id": one.agent_id})
    silent = _TABLE.c.customer_at < now - timedelta(seconds=settings.agent_silence_s)
    return _end(shop, HandoffState.AGENT, silent & _HERE, "silence")


def end_idle(shop: Shop) -> int:
    """End talks whose customer has not answered the agent's last word for long."""
    since = shop.clock() - timedelta(minutes=shop.settings.customer_idle_minutes)
    return _end(shop, HandoffState.AGENT, _TABLE.c.customer_at.is_(None) & (_TABLE.c.agent_at < since) & _HERE, "idle")


def _end(shop: Shop, state: HandoffState, which: Any, reason: str) -> int:
    with shop.database.read() as session:
        ids = session.execute(select(_TABLE.c.id).where(_TABLE.c.state == state.value, which)).scalars().all()
    ended = 0
    for handoff_id in ids:
        ended += shop.handoffs.close_if(handoff_id, state, which, reason)
    return ended


def tell_positions(shop: Shop) -> int:
    """Signal every waiting customer whose place has changed; returns how many there were."""
    query = select(Handoff).where(rows.WAITING).order_by(_TABLE.c.rank_at, _TABLE.c.id)
    places: dict[str, int] = {}
    changed: list[tuple[int, str, int]] = []
    with shop.database.read() as session:
        for row in session.execute(query).scalars():
            places[row.skill_group] = place = places.get(row.skill_group, 0) + 1
            if row.told_position != place:
                changed.append((row.id, row.sender_id, place))
    for handoff_id, sender_id, place in changed:
        with shop.database.change() as session:
            mark = update(_TABLE).where(_TABLE.c.id == handoff_id, rows.WAITING).values(told_position=place)
            if session.execute(mark).rowcount:
                signal(shop, session, sender_id, "state", {"handoff_id": handoff_id, "state": "waiting"})
    return len(changed)


def lose_silent_desks(shop: Shop) -> int:
    """Agents whose desk shows no sign of life are away: no talk is given to a closed page."""
    since = shop.clock() - timedelta(seconds=shop.settings.agent_lost_s)
    query = select(Agent.id).where(Agent.status == "online", (Agent.seen_at < since) | Agent.seen_at.is_(None))
    with shop.database.read() as session:
        lost = session.execute(query).scalars().all()
    for agent_id in lost:
        shop.agents.lose(agent_id, since)
    return len(lost)
