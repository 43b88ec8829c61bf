"""Who speaks in a conversation: the bot, a queue, or a person.

    (no open row: the bot) ──request──▶ waiting ──accept──▶ agent ──close──▶ closed
              │                          │  ▲                 │  ▲              │
              │                          │  └───to_group──────┘  └─transfer     │
              │                          └──leave, timeout──▶ closed            │
              └──────────take_over────────────────────────────▶ agent           │
              ◀──────────────────────the bot speaks again────────────────────────

``waiting``: the customer is in a queue and the bot still answers. ``agent``: a
person has taken over and the bot is silent. A unique index allows one open row a
conversation. Every step locks the conversation, as the bot's answers do, so of
two agents one wins, and no answer of the bot comes after a take-over. Each step
writes its record (``handoff_step``), what the customer is told, and a signal
for open pages, all in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from shop import handoff_rows as rows
from shop.entities import HandoffView
from shop.errors import BadValue, ConcurrentChange, NotFound, WrongState
from shop.models import Agent, Handoff
from shop.notices import tell
from shop.signals import signal
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

REASONS = frozenset(
    "asked anger misunderstood action_failed large_refund signed_not_received complaint vip taken other".split()
)
"""Why people are called; others are kept too, these have words at the desk."""
CLOSE_REASONS = ("solved", "unsolved", "no_answer", "spam", "other")
"""What an agent closes a talk with; the queue and the clock have reasons of their own."""

_TABLE = rows.TABLE


class Handoffs:
    """Moves conversations between the bot, the queue and people."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._database = shop.database
        self._now = shop.clock

    # Reading

    def speaker(self, sender_id: str) -> str:
        """``bot``, ``waiting`` or ``agent``."""
        with self._database.read() as session:
            state = session.execute(select(_TABLE.c.state).where(_TABLE.c.sender_id == sender_id, rows.OPEN)).scalar()
        return "bot" if state is None else str(state)

    def current(self, sender_id: str) -> HandoffView | None:
        """The conversation's open row, if there is one."""
        with self._database.read() as session:
            row = rows.open_row(session, sender_id)
            return None if row is None else rows.view(self._shop, session, row)

    def get(self, handoff_id: int) -> HandoffView:
        """One row, open or closed.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as session:
            row = session.get(Handoff, handoff_id)
            if row is None:
                raise NotFound(f"there is no handoff {handoff_id}")
            return rows.view(self._shop, session, row)

    def waiting(self, skill_group: str | None = None) -> list[HandoffView]:
        """The queue in the order in which it is served."""
        query = select(Handoff).where(rows.WAITING)
        if skill_group is not None:
            query = query.where(_TABLE.c.skill_group == skill_group)
        return self._views(query.order_by(_TABLE.c.rank_at, _TABLE.c.id))

    def with_agents(self, agent_id: int | None = None) -> list[HandoffView]:
        """Talks that a person (or this one) has now, the longest first."""
        query = select(Handoff).where(rows.WITH_AGENT)
        if agent_id is not None:
            query = query.where(_TABLE.c.agent_id == agent_id)
        return self._views(query.order_by(_TABLE.c.accepted_at, _TABLE.c.id))

    def past(self, sender_id: str, customer_id: int | None = None, limit: int = 20) -> list[HandoffView]:
        """Closed talks of a conversation, and of its customer in others; newest first."""
        whose = _TABLE.c.sender_id == sender_id
        if customer_id is not None:
            whose = whose | (_TABLE.c.customer_id == customer_id)
        return self._views(select(Handoff).where(whose, ~rows.OPEN).order_by(_TABLE.c.id.desc()).limit(limit))

    def _views(self, query: Any) -> list[HandoffView]:
        with self._database.read() as session:
            return [rows.view(self._shop, session, row) for row in session.execute(query).scalars().all()]

    # The customer's and the bot's side

    def request(
        self, sender_id: str, customer_id: int | None, reason: str, skill_group: str = "any", priority: int = 0
    ) -> HandoffView:
        """Ask for a person; asking again returns the same open row (``new`` is False then).

        A customer's level adds to the priority. A further reason is kept beside the first.
        """
        try:
            with self._database.change() as session:
                row = rows.open_row(session, sender_id, lock=True)
                if row is not None:
                    known = {one["reason"] for one in row.reasons or ()}
                    if reason[:20] not in known or priority > row.priority:
                        self._add_reason(session, row, reason, max(0, priority - row.priority))
                        session.flush()
                    return rows.view(self._shop, session, row)
                row = self.new_row(session, sender_id, customer_id, reason, skill_group, priority)
                session.add(row)
                session.flush()
                rows.step(self._shop, session, row, "asked", detail={"reason": row.reason})
                self._signal(session, row)
                return rows.view(self._shop, session, row, new=True)
        except IntegrityError:  # the same request arrived twice at once
            found = self.current(sender_id)
            if found is None:
                raise
            return found

    def raise_priority(self, sender_id: str, reason: str, by: int = 1) -> HandoffView | None:
        """Serve a waiting customer sooner, and record why: a sharper word, another failure.

        Returns:
            The open row, or None when nobody waits or speaks with a person.
        """
        with self._database.change() as session:
            row = rows.open_row(session, sender_id, lock=True)
            if row is None:
                return None
            self._add_reason(session, row, reason, by)
            session.flush()
            self._signal(session, row)
            return rows.view(self._shop, session, row)

    def leave(self, sender_id: str) -> bool:
        """The customer leaves the queue; False when they were in none."""
        with self._database.change() as session:
            row = rows.open_row(session, sender_id, lock=True)
            if row is None or row.state != HandoffState.WAITING.value:
                return False
            self._end(session, row, "left")
            return True

    def customer_spoke(self, sender_id: str) -> None:
        """A customer's word waits for its agent's answer from now on, unless one does already."""
        with self._database.change() as session:
            session.execute(
                update(_TABLE)
                .where(_TABLE.c.sender_id == sender_id, rows.WITH_AGENT, _TABLE.c.customer_at.is_(None))
                .values(customer_at=self._now())
            )

    def rate(self, sender_id: str, handoff_id: int, rating: int, comment: str = "") -> HandoffView:
        """The customer's opinion of a talk that has ended; the last one counts.

        Raises:
            NotFound: there is no such talk in this conversation.
            WrongState: it has not ended, or no person was in it.
            BadValue: the rating is not 1 to 5, or the comment too long.
        """
        if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
            raise BadValue("rating: give 1 to 5", field="rating")
        if not isinstance(comment, str) or len(comment) > 500:
            raise BadValue("comment: give at most 500 characters", field="comment")
        with self._database.change() as session:
            row = rows.locked_row(session, handoff_id)
            if row.sender_id != sender_id:
                raise NotFound(f"there is no handoff {handoff_id} in this conversation")
            if row.state != HandoffState.CLOSED.value or row.accepted_at is None:
                raise WrongState("only a person's talk that has ended can be rated")
            row.rating, row.rated_at = rating, self._now()
            row.comment_sealed = self._shop.cipher.seal(comment.strip()) if comment.strip() else None
            session.flush()
            rows.step(self._shop, session, row, "rated", detail={"rating": rating})
            self._signal(session, row)
            return rows.view(self._shop, session, row)

    # The agents' side

    def accept(self, handoff_id: int, agent: str, agent_id: int | None = None) -> HandoffView:
        """An agent takes a waiting talk.

        Raises:
            NotFound: there is no such row.
            ConcurrentChange: another agent has it.
            WrongState: it is closed.
        """
        with self._database.change() as session:
            row = rows.locked_row(session, handoff_id)
            if row.state == HandoffState.CLOSED.value:
                raise WrongState(f"handoff {handoff_id} is closed; the customer has to ask again")
            if row.state == HandoffState.AGENT.value and not _is_his(row, agent, agent_id):
                raise ConcurrentChange(f"another agent has taken handoff {handoff_id}")
            if row.state == HandoffState.WAITING.value:
                self._give(session, row, agent, agent_id, "accepted")
            return rows.view(self._shop, session, row)

    def take_over(self, sender_id: str, agent: str, agent_id: int, customer_id: int | None = None) -> HandoffView:
        """An agent takes a talk from the bot, from the queue, or (a supervisor who barges in) from a colleague.

        Raises:
            NotFound: there is no such conversation (any more).
            ConcurrentChange: somebody else did so at the same moment.
        """
        try:
            with self._database.change() as session:
                row = rows.open_row(session, sender_id, lock=True)
                if row is None:
                    rows.need_talk(session, sender_id)
                    row = self.new_row(session, sender_id, customer_id, "taken", "any", 0)
                    session.add(row)
                    session.flush()
                if row.state == HandoffState.AGENT.value and _is_his(row, agent, agent_id):
                    return rows.view(self._shop, session, row)
                notice = "barged" if row.state == HandoffState.AGENT.value else "accepted"
                self._give(session, row, agent, agent_id, notice)
                return rows.view(self._shop, session, row)
        except IntegrityError as error:
            raise ConcurrentChange("somebody else took this talk at the same moment") from error

    def transfer(self, handoff_id: int, agent_id: int, by: int | None = None) -> HandoffView:
        """Give a talk to another agent, whoever has it now.

        Raises:
            NotFound: there is no such row, or no such agent at work.
            WrongState: it is closed.
        """
        with self._database.change() as session:
            row = self._open_for(session, handoff_id)
            target = session.get(Agent, agent_id)
            if target is None or not target.is_active:
                raise NotFound(f"there is no agent {agent_id}")
            if row.agent_id != agent_id:
                self._give(session, row, target.name, agent_id, "transferred", by)
            return rows.view(self._shop, session, row)

    def to_group(self, handoff_id: int, skill_group: str, by: int | None = None) -> HandoffView:
        """Send a talk (back) into a group's queue, one step of priority up; its wait begins anew.

        It keeps its rank, and is not assigned to who had it or sent it, though they may pick it.

        Raises:
            NotFound: there is no such row.
            WrongState: it is closed.
        """
        with self._database.change() as session:
            row = self._open_for(session, handoff_id)
            before = row.agent_id
            row.state, row.skill_group = HandoffState.WAITING.value, skill_group[:12]
            row.agent = row.agent_id = row.customer_at = row.warned_at = row.told_position = None
            self._set_priority(row, row.priority + 1)
            session.flush()
            rows.step(self._shop, session, row, "group", by, {"group": row.skill_group, "from": before})
            tell(self._shop, session, row.sender_id, "regrouped")
            self._signal(session, row)
            return rows.view(self._shop, session, row)

    def agent_spoke(self, session: Any, row: Any) -> None:
        """Note, within the transaction that keeps an agent's words, that they answered."""
        row.agent_at = self._now()
        row.customer_at = row.warned_at = None
        if row.first_reply_at is None:
            row.first_reply_at = row.agent_at

    def close(
        self, handoff_id: int, reason: str = "solved", tags: Iterable[str] = (), by: int | None = None
    ) -> HandoffView:
        """End a talk, or take it out of the queue; closing twice changes nothing.

        After a person's talk the customer is asked for a rating; the bot speaks again.

        Raises:
            NotFound: there is no such row.
        """
        with self._database.change() as session:
            row = rows.locked_row(session, handoff_id)
            if row.state != HandoffState.CLOSED.value:
                row.tags = [str(one)[:20] for one in tags][:10]
                self._end(session, row, reason, by)
            return rows.view(self._shop, session, row)

    def close_if(self, handoff_id: int, state: HandoffState, which: Any, reason: str) -> bool:
        """End a talk if a condition still holds under its lock; returns whether it was ended."""
        with self._database.change() as session:
            row = rows.locked_row(session, handoff_id)
            still = session.execute(
                select(_TABLE.c.id).where(_TABLE.c.id == handoff_id, _TABLE.c.state == state.value, which)
            ).first()
            if still is not None:
                self._end(session, row, reason)
            return still is not None

    # Steps

    def new_row(
        self, session: Any, sender_id: str, customer_id: int | None, reason: str, skill_group: str, priority: int
    ) -> Any:
        """A row that waits, for the caller's transaction to add; what is none of these asks ``request``."""
        customer_id = rows.living(session, customer_id)
        now, steps = self._now(), priority + rows.level_bonus(session, customer_id)
        return Handoff(
            sender_id=sender_id,
            customer_id=customer_id,
            state=HandoffState.WAITING.value,
            reason=reason[:20],
            reasons=[{"reason": reason[:20], "at": now.isoformat()}],
            skill_group=skill_group[:12],
            priority=steps,
            created_at=now,
            rank_at=rows.rank(now, steps, self._shop.settings.priority_minutes),
        )

    def _add_reason(self, session: Any, row: Any, reason: str, by: int) -> None:
        row.reasons = [*(row.reasons or []), {"reason": reason[:20], "at": self._now().isoformat(), "by": by}][-20:]
        if by > 0:
            self._set_priority(row, row.priority + by)
        rows.step(self._shop, session, row, "reason", detail={"reason": reason[:20], "by": by})

    def _set_priority(self, row: Any, priority: int) -> None:
        row.priority = min(priority, 20)
        row.rank_at = rows.rank(row.created_at, row.priority, self._shop.settings.priority_minutes)

    def _open_for(self, session: Any, handoff_id: int) -> Any:
        row = rows.locked_row(session, handoff_id)
        if row.state == HandoffState.CLOSED.value:
            raise WrongState(f"handoff {handoff_id} is closed")
        return row

    def _give(
        self, session: Any, row: Any, agent: str, agent_id: int | None, notice: str, by: int | None = None
    ) -> None:
        before = row.agent_id
        if row.skill_group == rows.ELSEWHERE:
            row.skill_group = "any"
        row.state, row.agent, row.agent_id = HandoffState.AGENT.value, agent[:40], agent_id
        row.accepted_at = row.accepted_at or self._now()
        row.customer_at, row.warned_at = self._now(), None  # somebody waits for the first word
        session.flush()
        rows.step(self._shop, session, row, notice, agent_id, {"from": before, "by": by})
        tell(self._shop, session, row.sender_id, notice, agent=row.agent)
        self._signal(session, row)

    def _end(self, session: Any, row: Any, reason: str, by: int | None = None) -> None:
        spoke = row.state == HandoffState.AGENT.value
        row.state, row.closed_at, row.close_reason = HandoffState.CLOSED.value, self._now(), reason[:20]
        session.flush()
        rows.step(self._shop, session, row, "closed", by or row.agent_id, {"reason": row.close_reason})
        notice = reason if reason in ("timeout", "silence", "idle", "back") else "closed"
        if spoke or reason == "timeout":
            tell(self._shop, session, row.sender_id, notice, {"type": "leave_message"} if reason == "timeout" else None)
        if spoke and row.accepted_at is not None:
            tell(self._shop, session, row.sender_id, "rate", {"type": "rating", "handoff_id": row.id})
        self._signal(session, row)

    def _signal(self, session: Any, row: Any) -> None:
        body = {"handoff_id": row.id, "state": row.state, "agent_id": row.agent_id}
        signal(self._shop, session, row.sender_id, "state", body)


def _is_his(row: Any, agent: str, agent_id: int | None) -> bool:
    return bool(row.agent_id == agent_id if agent_id is not None else row.agent == agent[:40])
