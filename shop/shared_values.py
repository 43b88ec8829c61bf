"""Small values that several processes share and one at a time renews: access tokens, reading positions."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Iterator

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shop.models import ChannelValue

if TYPE_CHECKING:
    from shop.front import Shop

_TABLE = ChannelValue.__table__


class SharedValues:
    """Sealed values by key, with an expiry and a lease for the one who renews."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def get(self, key: str) -> str | None:
        """The value, None when there is none or it has expired."""
        with self._database.read() as session:
            row = session.execute(select(_TABLE).where(_TABLE.c.key == key)).first()
        if row is None or (row.expires_at is not None and row.expires_at <= self._now()):
            return None
        return self._cipher.open(row.value_sealed)

    def put(self, key: str, value: str, seconds: float | None = None) -> None:
        """Keep a value, for ever or for some seconds, and end the lease on it."""
        values = {
            "value_sealed": self._cipher.seal(value),
            "expires_at": None if seconds is None else self._now() + timedelta(seconds=seconds),
            "lease_until": None,
        }
        self._make(key)
        with self._change() as session:
            session.execute(update(_TABLE).where(_TABLE.c.key == key).values(**values))

    def lease(self, key: str, seconds: float) -> datetime | None:
        """Become the one who renews a value, until the moment returned; None when another process does."""
        self._make(key)
        now = self._now()
        return self._hold(key, lease_is_free(_TABLE.c.lease_until, now, timedelta(seconds=seconds)), now, seconds)

    def renew(self, key: str, until: datetime, seconds: float) -> datetime | None:
        """Keep a lease that was given until a moment; None when another process has it now."""
        return self._hold(key, _TABLE.c.lease_until == until, self._now(), seconds)

    def free(self, key: str, until: datetime | None = None) -> None:
        """End the lease without a new value; with a moment, only the lease that was given until then."""
        mine = _TABLE.c.key == key if until is None else and_(_TABLE.c.key == key, _TABLE.c.lease_until == until)
        with self._change() as session:
            session.execute(update(_TABLE).where(mine).values(lease_until=None))

    def _hold(self, key: str, which: Any, now: datetime, seconds: float) -> datetime | None:
        until = now + timedelta(seconds=seconds)
        with self._change() as session:
            mine = update(_TABLE).where(_TABLE.c.key == key, which).values(lease_until=until)
            return until if session.execute(mine).rowcount else None

    @contextmanager
    def _change(self) -> Iterator[Any]:
        """A change that no turn's check refuses: a token that was renewed in a turn is everybody's."""
        with self._database.whatever_is_erased(), self._database.change() as session:
            yield session

    def names(self, prefix: str) -> list[str]:
        """The keys that begin with these letters, without them."""
        query = select(_TABLE.c.key).where(_TABLE.c.key.startswith(prefix, autoescape=True))
        with self._database.read() as session:
            return [str(key)[len(prefix) :] for key in session.execute(query).scalars()]

    def _make(self, key: str) -> None:
        with self._database.read() as session:
            if session.execute(select(_TABLE.c.key).where(_TABLE.c.key == key)).first() is not None:
                return
        try:
            with self._change() as session:
                session.execute(insert(_TABLE).values(key=key))
        except IntegrityError:
            pass  # another process was faster


def lease_is_free(until: Any, now: datetime, longest: timedelta) -> Any:
    """The condition that nobody holds a lease: none, one that ended, or one that a clock set back made endless."""
    return or_(until.is_(None), until <= now, until > now + 2 * longest)
