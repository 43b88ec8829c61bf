"""Customers at the other end of the messaging channels: where to write, how much, and what a number means."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import bindparam, insert, or_, select, update

from shop.channel_views import Callback, PeerView
from shop.models import ChannelPeer
from shop.shared_values import lease_is_free

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = ChannelPeer.__table__
_PARTS = ("channel", "address_sealed", "heard_at", "window_until", "window_limit", "window_used")
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.sender_id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _PARTS})
)
LEASE = timedelta(seconds=60)
"""How long a process may write to a customer before another one takes over."""


class Peers:
    """Keeps one row a conversation of a messaging channel."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def heard(
        self, sender_id: str, channel: str, address: dict[str, Any], limit: int = 0, seconds: float = 0.0
    ) -> None:
        """A customer wrote or did something; up to ``limit`` messages may go to them for ``seconds``.

        With ``limit`` 0 the platform counts nothing. A window that leaves more
        room than the new one stays.

        Raises:
            IntegrityError: another transaction heard the customer for the first time at this moment; try again.
        """
        heard = Callback(channel, "", sender_id, {}, address, limit, seconds)
        with self._database.change() as session:
            hear_in(session, self._cipher, self._now(), [heard])

    def get(self, sender_id: str) -> PeerView | None:
        """What is known of a customer; None when they never wrote."""
        with self._database.read() as session:
            row = session.execute(select(_TABLE).where(_TABLE.c.sender_id == sender_id)).first()
        if row is None:
            return None
        address = self._cipher.open_json(row.address_sealed)
        return PeerView(sender_id, row.channel, address, room_of(row, self._now()), row.heard_at, row.has_session)

    def note_session(self, sender_id: str, is_the_bots: bool) -> None:
        """The platform's session with a customer is the bot's from now on, or is not (any more)."""
        with self._database.change() as session:
            mine = update(_TABLE).where(_TABLE.c.sender_id == sender_id)
            session.execute(mine.values(has_session=is_the_bots))

    def spend(self, sender_id: str) -> bool:
        """Count one message against the window, before it is sent; False when there is no room."""
        now = self._now()
        counted = update(_TABLE).where(
            _TABLE.c.sender_id == sender_id,
            or_(
                _TABLE.c.window_until.is_(None),
                (_TABLE.c.window_until > now) & (_TABLE.c.window_used < _TABLE.c.window_limit),
            ),
        )
        with self._database.change() as session:
            values = {"window_used": _TABLE.c.window_used + 1, "lease_until": now + LEASE}
            return bool(session.execute(counted.values(**values)).rowcount)

    def give_back(self, sender_id: str) -> None:
        """A counted message was certainly not taken by the platform."""
        with self._database.change() as session:
            mine = update(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.window_used > 0)
            session.execute(mine.values(window_used=_TABLE.c.window_used - 1))

    def close_window(self, sender_id: str, heard_at: datetime) -> None:
        """The platform takes no more until the customer writes again; nothing if they did since ``heard_at``."""
        with self._database.change() as session:
            mine = update(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.heard_at == heard_at)
            session.execute(mine.values(window_until=self._now(), window_used=_TABLE.c.window_limit))

    def offer(self, sender_id: str, choices: dict[str, Any], anew: bool) -> None:
        """What numbers mean from now on; ``anew``: what they meant before is over."""
        with self._database.change() as session:
            mine = _TABLE.c.sender_id == sender_id
            if not anew:
                sealed = session.execute(select(_TABLE.c.choices_sealed).where(mine)).scalar()
                choices = {**(self._cipher.open_json(sealed) or {}), **choices}
            value = self._cipher.seal_json(choices) if choices else None
            session.execute(update(_TABLE).where(mine).values(choices_sealed=value))

    def choice(self, sender_id: str, number: str) -> Any:
        """What a number stands for; None when nothing was offered under it."""
        with self._database.read() as session:
            sealed = session.execute(select(_TABLE.c.choices_sealed).where(_TABLE.c.sender_id == sender_id)).scalar()
        return (self._cipher.open_json(sealed) or {}).get(number)

    def lease(self, sender_id: str) -> bool:
        """Become the only process that writes to a customer for a while; False when another one does."""
        now = self._now()
        free = lease_is_free(_TABLE.c.lease_until, now, LEASE)
        with self._database.change() as session:
            mine = update(_TABLE).where(_TABLE.c.sender_id == sender_id, free)
            return bool(session.execute(mine.values(lease_until=now + LEASE)).rowcount)

    def free(self, sender_id: str) -> None:
        """Let others write."""
        with self._database.change() as session:
            session.execute(update(_TABLE).where(_TABLE.c.sender_id == sender_id).values(lease_until=None))


def room_of(row: Any, now: datetime) -> int | None:
    """How many messages may go to the customer of a row now; None: as many as you like."""
    if row.window_until is None:
        return None
    return max(0, row.window_limit - row.window_used) if row.window_until > now else 0


def hear_in(session: Any, cipher: Any, now: datetime, heard: Sequence[Callback]) -> None:
    """Note that these customers wrote, in order, within a transaction of the caller's; see ``Peers.heard``.

    Raises:
        IntegrityError: as there.
    """
    senders = sorted({one.sender_id for one in heard})  # in one order everywhere: no deadlocks
    query = select(_TABLE).where(_TABLE.c.sender_id.in_(senders)).order_by(_TABLE.c.sender_id).with_for_update()
    rows = {row.sender_id: dict(row._mapping) for row in session.execute(query)}
    known = set(rows)
    for one in heard:
        row = rows.setdefault(one.sender_id, {"window_until": None, "window_limit": 0, "window_used": 0})
        row |= {"channel": one.channel, "address_sealed": cipher.seal_json(one.address), "heard_at": now}
        until = now + timedelta(seconds=one.room_s) if one.room else None
        old = row["window_until"]
        old_room = row["window_limit"] - row["window_used"] if old is not None and old > now else 0
        if until is None or old_room < one.room or old is None or old <= until:
            row |= {"window_until": until, "window_limit": one.room, "window_used": 0}
    parts = {sender: {name: rows[sender][name] for name in _PARTS} for sender in senders}
    fresh = [{"sender_id": sender, **parts[sender]} for sender in senders if sender not in known]
    again = [
        {"of": sender, **{f"new_{name}": value for name, value in parts[sender].items()}}
        for sender in senders
        if sender in known
    ]
    if fresh:
        session.execute(insert(_TABLE).values(fresh))
    if again:
        session.execute(_UPDATE, again)
