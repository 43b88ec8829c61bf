"""Where Rasa's trackers are kept: sealed, one row a turn, erasable.

A row (a chunk) holds the events that a turn added and, for a reader who does
not go back to the beginning of the session, the state before them. What the
events and the state mean is ``bot.tracker_store``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import bindparam, delete, func, insert, select

from shop.handoff_rows import lock_talk
from shop.messages import is_kept_in
from shop.models import TrackerChunk

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = TrackerChunk.__table__
_HEAD = select(func.max(_TABLE.c.id)).where(_TABLE.c.sender_id == bindparam("sender"))  # built once: it is asked often
_IS_THERE = select(_TABLE.c.id).where(_TABLE.c.id == bindparam("chunk"), _TABLE.c.sender_id == bindparam("sender"))
_INSERT = insert(_TABLE)
_SMALLEST_TURN = 3  # a turn adds at least: the message, an action, the listening


@dataclass(frozen=True)
class Chunk:
    """Events of one turn, as JSON values."""

    starts_session: bool
    before: dict[str, Any] | None  # the state before the events; None where a session starts
    events: list[dict[str, Any]]
    id: int = 0


class Trackers:
    """Appends and reads chunks; every method may raise DatabaseDown."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._cipher = shop.cipher
        self._now = shop.clock

    def head(self, sender_id: str) -> int:
        """The id of a conversation's newest chunk; 0 when it has none."""
        with self._database.read() as session:
            return session.execute(_HEAD, {"sender": sender_id}).scalar() or 0

    def append(
        self, sender_id: str, chunks: Sequence[Chunk], after: int = 0, answering: int | None = None
    ) -> int | None:
        """Keep chunks in one transaction, unless the conversation was erased since their turn began.

        Args:
            sender_id: The conversation, held meanwhile as an erasure holds it: of the two, one comes first.
            chunks: What the turn added.
            after: The head when the turn began; 0 when there was none.
            answering: The kept message that the turn answers, where it answers one.

        Returns:
            The new head; None when nothing was kept.
        """
        rows = [
            {
                "sender_id": sender_id,
                "starts_session": int(chunk.starts_session),
                "events": len(chunk.events),
                "body_sealed": self._cipher.seal_json({"before": chunk.before, "events": chunk.events}),
                "at": self._now(),
            }
            for chunk in chunks
        ]
        head = 0
        with self._database.change() as session:
            lock_talk(session, sender_id)
            if answering is not None:
                is_there = is_kept_in(session, sender_id, answering)
            else:
                is_there = not after or session.execute(_IS_THERE, {"chunk": after, "sender": sender_id}).first()
            if not is_there:
                return None
            for row in rows:
                head = int(session.execute(_INSERT, row).inserted_primary_key[0])
        return head

    def recent(self, sender_id: str, at_most: int) -> list[Chunk]:
        """The newest chunks of the current session, oldest first, with about ``at_most`` events.

        A chunk is never cut: the oldest one may bring a few events more.
        """
        query = select(_TABLE).where(_TABLE.c.sender_id == sender_id).order_by(_TABLE.c.id.desc())
        found: list[Any] = []
        with self._database.read() as session:
            for row in session.execute(query.limit(at_most // _SMALLEST_TURN + 1)):
                found.append(row)
                if row.starts_session or sum(one.events for one in found) >= at_most:
                    break
        return [self._chunk(row) for row in reversed(found)]

    def everything(self, sender_id: str) -> list[Chunk]:
        """All chunks of all sessions, oldest first."""
        query = select(_TABLE).where(_TABLE.c.sender_id == sender_id).order_by(_TABLE.c.id)
        with self._database.read() as session:
            return [self._chunk(row) for row in session.execute(query).all()]

    def senders(self) -> list[str]:
        """All conversations that have a tracker."""
        with self._database.read() as session:
            return list(session.execute(select(_TABLE.c.sender_id).distinct()).scalars())

    def delete(self, sender_id: str) -> int:
        """Erase a conversation's tracker; returns the number of chunks that it had."""
        with self._database.change() as session:
            return int(session.execute(delete(_TABLE).where(_TABLE.c.sender_id == sender_id)).rowcount)

    def _chunk(self, row: Any) -> Chunk:
        body = self._cipher.open_json(row.body_sealed)
        return Chunk(bool(row.starts_session), body["before"], body["events"], row.id)
