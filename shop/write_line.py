"""The line in front of a database that takes one writer at a time.

SQLite itself keeps no line: a connection that finds another one writing sleeps
and looks again, a tenth of a second later in the end. Among ten threads of a
busy process some then wait for seconds. Here the first of the line is woken at
once. A thread that happens to be at work may still write before the woken one has
begun (to stand idle meanwhile costs a third of the writes), but not before one
that may not wait: to that one the turn is handed over.
"""

from __future__ import annotations

import threading
import time
from collections import deque


class _Place:
    """One thread's place in the line."""

    def __init__(self, first: bool) -> None:
        self.first = first
        self.called = threading.Lock()
        self.called.acquire()
        self._has_turn = False

    def give(self) -> None:
        """Hand the turn over, or only call where ``first`` is not set."""
        self._has_turn = self.first
        self.called.release()

    def has_turn(self) -> bool:
        """Whether the turn was handed over."""
        return self._has_turn


class WriteLine:
    """Lets the threads of a process write one after the other, in about their order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._busy = False
        self._waiting: deque[_Place] = deque()

    def enter(self, timeout_s: float, first: bool = False) -> bool:
        """Wait for the turn; False when it did not come in time. After True, ``leave`` must follow.

        Args:
            timeout_s: Longest wait in seconds.
            first: Go ahead of all who wait.
        """
        place, until = None, time.monotonic() + timeout_s
        while True:
            with self._guard:
                if place is not None and place.has_turn():
                    return True
                if not self._busy:
                    self._busy = True
                    return True
                if place is None:
                    place = _Place(first)
                (self._waiting.appendleft if place.first else self._waiting.append)(place)
            left = until - time.monotonic()
            if left > 0 and place.called.acquire(timeout=left):
                place.first = True  # whoever was called and came too late is next
                continue
            with self._guard:
                if place.has_turn():
                    return True
                if place in self._waiting:
                    self._waiting.remove(place)
                elif self._waiting:
                    self._waiting.popleft().called.release()  # it was called and goes: the next one looks instead
            return False

    def leave(self) -> None:
        """End the turn: the next one's begins."""
        with self._guard:
            if not self._waiting:
                self._busy = False
                return
            place = self._waiting.popleft()
            self._busy = place.first
            place.give()
