"""Pace of a conversation: not too many messages, one at a time, and not failing again and again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import AsyncIterator, Callable


class RateLimit:
    """At most ``limit`` messages of a sender within ``window_s`` seconds."""

    def __init__(
        self, limit: int, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic, senders: int = 20_000
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._senders = senders
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def admits(self, sender_id: str) -> bool:
        """Whether the sender may speak now; counts the message if so."""
        now = self._clock()
        times = self._times.setdefault(sender_id, deque())
        self._times.move_to_end(sender_id)
        while len(self._times) > self._senders:
            self._times.popitem(last=False)
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if len(times) >= self._limit:
            return False
        times.append(now)
        return True


class Failures:
    """Counts the messages in a row that a sender got no answer to."""

    def __init__(self, limit: int, senders: int = 20_000) -> None:
        self._limit = limit
        self._senders = senders
        self._counts: OrderedDict[str, int] = OrderedDict()

    def too_many(self, sender_id: str, failed: bool) -> bool:
        """Count a message; whether the limit (0: none) is reached now, after which the count begins anew."""
        count = self._counts.pop(sender_id, 0) + 1
        if not failed:
            return False
        if self._limit and count >= self._limit:
            return True
        self._counts[sender_id] = count
        if len(self._counts) > self._senders:
            self._counts.popitem(last=False)
        return False


class Turnstile:
    """Lets the messages of one conversation through one after the other, in order.

    Rasa's own lock makes a second message poll once a second; with this in
    front of it nobody ever waits there.
    """

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, sender_id: str) -> AsyncIterator[None]:
        """Wait for the conversation's turn and hold it."""
        lock = self._locks.setdefault(sender_id, asyncio.Lock())
        self._users[sender_id] = self._users.get(sender_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[sender_id] -= 1
            if not self._users[sender_id]:
                del self._users[sender_id], self._locks[sender_id]
