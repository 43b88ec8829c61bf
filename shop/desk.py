"""What agents say to customers, note for each other, and keep ready to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, update

from shop import handoff_rows as rows
from shop.entities import AgentView, StoredMessage
from shop.errors import BadValue, ConcurrentChange, NotFound
from shop.models import Agent, CannedReply, DeskNote, Message
from shop.signals import signal
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

NOTE_LIMIT = 1000
_MESSAGES = Message.__table__
_CANNED = CannedReply.__table__


class Desk:
    """The agents' words."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._database = shop.database

    def speak(self, sender_id: str, agent: AgentView, body: dict[str, Any], client_id: str | None) -> StoredMessage:
        """Say something to a customer as an agent, once; the channel delivers it.

        A word into a talk that the bot has, or that waits, takes the talk over.

        Args:
            sender_id: The conversation.
            agent: Who speaks.
            body: text, attachments, custom (cards).
            client_id: The desk's id of the message; a second one with it is a double.

        Raises:
            NotFound: there is no such conversation (any more).
            ConcurrentChange: a colleague has the talk.
        """
        external = f"desk:{agent.id}:{client_id}"[:100] if client_id else None
        with self._database.read() as session:
            known = self._said(session, sender_id, external)
        if known is not None:
            return known
        self._take_if_free(sender_id, agent)
        whole, now = _signed(body, agent, client_id), self._shop.clock()
        values = {
            "sender_id": sender_id,
            "external_id": external,
            "direction": "agent",
            "body_sealed": self._shop.cipher.seal_json(whole),
            "at": now,
            "agent_id": agent.id,
        }
        with self._database.change() as session:
            row = rows.open_row(session, sender_id, lock=True)
            if row is None or row.agent_id != agent.id:
                raise ConcurrentChange("this talk is not yours (any more); take it over first")
            known = self._said(session, sender_id, external)  # a double that came at the same moment
            if known is not None:
                return known
            self._shop.handoffs.agent_spoke(session, row)
            found = session.execute(insert(_MESSAGES), values).inserted_primary_key[0]
        return StoredMessage(int(found), "agent", whole, now)

    def _take_if_free(self, sender_id: str, agent: AgentView) -> None:
        current = self._shop.handoffs.current(sender_id)
        if current is None or current.state is HandoffState.WAITING:
            self._shop.handoffs.take_over(sender_id, agent.name, agent.id, self._shop.identity.who(sender_id))

    def _said(self, session: Any, sender_id: str, external: str | None) -> StoredMessage | None:
        if external is None:
            return None
        query = select(_MESSAGES.c.id).where(_MESSAGES.c.sender_id == sender_id, _MESSAGES.c.external_id == external)
        found = session.execute(query).scalar()
        return None if found is None else self._shop.messages.by_ids([found])[found]

    # Notes

    def note(self, sender_id: str, agent_id: int, text: Any, mentions: Any = (), kind: str = "note") -> dict[str, Any]:
        """Write a note (or a supervisor's whisper) that no customer sees.

        Raises:
            BadValue: it is empty or too long.
            NotFound: a mentioned agent does not exist, or the conversation (any more).
        """
        words = text.strip() if isinstance(text, str) else ""
        if not 0 < len(words) <= NOTE_LIMIT:
            raise BadValue(f"text: give 1 to {NOTE_LIMIT} characters", field="text")
        ids = sorted({one for one in mentions or () if isinstance(one, int) and not isinstance(one, bool)})
        row = DeskNote(
            sender_id=sender_id,
            agent_id=agent_id,
            kind=kind,
            text_sealed=self._shop.cipher.seal(words),
            mentions=ids or None,
            at=self._shop.clock(),
        )
        with self._database.change() as session:
            rows.lock_talk(session, sender_id)
            rows.need_talk(session, sender_id)
            known = session.execute(select(Agent.id).where(Agent.id.in_(ids))).scalars().all() if ids else []
            if len(known) != len(ids):
                raise NotFound("a mentioned agent does not exist")
            session.add(row)
            session.flush()
            body = {"note_id": row.id, "agent_id": agent_id, "mentions": ids, "kind": kind}
            signal(self._shop, session, sender_id, "note", body)
            name = session.execute(select(Agent.name).where(Agent.id == agent_id)).scalar()
            return self._note_view(row, name)

    def notes(self, sender_id: str, limit: int = 50) -> list[dict[str, Any]]:
        """A conversation's notes, oldest first."""
        query = select(DeskNote, Agent.name).join(Agent, Agent.id == DeskNote.agent_id)
        query = query.where(DeskNote.sender_id == sender_id).order_by(DeskNote.id.desc()).limit(limit)
        with self._database.read() as session:
            found = session.execute(query).all()
        return [self._note_view(row, name) for row, name in reversed(found)]

    def _note_view(self, row: Any, name: str | None) -> dict[str, Any]:
        return {
            "id": row.id,
            "kind": row.kind,
            "agent_id": row.agent_id,
            "agent": name,
            "text": self._shop.cipher.open(row.text_sealed),
            "mentions": row.mentions or [],
            "at": row.at.isoformat(),
        }

    # Sentences kept ready

    def canned(self, agent_id: int, words: str = "", limit: int = 30) -> list[dict[str, Any]]:
        """Everybody's canned replies and one's own that fit the words, the most used first."""
        query = select(_CANNED).where(or_(_CANNED.c.agent_id.is_(None), _CANNED.c.agent_id == agent_id))
        needle = words.strip()[:40]
        if needle:
            columns = (_CANNED.c.shortcut, _CANNED.c.title, _CANNED.c.text)
            query = query.where(or_(*(column.contains(needle, autoescape=True) for column in columns)))
        with self._database.read() as session:
            found = session.execute(query.order_by(_CANNED.c.uses.desc(), _CANNED.c.shortcut).limit(limit)).all()
        return [
            {
                "id": one.id,
                "shortcut": one.shortcut,
                "title": one.title,
                "text": one.text,
                "shared": one.agent_id is None,
            }
            for one in found
        ]

    def keep_canned(self, shortcut: Any, title: Any, text: Any, agent_id: int | None) -> int:
        """Keep a sentence ready, for everybody (``agent_id`` None) or for one; returns its id.

        Raises:
            BadValue: a part is empty or too long.
        """
        values: dict[str, Any] = {}
        for key, raw, limit in (("shortcut", shortcut, 20), ("title", title, 60), ("text", text, 1000)):
            words = raw.strip() if isinstance(raw, str) else ""
            if not 0 < len(words) <= limit:
                raise BadValue(f"{key}: give 1 to {limit} characters", field=key)
            values[key] = words
        values.update(agent_id=agent_id, uses=0, updated_at=self._shop.clock())
        with self._database.change() as session:
            return int(session.execute(insert(_CANNED), values).inserted_primary_key[0])

    def drop_canned(self, canned_id: int, agent_id: int | None) -> None:
        """Forget a sentence: one's own, or any (``agent_id`` None).

        Raises:
            NotFound: there is none that may be forgotten.
        """
        which = _CANNED.c.id == canned_id
        if agent_id is not None:
            which = which & (_CANNED.c.agent_id == agent_id)
        with self._database.change() as session:
            if not session.execute(delete(_CANNED).where(which)).rowcount:
                raise NotFound("there is no such canned reply of yours")

    def used_canned(self, canned_id: int) -> None:
        """Count a use."""
        with self._database.change() as session:
            session.execute(update(_CANNED).where(_CANNED.c.id == canned_id).values(uses=_CANNED.c.uses + 1))


def _signed(body: dict[str, Any], agent: AgentView, client_id: str | None) -> dict[str, Any]:
    """A message's body with the agent's name, and the desk's own id of it."""
    name = {"name": agent.name}
    whole = {**body, "agent": name, "custom": {**(body.get("custom") or {}), "agent": name}}
    if client_id:
        whole["message_id"] = client_id[:100]  # the desk knows its own message by it, in whatever it missed
    return whole
