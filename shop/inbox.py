"""Callbacks of the messaging channels, kept before they are acknowledged: nothing is lost, nothing is done twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shop.channel_views import InboxRow
from shop.models import ChannelInbox

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = ChannelInbox.__table__
_INSERT = insert(_TABLE)
LEASE = timedelta(seconds=90)
"""How long a process may work on a callback before another one takes it up; longer than any turn."""
MOST_TRIES = 5
KEPT = timedelta(days=2)
"""How long a redelivery is still recognised; platforms redeliver for at most 8 hours."""


class Inbox:
    """Takes callbacks, hands them out to be answered, and forgets them in the end."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def take(self, channel: str, external_id: str, sender_id: str, body: dict[str, Any]) -> int | None:
        """Keep a callback under a lease of this process; its id, or None when it was delivered before.

        Raises:
            DatabaseDown: the database does not answer; do not acknowledge.
        """
        now = self._now()
        row = {
            "channel": channel,
            "external_id": external_id[:120],
            "sender_id": sender_id,
            "body_sealed": self._cipher.seal_json(body),
            "at": now,
            "state": "new",
            "tries": 1,
            "lease_until": now + LEASE,
        }
        try:
            with self._database.change() as session:
                return int(session.execute(_INSERT, row).inserted_primary_key[0])
        except IntegrityError:
            return None

    def finish(self, row_id: int, answers: list[dict[str, Any]], origin: str = "bot") -> bool:
        """Mark a callback as done and post its answers, both or neither; False when it was done before.

        The mark alone sees to it that answers are posted once; they have no key of
        the row's id, which SQLite gives again when the newest rows are forgotten.
        """
        now = self._now()
        with self._database.change() as session:
            mine = update(_TABLE).where(_TABLE.c.id == row_id, _TABLE.c.state == "new")
            if not session.execute(mine.values(state="done", lease_until=None)).rowcount:
                return False
            if answers:
                from shop.outbox import post_in

                row = session.execute(select(_TABLE.c.channel, _TABLE.c.sender_id).where(_TABLE.c.id == row_id)).one()
                sealed = self._cipher.seal_json(answers)
                post_in(session, row.channel, row.sender_id, sealed, origin, now, None)
            return True

    def left_behind(self, channel: str, limit: int = 100) -> list[InboxRow]:
        """Callbacks that no process works on any more, now leased to this one, oldest first.

        What failed too often is given up: it is done, without answers.
        """
        now = self._now()
        free = or_(_TABLE.c.lease_until.is_(None), _TABLE.c.lease_until <= now)
        query = select(_TABLE).where(_TABLE.c.channel == channel, _TABLE.c.state == "new", free).order_by(_TABLE.c.id)
        with self._database.change() as session:
            rows = session.execute(query.limit(limit).with_for_update(skip_locked=True)).all()
            worn = [row.id for row in rows if row.tries >= MOST_TRIES]
            kept = [row for row in rows if row.tries < MOST_TRIES]
            session.execute(update(_TABLE).where(_TABLE.c.id.in_(worn)).values(state="done", lease_until=None))
            session.execute(
                update(_TABLE)
                .where(_TABLE.c.id.in_([row.id for row in kept]))
                .values(lease_until=now + LEASE, tries=_TABLE.c.tries + 1)
            )
        return [InboxRow(row.id, row.sender_id, self._cipher.open_json(row.body_sealed)) for row in kept]

    def extend(self, row_ids: Sequence[int]) -> None:
        """Go on working on callbacks that wait for their turn."""
        if not row_ids:
            return
        until = self._now() + LEASE
        with self._database.change() as session:
            for at in range(0, len(row_ids), 500):  # databases allow only so many values in a statement
                some = _TABLE.c.id.in_(row_ids[at : at + 500])
                session.execute(update(_TABLE).where(some, _TABLE.c.state == "new").values(lease_until=until))

    def purge(self, before: datetime | None = None) -> int:
        """Forget callbacks that were done long ago; returns how many."""
        old = before or self._now() - KEPT
        with self._database.change() as session:
            return int(session.execute(delete(_TABLE).where(_TABLE.c.state == "done", _TABLE.c.at < old)).rowcount)

    def erase(self, sender_id: str) -> int:
        """Forget everything of a conversation."""
        with self._database.change() as session:
            return int(session.execute(delete(_TABLE).where(_TABLE.c.sender_id == sender_id)).rowcount)
