"""The line in front of a database that takes one writer at a time.

SQLite itself keeps no line: a connection that finds another one writing sleeps
and looks again, a tenth of a second later in the end, and whoever looks at the
right moment is next. Among ten threads of a busy process some then wait for
seconds. Here they are served as they came, and at once.
"""

from __future__ import annotations

import threading
from collections import deque


class WriteLine:
    """Lets the threads of a process write one after the other, in their order; who may not wait goes ahead."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._busy = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, timeout_s: float, first: bool = False) -> bool:
        """Wait for the turn; False when it did not come in time. After True, ``leave`` must follow.

        Args:
            timeout_s: Longest wait in seconds.
            first: Go ahead of all who wait.
        """
        with self._guard:
            if not self._busy:
                self._busy = True
                return True
            mine = threading.Lock()
            mine.acquire()
            (self._waiting.appendleft if first else self._waiting.append)(mine)
        if mine.acquire(timeout=timeout_s):
            return True
        with self._guard:
            try:
                self._waiting.remove(mine)
            except ValueError:  # the turn came at this very moment
                return True
        return False

    def leave(self) -> None:
        """End the turn: the next one's begins."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False
