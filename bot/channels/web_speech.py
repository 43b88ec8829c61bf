"""Voice of the widget: a recording comes in, its words go back to be read before they are sent. Nothing is kept."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from nlp.speech import Recogniser, open_recogniser, read_wave
from shop.settings import Settings

READ_WITHIN_S = 30.0
WAITING = 4
"""Recordings that may wait; one more is told to come later."""


class SpeechOff(Exception):
    """No recogniser is set up."""


class SpeechBusy(Exception):
    """Too many recordings wait, or one took too long."""


class Speech:
    """One recogniser for the process, opened at the first recording; one recording is read at a time.

    Args:
        settings: Name the engine and its model.
        opener: Opens it; tests pass their own.
    """

    def __init__(self, settings: Settings, opener: Callable[[Settings], Recogniser | None] = open_recogniser) -> None:
        self._settings = settings
        self._opener = opener
        self._lock = threading.Lock()
        self._recogniser: Recogniser | None = None
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="speech")
        self._waiting = 0

    async def text(self, raw: bytes) -> str:
        """The words of a WAV recording.

        Raises:
            SpeechOff: there is no recogniser.
            SpeechBusy: come later.
            BadValue: it is no recording that is read here.
            BadSetting: the recogniser can't be opened.
        """
        if not self._settings.speech:
            raise SpeechOff
        if self._waiting >= WAITING:
            raise SpeechBusy
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(self._reader, self._read, raw)
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), READ_WITHIN_S)
        except asyncio.TimeoutError:
            raise SpeechBusy from None

    def _done(self, work: asyncio.Future[str]) -> None:
        self._waiting -= 1
        work.exception()  # seen, also where nobody waits any more

    def _read(self, raw: bytes) -> str:
        samples = read_wave(raw)
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._opener(self._settings)
        if self._recogniser is None:
            raise SpeechOff
        return self._recogniser.text(samples)
