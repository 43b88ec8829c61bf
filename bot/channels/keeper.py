"""Keeps callbacks in batches: what arrives while one transaction runs goes into the next one together.

An acknowledgement waits for one transaction at most, however many callbacks
come at once; a thread of its own, so that it stands in no line behind the bot's work.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Sequence

from shop.channel_views import Callback, Kept
from shop.errors import ShopError

MOST = 200
Take = Callable[[Sequence[Callback]], list["Kept | None"]]
_Batch = list[tuple[list[Callback], "asyncio.Future[list[Kept | None]]"]]


class Keeper:
    """Gives callbacks to ``take`` (``Inbox.take``), one batch at a time."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._waiting: _Batch = []
        self._busy = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="callbacks")

    async def keep(self, callbacks: list[Callback]) -> list[Kept | None]:
        """Which one of the inbox each callback is; None for one that was delivered before.

        Raises:
            DatabaseDown: do not acknowledge, so that the platform delivers again.
        """
        if not callbacks:
            return []
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Kept | None]] = loop.create_future()
        self._waiting.append((callbacks, future))
        if not self._busy:
            self._next(loop)
        return await future

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._busy = bool(batch)
        if batch:
            self._thread.submit(self._work, loop, batch)

    def _work(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        """Keep a batch; runs in the thread."""
        results: list[list[Kept | None] | Exception] = []
        try:
            ids = iter(self._take([one for callbacks, _ in batch for one in callbacks]))
            results = [[next(ids) for _ in callbacks] for callbacks, _ in batch]
        except ShopError as error:
            results = [error] * len(batch)
        except Exception:  # noqa: BLE001 - one that can't be stored must not take the others with it
            results = [self._alone(callbacks) for callbacks, _ in batch]
        try:
            loop.call_soon_threadsafe(self._done, loop, batch, results)
        except RuntimeError:
            pass  # the server has ended: the platform delivers again

    def _alone(self, callbacks: list[Callback]) -> list[Kept | None] | Exception:
        try:
            return self._take(callbacks)
        except Exception as error:  # noqa: BLE001 - given to who asked
            return error

    def _done(
        self, loop: asyncio.AbstractEventLoop, batch: _Batch, results: list[list[Kept | None] | Exception]
    ) -> None:
        for (_, future), result in zip(batch, results, strict=True):
            if future.cancelled():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        self._next(loop)
