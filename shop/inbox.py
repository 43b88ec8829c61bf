"""Callbacks of the messaging channels, kept before they are acknowledged: nothing is lost, nothing is done twice."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from shop.channel_views import Callback, Delivered, InboxRow, Kept
from shop.errors import ConcurrentChange, DatabaseDown, Erased
from shop.handoff_rows import lock_talk
from shop.models import ChannelInbox
from shop.outbox import post_in, release_in
from shop.peers import hear_in
from shop.shared_values import lease_is_free

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = ChannelInbox.__table__
LEASE = timedelta(seconds=90)
"""How long a process may work on a callback before another one takes it up; longer than any turn."""
MOST_TRIES = 5
RACES = 3
KEPT = timedelta(days=2)
"""How long a redelivery is still recognised; platforms redeliver for at most 8 hours."""


class Inbox:
    """Takes callbacks, hands them out to be answered, and forgets them in the end."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def take(self, callbacks: Sequence[Callback]) -> list[Kept | None]:
        """Keep callbacks under a lease of this process, in one transaction; redeliveries are dropped.

        The same transaction notes that their customers wrote (``Peers.heard``) and lets go what was
        held for them: what is acknowledged can be answered, whichever process does it.

        Returns:
            Which one of the inbox each is; None for one that was delivered before.

        Raises:
            DatabaseDown: the database does not answer; do not acknowledge.
        """
        for _ in range(RACES):
            try:
                return self._take(callbacks)
            except (IntegrityError, ConcurrentChange):  # another process was faster with one of them: look again
                continue
        if len(callbacks) == 1:
            raise DatabaseDown("a callback could not be kept: other transactions came in between each time")
        return [self.take([one])[0] for one in callbacks]

    def _take(self, callbacks: Sequence[Callback]) -> list[Kept | None]:
        now = self._now()
        with self._database.change(first=True) as session:  # the platform waits for its acknowledgement
            seen = self._known(session, callbacks)
            fresh: dict[tuple[str, str], Callback] = {}
            for one in callbacks:
                if _key(one) not in seen:
                    fresh.setdefault(_key(one), one)
            kept = [fresh[key] for key in sorted(fresh)]  # in one order everywhere: no deadlocks
            ids: dict[tuple[str, str], int] = {}
            if kept:
                # One statement for all: each one is a moment in which other threads of the process come first.
                session.execute(insert(_TABLE).values([self._row(one, now) for one in kept]))
                hear_in(session, self._cipher, now, kept)
                release_in(session, sorted({one.sender_id for one in kept}), now)
                ids = self._known(session, kept)
        # The first of each is the new one; what comes again in the same batch is a redelivery.
        new = [one if fresh.pop(_key(one), None) is not None else None for one in callbacks]
        return [None if one is None else Kept(ids[_key(one)], one.sender_id, one.external_id) for one in new]

    @staticmethod
    def _known(session: Any, callbacks: Sequence[Callback]) -> dict[tuple[str, str], int]:
        """The ids of those that are kept, by channel and platform's id."""
        wanted: dict[str, set[str]] = {}
        for one in callbacks:
            wanted.setdefault(one.channel, set()).add(one.external_id)
        found: dict[tuple[str, str], int] = {}
        for channel, ids in wanted.items():
            of_channel = (_TABLE.c.channel == channel) & _TABLE.c.external_id.in_(ids)
            query = select(_TABLE.c.external_id, _TABLE.c.id).where(of_channel)
            found |= {(channel, row.external_id): row.id for row in session.execute(query)}
        return found

    def _row(self, one: Callback, now: datetime) -> dict[str, Any]:
        return {
            "channel": one.channel,
            "external_id": one.external_id,
            "sender_id": one.sender_id,
            "body_sealed": self._cipher.seal_json(one.body),
            "at": now,
            "state": "new",
            "tries": 1,
            "lease_until": now + LEASE,
        }

    def finish(self, kept: Kept, answers: list[dict[str, Any]], origin: str = "bot") -> bool:
        """Mark a callback as done and post its answers, both or neither; False when it was done before or erased.

        The mark alone sees to it that answers are posted once; they have no key of
        the row's id, which SQLite gives again when the newest rows are forgotten.
        """
        now = self._now()
        with self._database.change() as session:
            mine = update(_TABLE).where(_these([kept]), _TABLE.c.state == "new")
            if not session.execute(mine.values(state="done", lease_until=None)).rowcount:
                return False
            if answers:
                channel = session.execute(select(_TABLE.c.channel).where(_TABLE.c.id == kept.id)).scalar_one()
                post_in(session, channel, kept.sender_id, self._cipher.seal_json(answers), origin, now, None)
            return True

    def delivered(self, channel: str, external_id: str) -> Delivered | None:
        """Count one more delivery of a callback; None for one that was erased meanwhile."""
        mine = (_TABLE.c.channel == channel) & (_TABLE.c.external_id == external_id)
        with self._database.change(first=True) as session:
            session.execute(update(_TABLE).where(mine).values(deliveries=_TABLE.c.deliveries + 1))
            row = session.execute(select(_TABLE.c.deliveries, _TABLE.c.given_sealed).where(mine)).first()
        return None if row is None else Delivered(row.deliveries, self._cipher.open(row.given_sealed))

    def given(self, channel: str, external_id: str) -> str | None:
        """The words that a response to a callback carried; None where none did."""
        query = select(_TABLE.c.given_sealed).where(_TABLE.c.channel == channel, _TABLE.c.external_id == external_id)
        with self._database.read() as session:
            return self._cipher.open(session.execute(query).scalar())

    def give(self, channel: str, external_id: str, words: str) -> None:
        """Remember what a response to a callback carried, for its redeliveries."""
        mine = (_TABLE.c.channel == channel) & (_TABLE.c.external_id == external_id)
        with self._database.change() as session:
            session.execute(update(_TABLE).where(mine).values(given_sealed=self._cipher.seal(words)))

    def is_done(self, channel: str, external_id: str) -> bool:
        """Whether nobody works on a callback any more, in this process or another: it was answered, or erased."""
        query = select(_TABLE.c.id).where(
            _TABLE.c.channel == channel, _TABLE.c.external_id == external_id, _TABLE.c.state == "new"
        )
        with self._database.read() as session:
            return session.execute(query).first() is None

    def while_kept(self, kept: Kept) -> AbstractContextManager[None]:
        """Make changes for a callback only while it is there: of a change and an erasure, one comes first.

        Within it every change holds the conversation and the callback, and raises ``Erased`` when it is gone.
        """
        mine = select(_TABLE.c.id).where(_these([kept])).with_for_update(read=True)

        def check(session: Any) -> None:
            lock_talk(session, kept.sender_id)
            if session.execute(mine).first() is None:
                raise Erased("the callback was erased while it was under way")

        return self._database.only_while(check)

    def waits(self, kept: Kept) -> bool:
        """Whether a callback is still to be answered: not done, and not erased with its conversation."""
        query = select(_TABLE.c.id).where(_these([kept]), _TABLE.c.state == "new")
        with self._database.read() as session:
            return session.execute(query).first() is not None

    def left_behind(self, channel: str, limit: int = 100) -> list[InboxRow]:
        """Callbacks that no process works on any more, now leased to this one, oldest first.

        What failed too often comes as ``worn``, until somebody has told its customer.
        """
        now = self._now()
        free = lease_is_free(_TABLE.c.lease_until, now, LEASE)
        query = select(_TABLE).where(_TABLE.c.channel == channel, _TABLE.c.state == "new", free).order_by(_TABLE.c.id)
        with self._database.change() as session:
            rows = session.execute(query.limit(limit).with_for_update(skip_locked=True)).all()
            mine = update(_TABLE).where(_TABLE.c.id.in_([row.id for row in rows]))
            session.execute(mine.values(lease_until=now + LEASE, tries=_TABLE.c.tries + 1))
        return [
            InboxRow(
                Kept(row.id, row.sender_id, row.external_id),
                self._cipher.open_json(row.body_sealed),
                row.tries >= MOST_TRIES,
            )
            for row in rows
        ]

    def extend(self, kept: Sequence[Kept]) -> None:
        """Go on working on callbacks that wait for their turn."""
        if not kept:
            return
        until = self._now() + LEASE
        with self._database.change() as session:
            for at in range(0, len(kept), 200):  # databases allow only so many values in a statement
                some = _these(kept[at : at + 200])
                session.execute(update(_TABLE).where(some, _TABLE.c.state == "new").values(lease_until=until))

    def purge(self, before: datetime | None = None) -> int:
        """Forget callbacks that were done long ago; returns how many."""
        old = before or self._now() - KEPT
        with self._database.change() as session:
            return int(session.execute(delete(_TABLE).where(_TABLE.c.state == "done", _TABLE.c.at < old)).rowcount)


def _these(kept: Sequence[Kept]) -> Any:
    """The condition that a row is one of these; by the key, then by whose it is."""
    whose = tuple_(_TABLE.c.id, _TABLE.c.sender_id, _TABLE.c.external_id)
    return _TABLE.c.id.in_([one.id for one in kept]) & whose.in_([tuple(one) for one in kept])


def _key(one: Callback) -> tuple[str, str]:
    return one.channel, one.external_id
