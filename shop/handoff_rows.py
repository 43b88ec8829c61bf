"""Rows of talks in the hands of people: found, locked, counted, shown.

``shop.handoffs`` moves them; nothing here does.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, insert, or_, select

from shop.entities import HandoffView
from shop.errors import NotFound
from shop.hours import is_open
from shop.models import Agent, Conversation, Customer, Handoff, HandoffStep
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

TABLE = Handoff.__table__
STEPS = HandoffStep.__table__
OPEN = TABLE.c.state != HandoffState.CLOSED.value
WAITING = TABLE.c.state == HandoffState.WAITING.value
WITH_AGENT = TABLE.c.state == HandoffState.AGENT.value
USUAL_TALK_S = 300.0
"""How long a talk takes where none has been had yet."""
LAST_TALKS = 50
ELSEWHERE = "elsewhere"
"""The group of talks that a platform's own staff has; see ``shop.elsewhere``."""

_AGENTS = Agent.__table__


def lock_talk(session: Any, sender_id: str) -> None:
    """Hold a conversation until the transaction ends, so that its speaker can't change meanwhile.

    Every step of a handoff takes this lock, and so does the bot's answer. On
    SQLite a transaction holds the whole database already.
    """
    if session.bind.dialect.name != "sqlite":
        query = select(Conversation.sender_id).where(Conversation.sender_id == sender_id)
        session.execute(query.with_for_update()).first()


def need_talk(session: Any, sender_id: str) -> None:
    """See to it that a conversation is there.

    Raises:
        NotFound: nothing was said in it, or it was erased.
    """
    if session.execute(select(Conversation.sender_id).where(Conversation.sender_id == sender_id)).first() is None:
        raise NotFound("there is no such conversation (any more)")


def open_row(session: Any, sender_id: str, lock: bool = False) -> Any:
    """The conversation's open row, if wished locked with its conversation; or None."""
    query = select(Handoff).where(TABLE.c.sender_id == sender_id, OPEN)
    if lock:
        lock_talk(session, sender_id)
        query = query.with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar()


def locked_row(session: Any, handoff_id: int) -> Any:
    """A row, its conversation locked.

    Raises:
        NotFound: there is none.
    """
    sender_id = session.execute(select(TABLE.c.sender_id).where(TABLE.c.id == handoff_id)).scalar()
    if sender_id is None:
        raise NotFound(f"there is no handoff {handoff_id}")
    lock_talk(session, sender_id)
    return session.get(Handoff, handoff_id, populate_existing=True, with_for_update=True)


def rank(created_at: datetime, priority: int, minutes: int) -> datetime:
    """The moment that orders the queue: a step of priority is worth some minutes of waiting."""
    return created_at - timedelta(minutes=minutes * priority)


def waits_since_before(moment: datetime) -> Any:
    """The condition that a talk neither came nor was sent to a group at or after a moment."""
    sent = exists().where(STEPS.c.handoff_id == TABLE.c.id, STEPS.c.kind == "group", STEPS.c.at >= moment)
    return and_(TABLE.c.created_at < moment, ~sent)


def sent_away_by(session: Any) -> dict[int, set[int]]:
    """For each waiting talk that was sent to a group: who had it before, and who sent it, the last time."""
    query = (
        select(STEPS.c.handoff_id, STEPS.c.agent_id, STEPS.c.detail)
        .join(TABLE, TABLE.c.id == STEPS.c.handoff_id)
        .where(WAITING, STEPS.c.kind == "group")
        .order_by(STEPS.c.id)
    )
    return {
        one.handoff_id: {agent for agent in (one.agent_id, (one.detail or {}).get("from")) if agent is not None}
        for one in session.execute(query)
    }


def living(session: Any, customer_id: int | None) -> int | None:
    """The customer, who stays until the transaction ends: an erasure waits; None where it was faster."""
    if customer_id is None:
        return None
    query = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    found = session.execute(query.with_for_update(read=True, key_share=True)).scalar()
    return None if found is None else int(found)


def level_bonus(session: Any, customer_id: int | None) -> int:
    """Steps of priority for a customer's level: gold and platinum 1, diamond 2."""
    if customer_id is None:
        return 0
    level = session.execute(select(Customer.level).where(Customer.id == customer_id)).scalar() or 0
    return int(level) // 2


def step(shop: Shop, session: Any, row: Any, kind: str, agent_id: int | None = None, detail: Any = None) -> None:
    """Write one transition into the talk's record."""
    values = {"handoff_id": row.id, "kind": kind, "agent_id": agent_id, "detail": detail, "at": shop.clock()}
    session.execute(insert(STEPS), [values])


def position(session: Any, row: Any) -> int:
    """The place in the queue of the row's group, from 1; 0 when it does not wait."""
    if row.state != HandoffState.WAITING.value:
        return 0
    earlier = or_(TABLE.c.rank_at < row.rank_at, and_(TABLE.c.rank_at == row.rank_at, TABLE.c.id < row.id))
    query = select(func.count()).select_from(TABLE).where(WAITING, TABLE.c.skill_group == row.skill_group, earlier)
    return 1 + int(session.execute(query).scalar())


def serves(groups: Any, skill_group: str) -> bool:
    """Whether an agent of these groups takes talks of a group; ``any`` stands for all on both sides."""
    return "any" in groups or skill_group in groups or skill_group == "any"


def slots(session: Any, skill_group: str) -> int:
    """How many talks the agents who are online can have at once in a group."""
    rows = session.execute(
        select(_AGENTS.c.groups, _AGENTS.c.capacity).where(_AGENTS.c.status == "online", _AGENTS.c.is_active.is_(True))
    ).all()
    return sum(row.capacity for row in rows if serves(row.groups, skill_group))


def estimate_s(session: Any, row: Any, place: int) -> int | None:
    """About how long a place in the queue takes, in seconds; None when nobody is online.

    With n slots and talks of mean length L, one slot frees up every L/n seconds;
    the place-th in the queue takes the place-th that does.
    """
    count = slots(session, row.skill_group)
    if not count or not place:
        return None
    talks = session.execute(
        select(TABLE.c.accepted_at, TABLE.c.closed_at)
        .where(TABLE.c.accepted_at.is_not(None), TABLE.c.closed_at.is_not(None))
        .order_by(TABLE.c.id.desc())
        .limit(LAST_TALKS)
    ).all()
    seconds = [max(0.0, (one.closed_at - one.accepted_at).total_seconds()) for one in talks]
    mean = sum(seconds) / len(seconds) if seconds else USUAL_TALK_S
    return max(10, math.ceil(mean * place / count))


def view(shop: Shop, session: Any, row: Any, new: bool = False) -> HandoffView:
    """A row as others see it."""
    place = position(session, row)
    return HandoffView(
        id=row.id,
        sender_id=row.sender_id,
        state=HandoffState(row.state),
        reason=row.reason,
        skill_group=row.skill_group,
        position=place,
        agent=row.agent,
        created_at=row.created_at,
        new=new,
        customer_id=row.customer_id,
        agent_id=row.agent_id,
        priority=row.priority,
        wait_s=estimate_s(session, row, place) if place else None,
        open_now=is_open(shop.settings, shop.clock()),
        reasons=tuple(row.reasons or ()),
        accepted_at=row.accepted_at,
        first_reply_at=row.first_reply_at,
        agent_at=row.agent_at,
        customer_at=row.customer_at,
        warned_at=row.warned_at,
        closed_at=row.closed_at,
        close_reason=row.close_reason,
        tags=tuple(row.tags or ()),
        rating=row.rating,
    )


def wire(found: HandoffView | None) -> dict[str, object]:
    """A talk's state as widgets hear it in ``session_state``."""
    if found is None:
        return {"id": None, "state": "bot", "position": 0, "wait_s": None, "agent": None}
    return {
        "id": found.id,
        "state": found.state.value,
        "position": found.position,
        "wait_s": found.wait_s,
        "agent": {"name": found.agent} if found.agent and found.state is HandoffState.AGENT else None,
    }
