"""A change is made once for each key, however often it is asked for.

A customer clicks twice, a network retries, two workers get the same message:
the row of the key is taken inside the very transaction that makes the change,
so either both are stored or neither is. A second caller waits for the first
(PostgreSQL: on the key's row; SQLite: on the write lock) and gets its result.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Callable

from sqlalchemy import bindparam, delete, text, update
from sqlalchemy.orm import Session

from shop.models import IdempotencyKey
from shop.models.base import UtcTime, utc_now

_TAKE = text(
    "INSERT INTO idempotency_key (key, operation, result, at) VALUES (:key, :operation, 'null', :at)"
    " ON CONFLICT (key) DO NOTHING"
).bindparams(bindparam("at", type_=UtcTime))
_LONGEST = 160


def once(
    session: Session, operation: str, subject: str, key: str, change: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Make a change, or return what it returned when it was made under this key.

    Args:
        session: the session of ``Database.change()`` that the change uses.
        operation: the name of the change (at most 30 characters).
        subject: whom and what it concerns (customer and order number): the same
            key for another subject is another change.
        key: the caller's key, such as the id of the customer's message.
        change: makes the change and returns a JSON value.

    Returns:
        The change's result; after an error nothing is remembered.
    """
    full = _full_key(operation, subject, key)
    taken = session.execute(_TAKE, {"key": full, "operation": operation, "at": utc_now()}).rowcount
    if not taken:
        stored = session.query(IdempotencyKey.result).filter(IdempotencyKey.key == full).scalar()
        return dict(stored or {})
    result = change()
    session.execute(update(IdempotencyKey).where(IdempotencyKey.key == full).values(result=result))
    again: dict[str, Any] = json.loads(json.dumps(result))  # as a second caller would read it
    return again


def forget(session: Session, before: datetime) -> int:
    """Drop the keys of changes made before a moment; returns how many there were."""
    return int(session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < before)).rowcount)


def _full_key(operation: str, subject: str, key: str) -> str:
    full = f"{operation}:{subject}:{key}"
    if len(full) <= _LONGEST and full.isprintable():
        return full
    return f"{operation}:{hashlib.sha256(full.encode('utf-8', 'replace')).hexdigest()}"
