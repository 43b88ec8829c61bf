"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from typing import Any, Callable, TypeVar

Found = TypeVar("Found")


def until(done: Callable[[], Found], what: Any = None, seconds: float = 60.0) -> Found:
    """Ask again and again until there is something, and return it.

    Args:
        what: told when nothing came in time; a function is asked then.

    Raises:
        AssertionError: nothing came in time.
    """
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.02)
    return found
