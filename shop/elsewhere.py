"""Talks that a platform's own staff has, WeCom's say: the bot is silent there, and supervisors here see what is said.

The platform decides when they begin and end. Here they are talks with a person
of no account of ours, in a group of their own; nothing is announced to the
customer, for the platform does so, and none of our clocks ends them.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from shop import handoff_rows as rows
from shop.entities import HandoffView
from shop.models import Conversation, Message
from shop.signals import signal
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

MARK = "elsewhere"
"""In the body of a message that the platform's staff said: the customer has it already."""


class Elsewhere:
    """Notes what a platform tells of its own staff; each may be told twice."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def take(self, sender_id: str, name: str) -> HandoffView | None:
        """The platform's staff has a talk now, or another one of them has; None for a talk that is not known here."""
        customer_id = self._shop.identity.who(sender_id)
        with self._shop.database.change() as session:
            row = rows.open_row(session, sender_id, lock=True)
            known = select(Conversation.sender_id).where(Conversation.sender_id == sender_id)
            if row is None and session.execute(known).first() is None:
                return None
            if row is None:
                row = self._shop.handoffs.new_row(session, sender_id, customer_id, "taken", rows.ELSEWHERE, 0)
                session.add(row)
            now, before = self._shop.clock(), row.agent_id
            row.state, row.skill_group = HandoffState.AGENT.value, rows.ELSEWHERE
            row.agent, row.agent_id, row.warned_at = name[:40], None, None
            row.accepted_at = row.accepted_at or now
            session.flush()
            rows.step(self._shop, session, row, "elsewhere", detail={"name": row.agent, "from": before})
            self._signal(session, row)
            return rows.view(self._shop, session, row)

    def back(self, sender_id: str) -> bool:
        """The platform's staff is done: the bot speaks again. False when they had no talk there."""
        with self._shop.database.change() as session:
            row = rows.open_row(session, sender_id, lock=True)
            if row is None or row.skill_group != rows.ELSEWHERE:
                return False
            row.state, row.closed_at, row.close_reason = HandoffState.CLOSED.value, self._shop.clock(), MARK
            session.flush()
            rows.step(self._shop, session, row, "closed", detail={"reason": MARK})
            self._signal(session, row)
            return True

    def said(self, sender_id: str, external_id: str, name: str, text: str, sent_at: float = 0.0) -> None:
        """Keep what one of them said, once; only in a talk that they have.

        ``sent_at`` (seconds since 1970; 0: now) is its moment, unless something stands after it already.
        """
        body = {"text": text, "agent": {"name": name}, "custom": {"agent": {"name": name}}, MARK: True}
        now = self._shop.clock()
        at = min(now, datetime.fromtimestamp(sent_at, timezone.utc)) if sent_at else now
        values = {
            "sender_id": sender_id,
            "external_id": external_id[:100],
            "direction": "agent",
            "body_sealed": self._shop.cipher.seal_json(body),
            "delivered_at": now,
        }
        last = select(Message.at).where(Message.sender_id == sender_id).order_by(Message.id.desc()).limit(1)
        try:
            with self._shop.database.change() as session:
                row = rows.open_row(session, sender_id, lock=True)
                if row is not None and row.skill_group == rows.ELSEWHERE:
                    self._shop.handoffs.agent_spoke(session, row)
                    session.flush()
                    before = session.execute(last).scalar()
                    values["at"] = at if before is None else max(at, before)
                    session.execute(insert(Message.__table__), values)
        except IntegrityError:
            pass  # it was told before

    def has(self, sender_id: str) -> bool:
        """Whether they have a talk now."""
        with self._shop.database.read() as session:
            row = rows.open_row(session, sender_id)
            return row is not None and row.skill_group == rows.ELSEWHERE

    def talks(self, channel: str) -> list[HandoffView]:
        """The talks of a channel that they have now."""
        found = self._shop.handoffs.with_agents()
        return [one for one in found if one.skill_group == rows.ELSEWHERE and one.sender_id.startswith(f"{channel}:")]

    def _signal(self, session: Any, row: Any) -> None:
        body = {"handoff_id": row.id, "state": row.state, "agent_id": row.agent_id}
        signal(self._shop, session, row.sender_id, "state", body)
