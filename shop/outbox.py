"""What is on its way to customers of the messaging channels: in order, retried, and dead letters for people to see.

Any process may post; the process that runs the channel sends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shop.channel_views import DeadLetter, OutboxRow
from shop.models import ChannelOutbox, ChannelPeer
from shop.peers import room_of

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = ChannelOutbox.__table__
_PEERS = ChannelPeer.__table__
KEPT = timedelta(days=7)
DEAD_KEPT = timedelta(days=90)
BOT_STALE, STALE = timedelta(days=2), timedelta(days=7)
"""How long an answer of the bot, and a person's or a campaign's word, may wait for the customer to write again."""


class Outbox:
    """Takes messages, hands them out in order, and remembers how they ended."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def post(
        self,
        channel: str,
        sender_id: str,
        bodies: Sequence[dict[str, Any]],
        origin: str = "bot",
        key: str | None = None,
    ) -> int | None:
        """Put messages on their way, as one unit.

        Args:
            channel: The channel's name.
            sender_id: The conversation.
            bodies: The messages: {text, buttons, custom, image}.
            origin: bot, agent, sys or campaign.
            key: Where given, a second message of the same key is not posted.

        Returns:
            The row's id; None when the key was there already.
        """
        sealed = self._cipher.seal_json(list(bodies))
        try:
            with self._database.change() as session:
                return post_in(session, channel, sender_id, sealed, origin, self._now(), key)
        except IntegrityError:
            return None

    def due(self, channel: str, limit: int = 200) -> list[str]:
        """Conversations of a channel with something to send now, the longest waiting first."""
        now = self._now()
        query = (
            select(_TABLE.c.sender_id)
            .where(_TABLE.c.channel == channel, _TABLE.c.state == "waiting")
            .group_by(_TABLE.c.sender_id)
            .having(func.max(_TABLE.c.next_at) <= now)  # one that waits for its next try holds the later ones back
            .order_by(func.min(_TABLE.c.id))
        )
        with self._database.read() as session:
            return [str(one) for one in session.execute(query.limit(limit)).scalars()]

    def waiting(self, sender_id: str, limit: int = 30) -> list[OutboxRow]:
        """What waits for a conversation, in order; empty while the first has to wait for its next try."""
        query = select(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.state == "waiting")
        with self._database.read() as session:
            rows = session.execute(query.order_by(_TABLE.c.id).limit(limit)).all()
        if rows and rows[0].next_at > self._now():
            return []
        return [
            OutboxRow(row.id, row.origin, self._cipher.open_json(row.body_sealed), row.pieces_done, row.tries)
            for row in rows
        ]

    def progress(self, done: dict[int, int], ended: Sequence[int]) -> None:
        """Remember how many pieces of each row were sent, and which rows are complete."""
        now = self._now()
        with self._database.change() as session:
            for row_id, pieces in done.items():
                values: dict[str, Any] = {"pieces_done": pieces, "tries": 0, "error": None}
                if row_id in ended:
                    values |= {"state": "sent", "ended_at": now}
                session.execute(update(_TABLE).where(_TABLE.c.id == row_id).values(**values))

    def postpone(self, row_id: int, seconds: float, error: str) -> None:
        """Try a row again later."""
        with self._database.change() as session:
            session.execute(
                update(_TABLE)
                .where(_TABLE.c.id == row_id)
                .values(tries=_TABLE.c.tries + 1, next_at=self._now() + timedelta(seconds=seconds), error=error[:80])
            )

    def hold(self, sender_id: str) -> bool:
        """Keep everything for a conversation until its customer writes again.

        Nothing is held, and False comes back, when they wrote just now: they would have to write once more.
        """
        peer = select(_PEERS).where(_PEERS.c.sender_id == sender_id).with_for_update()
        with self._database.change() as session:
            row = session.execute(peer).first()
            if row is not None and room_of(row, self._now()) != 0:
                return False
            mine = update(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.state == "waiting")
            session.execute(mine.values(state="held", next_at=self._now()))
        return True

    def bury(self, row_id: int, error: str) -> None:
        """Give a row up: it becomes a dead letter."""
        with self._database.change() as session:
            session.execute(
                update(_TABLE).where(_TABLE.c.id == row_id).values(state="dead", error=error[:80], ended_at=self._now())
            )

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """What could not be delivered, newest first, with its words."""
        query = select(_TABLE).where(_TABLE.c.state == "dead").order_by(_TABLE.c.id.desc()).limit(limit)
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [
            DeadLetter(
                row.id, row.channel, row.sender_id, row.origin, self._cipher.open_json(row.body_sealed),
                row.error or "", row.at, row.ended_at,
            )
            for row in rows
        ]  # fmt: skip

    def revive(self, row_id: int) -> bool:
        """Send a dead letter once more; False when there is none of that id."""
        with self._database.change() as session:
            change = update(_TABLE).where(_TABLE.c.id == row_id, _TABLE.c.state == "dead")
            values = {"state": "waiting", "tries": 0, "error": None, "next_at": self._now(), "ended_at": None}
            return bool(session.execute(change.values(**values)).rowcount)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many rows of each channel are in each state."""
        query = select(_TABLE.c.channel, _TABLE.c.state, func.count()).group_by(_TABLE.c.channel, _TABLE.c.state)
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as session:
            for channel, state, count in session.execute(query):
                found.setdefault(channel, {})[state] = int(count)
        return found

    def purge(self) -> int:
        """Forget what was sent long ago, and dead letters that nobody wanted; returns how many.

        What waited too long becomes a dead letter: an answer of last week would only puzzle.
        """
        now = self._now()
        waits = _TABLE.c.state.in_(("waiting", "held"))
        old = or_(_TABLE.c.at < now - STALE, (_TABLE.c.origin == "bot") & (_TABLE.c.at < now - BOT_STALE))
        with self._database.change() as session:
            session.execute(
                update(_TABLE).where(waits, old).values(state="dead", error="waited too long", ended_at=now)
            )
            sent = delete(_TABLE).where(_TABLE.c.state == "sent", _TABLE.c.ended_at < now - KEPT)
            dead = delete(_TABLE).where(_TABLE.c.state == "dead", _TABLE.c.ended_at < now - DEAD_KEPT)
            return int(session.execute(sent).rowcount) + int(session.execute(dead).rowcount)


def release_in(session: Any, sender_ids: Sequence[str], now: datetime) -> None:
    """These customers wrote: what was held for them may go; within a transaction of the caller's."""
    held = update(_TABLE).where(_TABLE.c.sender_id.in_(list(sender_ids)), _TABLE.c.state == "held")
    session.execute(held.values(state="waiting", next_at=now))


def post_in(
    session: Any, channel: str, sender_id: str, sealed: str, origin: str, now: datetime, key: str | None
) -> int:
    """Put sealed bodies on their way within a transaction of the caller's."""
    row = {
        "key": key,
        "channel": channel,
        "sender_id": sender_id,
        "origin": origin,
        "body_sealed": sealed,
        "pieces_done": 0,
        "tries": 0,
        "next_at": now,
        "state": "waiting",
        "at": now,
    }
    return int(session.execute(insert(_TABLE), row).inserted_primary_key[0])
