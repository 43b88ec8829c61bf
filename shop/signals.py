"""How one process hears what another did: rows in the database, read a few times a second.

The database is the truth and the only thing that all processes share. ``Feed``
finds new messages and signals; a row that a slower transaction writes late,
under a lower id, is found too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable

from sqlalchemy import delete, func, insert, select

from shop.models import Message, TalkSignal

if TYPE_CHECKING:
    from shop.front import Shop

KEPT = timedelta(hours=1)
LATE_S = 5.0
"""Seconds for which a transaction may be under way and its ids still turn up."""
AT_ONCE = 2000

_MESSAGES = Message.__table__
_SIGNALS = TalkSignal.__table__


@dataclass(frozen=True)
class Heard:
    """Something new: a message (``kind`` is its direction), or a signal."""

    id: int
    sender_id: str
    kind: str
    body: Any = None  # of a signal


class Signals:
    """Writes signals."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def send(self, sender_id: str, kind: str, body: Any = None) -> None:
        """Write one signal: ``state``, ``typing``, ``read``, ``note``, ``warn``, ``ticket``, ``staff``, ``erased``."""
        with self._shop.database.change() as session:
            signal(self._shop, session, sender_id, kind, body)

    def purge(self) -> int:
        """Forget old signals, but never the newest: its id must not be given again."""
        newest = select(func.max(_SIGNALS.c.id)).scalar_subquery()
        old = delete(_SIGNALS).where(_SIGNALS.c.at < self._shop.clock() - KEPT, _SIGNALS.c.id < newest)
        with self._shop.database.change() as session:
            return int(session.execute(old).rowcount)


def signal(shop: Shop, session: Any, sender_id: str, kind: str, body: Any = None) -> None:
    """Write a signal within a transaction that is under way."""
    session.execute(insert(_SIGNALS), [{"sender_id": sender_id, "kind": kind, "body": body, "at": shop.clock()}])


class Feed:
    """Reads what is new since the last look; one for each process.

    ``directions`` limits which messages are told.
    """

    def __init__(
        self, shop: Shop, directions: tuple[str, ...] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = shop.database
        self._late_s = 0.0 if shop.database.is_sqlite else LATE_S
        self._clock = clock
        columns = [_MESSAGES.c.id, _MESSAGES.c.sender_id, _MESSAGES.c.direction]
        messages = select(*columns)
        if directions is not None:
            messages = messages.where(_MESSAGES.c.direction.in_(directions))
        self._queries = {
            "message": (messages, _MESSAGES.c.id),
            "signal": (select(_SIGNALS.c.id, _SIGNALS.c.sender_id, _SIGNALS.c.kind, _SIGNALS.c.body), _SIGNALS.c.id),
        }
        self._floor: dict[str, int] = {}
        self._seen: dict[str, dict[int, float]] = {"message": {}, "signal": {}}

    def start(self) -> None:
        """Look from now on; without it the first poll does so."""
        with self._database.read() as session:
            self._floor = {name: _newest(session, column) for name, (_query, column) in self._queries.items()}

    def poll(self) -> list[Heard]:
        """Everything new, messages before signals, each in the order of its ids."""
        if not self._floor:
            self.start()
            return []
        found: list[Heard] = []
        with self._database.read() as session:
            for name, (query, column) in self._queries.items():
                newest = _newest(session, column)  # before the rows: what is committed up to it is among them
                if newest < self._floor[name]:
                    self._floor[name] = newest  # the newest were erased; SQLite gives their ids again
                rows = session.execute(query.where(column > self._floor[name]).order_by(column).limit(AT_ONCE)).all()
                found += self._fresh(name, rows, newest)
        return found

    def _fresh(self, name: str, rows: list[Any], newest: int) -> list[Heard]:
        """Rows that were not told yet; the floor follows all that is older than a late transaction can be."""
        now, seen = self._clock(), self._seen[name]
        fresh = [row for row in rows if row[0] not in seen]
        seen.update((row[0], now) for row in fresh)
        if len(rows) < AT_ONCE and newest > self._floor[name]:
            seen.setdefault(newest, now)  # of a direction that nobody asked for: not to be read at each look
        settled = [one for one, at in seen.items() if at <= now - self._late_s]
        if settled:
            self._floor[name] = max(self._floor[name], *settled)
            for one in [one for one in seen if one <= self._floor[name]]:
                del seen[one]
        return [Heard(row[0], row[1], row[2], row[3] if name == "signal" else None) for row in fresh]


def _newest(session: Any, column: Any) -> int:
    return int(session.execute(select(func.max(column))).scalar() or 0)
