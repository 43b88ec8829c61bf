"""Lists of talks as the desk shows them: mine, the queue, all; each in a few queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from shop import handoff_rows as rows
from shop.entities import AgentView
from shop.models import Conversation, Customer, DeskNote, Message
from shop.privacy import mask_name

if TYPE_CHECKING:
    from shop.front import Shop

MOST = 200
_TALKS = Conversation.__table__
_CUSTOMERS = Customer.__table__
_MESSAGES = Message.__table__
_HANDOFFS = rows.TABLE
OVERSEERS = ("supervisor", "admin")

# One row for each conversation: its open handoff, if any, and its customer.
_WHOSE = func.coalesce(_TALKS.c.owner_id, _TALKS.c.linked_id)
_LIST = (
    select(
        _TALKS.c.sender_id,
        _TALKS.c.channel,
        _TALKS.c.last_at,
        _HANDOFFS.c.id.label("handoff_id"),
        _HANDOFFS.c.state,
        _HANDOFFS.c.reason,
        _HANDOFFS.c.skill_group,
        _HANDOFFS.c.priority,
        _HANDOFFS.c.agent,
        _HANDOFFS.c.agent_id,
        _HANDOFFS.c.created_at,
        _HANDOFFS.c.rank_at,
        _HANDOFFS.c.accepted_at,
        _HANDOFFS.c.customer_at,
        _HANDOFFS.c.warned_at,
        _CUSTOMERS.c.id.label("customer_id"),
        _CUSTOMERS.c.name_sealed,
        _CUSTOMERS.c.level,
    )
    .select_from(_TALKS)
    .outerjoin(_HANDOFFS, and_(_HANDOFFS.c.sender_id == _TALKS.c.sender_id, rows.OPEN))
    .outerjoin(_CUSTOMERS, and_(_CUSTOMERS.c.id == _WHOSE, _CUSTOMERS.c.erased_at.is_(None)))
)


def visible(agent: AgentView) -> Any:
    """The talks that an agent may see: overseers all; others none of a colleague's, nor of other groups."""
    if agent.role in OVERSEERS:
        return _TALKS.c.sender_id.is_not(None)
    groups = True if "any" in agent.groups else _HANDOFFS.c.skill_group.in_([*agent.groups, "any"])
    mine = _HANDOFFS.c.agent_id == agent.id
    return or_(_HANDOFFS.c.id.is_(None), mine, and_(rows.WAITING, groups))


def talks(shop: Shop, agent: AgentView, which: str, limit: int = MOST) -> list[dict[str, Any]]:
    """Talks that an agent may see.

    Args:
        shop: The shop.
        agent: Who looks.
        which: ``mine`` (by the moment they began), ``queue`` (as it is served) or ``all`` (latest word first).
        limit: How many at most.
    """
    query = _LIST.where(visible(agent))
    if which == "mine":
        query = query.where(rows.WITH_AGENT, _HANDOFFS.c.agent_id == agent.id).order_by(_HANDOFFS.c.accepted_at)
    elif which == "queue":
        query = query.where(rows.WAITING).order_by(_HANDOFFS.c.rank_at, _HANDOFFS.c.id)
    else:
        query = query.order_by(_TALKS.c.last_at.desc())
    return _read(shop, query.limit(min(limit, MOST)))


def may_see(agent: AgentView, found: dict[str, Any], called: frozenset[int] = frozenset()) -> bool:
    """The same as ``talk`` finds, for a talk that was read: one reading serves every open desk.

    Args:
        agent: Who looks.
        found: The talk.
        called: Who is mentioned in it.
    """
    if agent.role in OVERSEERS or found["handoff_id"] is None or agent.id in (found["agent_id"], *called):
        return True
    return found["state"] == "waiting" and ("any" in agent.groups or found["group"] in (*agent.groups, "any"))


def any_talk(shop: Shop, sender_id: str) -> dict[str, Any] | None:
    """One talk as the lists show it, whoever may see it; None when there is none."""
    found = _read(shop, _LIST.where(_TALKS.c.sender_id == sender_id))
    return found[0] if found else None


def had_when_said(shop: Shop, message_id: int) -> int | None:
    """Who had the talk at the moment of a message, if they have closed it since: they still have to see it."""
    query = (
        select(_HANDOFFS.c.agent_id)
        .join(_MESSAGES, _MESSAGES.c.sender_id == _HANDOFFS.c.sender_id)
        .where(
            _MESSAGES.c.id == message_id,
            _HANDOFFS.c.accepted_at <= _MESSAGES.c.at,
            _HANDOFFS.c.closed_at >= _MESSAGES.c.at,
        )
        .order_by(_HANDOFFS.c.id.desc())
        .limit(1)
    )
    with shop.database.read() as session:
        found = session.execute(query).scalar()
    return None if found is None else int(found)


def talk(shop: Shop, agent: AgentView, sender_id: str) -> dict[str, Any] | None:
    """One talk as the lists show it; None when there is none that the agent may see.

    A colleague whom a note of the talk under way mentions may look at it as long as it lasts.
    """
    this = _TALKS.c.sender_id == sender_id
    found = _read(shop, _LIST.where(visible(agent), this))
    if not found and agent.id in mentioned(shop, sender_id):
        found = _read(shop, _LIST.where(this))
    return found[0] if found else None


def mentioned(shop: Shop, sender_id: str) -> frozenset[int]:
    """The agents whom notes of the talk under way mention; nobody's while no person speaks."""
    notes = select(DeskNote.mentions).join(
        _HANDOFFS, and_(_HANDOFFS.c.sender_id == DeskNote.sender_id, _HANDOFFS.c.created_at <= DeskNote.at)
    )
    of_this = notes.where(DeskNote.sender_id == sender_id, DeskNote.kind == "note", rows.WITH_AGENT)
    with shop.database.read() as session:
        found = session.execute(of_this).scalars().all()
    return frozenset(agent_id for one in found for agent_id in one or ())


def _read(shop: Shop, query: Any) -> list[dict[str, Any]]:
    with shop.database.read() as session:
        found = session.execute(query).all()
        senders = [one.sender_id for one in found]
        newest = (
            select(func.max(_MESSAGES.c.id)).where(_MESSAGES.c.sender_id.in_(senders)).group_by(_MESSAGES.c.sender_id)
        )
        ids = session.execute(newest).scalars().all() if senders else []
        owners = {
            row.id: row.sender_id
            for row in session.execute(select(_MESSAGES.c.id, _MESSAGES.c.sender_id).where(_MESSAGES.c.id.in_(ids)))
        }
    last = {owners[one]: message for one, message in shop.messages.by_ids(ids).items()}
    return [_view(shop, row, last.get(row.sender_id)) for row in found]


def _view(shop: Shop, row: Any, last: Any) -> dict[str, Any]:
    text = "" if last is None else str(last.body.get("text") or "")
    return {
        "sender_id": row.sender_id,
        "channel": row.channel,
        "state": row.state or "bot",
        "handoff_id": row.handoff_id,
        "reason": row.reason,
        "group": row.skill_group,
        "priority": row.priority,
        "agent": row.agent,
        "agent_id": row.agent_id,
        "since": _iso(row.accepted_at or row.created_at),
        "rank": _iso(row.rank_at),
        "unanswered_since": _iso(row.customer_at),
        "warned": row.warned_at is not None,
        "customer": None
        if row.customer_id is None
        else {"id": row.customer_id, "name": mask_name(shop.cipher.open(row.name_sealed)), "level": row.level},
        "last": None
        if last is None
        else {
            "id": last.id,
            "direction": last.direction,
            "text": text[:80],
            "picture": bool(last.body.get("attachments")),
            "at": _iso(last.at),
            "mood": last.mood,
            "anger": last.anger,
        },
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
