"""Who speaks in a conversation: the bot, a queue, or a person.

No open row: the bot speaks. ``waiting``: the customer is in a queue and the bot
still answers. ``agent``: a person has taken over and the bot is silent. A unique
index allows one open row a conversation; the version column lets one of two
agents win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError

from shop.entities import HandoffView
from shop.errors import ConcurrentChange, NotFound, WrongState
from shop.models import Handoff
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = Handoff.__table__
_OPEN = _TABLE.c.state != HandoffState.CLOSED.value


class Handoffs:
    """Moves conversations between the bot, the queue and people."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock

    def request(
        self, sender_id: str, customer_id: int | None, reason: str, skill_group: str = "any", priority: int = 0
    ) -> HandoffView:
        """Ask for a person; asking again returns the same open row (``new`` is False then), more urgent if need be."""
        try:
            with self._database.change() as session:
                row, new = _open_row(session, sender_id), False
                if row is None:
                    row, new = (
                        Handoff(
                            sender_id=sender_id,
                            customer_id=customer_id,
                            state=HandoffState.WAITING.value,
                            reason=reason[:20],
                            skill_group=skill_group[:12],
                            priority=priority,
                        ),
                        True,
                    )
                    session.add(row)
                    session.flush()
                elif priority > row.priority:
                    row.priority = priority
                    session.flush()
                return _view(session, row, new)
        except IntegrityError:  # the same request arrived twice at once
            with self._database.read() as session:
                row = _open_row(session, sender_id)
                if row is None:
                    raise
                return _view(session, row, False)

    def speaker(self, sender_id: str) -> str:
        """``bot``, ``waiting`` or ``agent``."""
        with self._database.read() as session:
            state = session.execute(select(_TABLE.c.state).where(_TABLE.c.sender_id == sender_id, _OPEN)).scalar()
        return "bot" if state is None else str(state)

    def current(self, sender_id: str) -> HandoffView | None:
        """The conversation's open row, if there is one."""
        with self._database.read() as session:
            row = _open_row(session, sender_id)
            return None if row is None else _view(session, row, False)

    def waiting(self, skill_group: str | None = None) -> list[HandoffView]:
        """The queue in the order in which it is served."""
        query = select(Handoff).where(_TABLE.c.state == HandoffState.WAITING.value)
        if skill_group is not None:
            query = query.where(_TABLE.c.skill_group == skill_group)
        with self._database.read() as session:
            rows = session.execute(query.order_by(_TABLE.c.priority.desc(), _TABLE.c.id)).scalars().all()
            return [_view(session, row, False) for row in rows]

    def leave(self, sender_id: str) -> bool:
        """The customer leaves the queue; False when they were in none.

        Raises:
            ConcurrentChange: an agent took the talk at the same moment.
        """
        with self._database.change() as session:
            row = _open_row(session, sender_id)
            if row is None or row.state != HandoffState.WAITING.value:
                return False
            self._close(row)
            return True

    def accept(self, handoff_id: int, agent: str) -> HandoffView:
        """An agent takes a waiting talk.

        Raises:
            NotFound: there is no such row.
            ConcurrentChange: another agent has it.
            WrongState: it is closed.
        """
        with self._database.change() as session:
            row = _row(session, handoff_id)
            if row.state == HandoffState.CLOSED.value:
                raise WrongState(f"handoff {handoff_id} is closed; the customer has to ask again")
            if row.state == HandoffState.AGENT.value and row.agent != agent[:40]:
                raise ConcurrentChange(f"another agent has taken handoff {handoff_id}")
            if row.state == HandoffState.WAITING.value:
                row.state, row.agent, row.accepted_at = HandoffState.AGENT.value, agent[:40], self._now()
                session.flush()
            return _view(session, row, False)

    def close(self, handoff_id: int) -> HandoffView:
        """End a talk, or take it out of the queue; closing twice changes nothing.

        Raises:
            NotFound: there is no such row.
            ConcurrentChange: it was changed at the same moment.
        """
        with self._database.change() as session:
            row = _row(session, handoff_id)
            if row.state != HandoffState.CLOSED.value:
                self._close(row)
                session.flush()
            return _view(session, row, False)

    def _close(self, row: Any) -> None:
        row.state, row.closed_at = HandoffState.CLOSED.value, self._now()


def _open_row(session: Any, sender_id: str) -> Any:
    return session.execute(select(Handoff).where(_TABLE.c.sender_id == sender_id, _OPEN)).scalar()


def _row(session: Any, handoff_id: int) -> Any:
    row = session.get(Handoff, handoff_id)
    if row is None:
        raise NotFound(f"there is no handoff {handoff_id}")
    return row


def _view(session: Any, row: Any, new: bool) -> HandoffView:
    position = 0
    if row.state == HandoffState.WAITING.value:
        earlier = or_(_TABLE.c.priority > row.priority, and_(_TABLE.c.priority == row.priority, _TABLE.c.id < row.id))
        position = 1 + int(
            session.execute(
                select(func.count())
                .select_from(_TABLE)
                .where(_TABLE.c.state == HandoffState.WAITING.value, _TABLE.c.skill_group == row.skill_group, earlier)
            ).scalar()
        )
    return HandoffView(
        id=row.id,
        sender_id=row.sender_id,
        state=HandoffState(row.state),
        reason=row.reason,
        skill_group=row.skill_group,
        position=position,
        agent=row.agent,
        created_at=row.created_at,
        new=new,
    )
