"""Passwords of the desk: argon2id hashes, and a check that takes as long for a login that nobody has."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shop.errors import BadValue

SHORTEST_PASSWORD = 10

# OWASP's least for argon2id: a login costs about 30 ms and 19 MB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: Any) -> str:
    """The argon2id hash of a password that is long enough.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(password, str) or not SHORTEST_PASSWORD <= len(password) <= 200:
        raise BadValue(f"password: give {SHORTEST_PASSWORD} to 200 characters", field="password")
    return _HASHER.hash(password)


def matches(kept: str | None, password: Any) -> bool:
    """Whether a password belongs to a hash; with None, where there is no agent, it takes the same time."""
    try:
        return _HASHER.verify(kept or _nobody(), str(password)[:200]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))
