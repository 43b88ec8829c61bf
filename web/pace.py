"""How much one customer or one address may ask for in a minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Callable, Hashable


class Pace:
    """Counts by key and minute of the clock; the keys that were quiet longest are forgotten.

    Args:
        clock: seconds.
    """

    def __init__(self, per_minute: int, most_keys: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._most_keys, self._clock = per_minute, most_keys, clock
        self._counts: OrderedDict[tuple[Hashable, int], int] = OrderedDict()

    def admits(self, key: Hashable, count: int = 1) -> bool:
        """Count so many; whether the minute's sum is still within the pace."""
        at = (key, int(self._clock() // 60))
        self._counts[at] = self._counts.pop(at, 0) + count
        while len(self._counts) > self._most_keys:
            self._counts.popitem(last=False)
        return self._counts[at] <= self._per_minute
