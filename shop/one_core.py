"""Small sums of matrices stay on the core that asks.

OpenBLAS spreads a product of a few hundred rows over all cores, and its other threads
then wait for more by spinning: one recommendation took twice to six times the processor
time, and longer on a machine that has other work.
"""

from __future__ import annotations

import ctypes
import threading
from contextlib import ContextDecorator
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple

from threadpoolctl import threadpool_info

SYMBOLS = ("openblas_{}_num_threads", "openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads64_")


class _Blas(NamedTuple):
    """How many threads one library works with: to ask and to say."""

    asked: Any
    say: Any


class _OneCore(ContextDecorator):
    """``with one_core:`` or ``@one_core``: BLAS works on one core while any thread is inside; it may be nested.

    It asks the library itself: threadpoolctl lets only the first thread that sets a limit change it again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = [one.asked() for one in _libraries()]
                for one in _libraries():
                    one.say(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                for one, threads in zip(_libraries(), self._before):
                    one.say(threads)


@cache
def _libraries() -> tuple[_Blas, ...]:
    """The OpenBLAS with threads of its own that NumPy brought; none where NumPy uses another BLAS."""
    import numpy  # noqa: F401 - or it would not be loaded yet

    found = []
    for one in threadpool_info():
        if one["internal_api"] != "openblas" or one["threading_layer"] != "pthreads":
            continue
        library = ctypes.CDLL(one["filepath"])
        names = [name for name in SYMBOLS if hasattr(library, name.format("set"))]
        found += [_Blas(getattr(library, name.format("get")), getattr(library, name.format("set"))) for name in names]
    return tuple(found)


one_core = _OneCore()
"""Of the process, since BLAS knows but one number of threads."""
