"""Understanding a message: beside the event loop, so that other talks go on meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Coroutine

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.trackers import DialogueStateTracker

# Stock: the whole server stands still while one message is understood (6 ms of encoder and 3 ms of classifier in ours,
# most of it outside of Python's lock). Here: one thread does it. One only, so that no component has to be safe for
# several; the talks' own locks keep the messages of a talk in order.

_ear = ThreadPoolExecutor(1, thread_name_prefix="ear")
_stock_parse = MessageProcessor.parse_message


async def parse_message(
    self: Any,
    message: UserMessage,
    tracker: DialogueStateTracker | None = None,
    only_output_properties: bool = True,
) -> dict[str, Any]:
    """As in MessageProcessor, whose own code this runs."""
    work = _stock_parse(self, message, tracker, only_output_properties)
    if self.http_interpreter:
        understood: dict[str, Any] = await work  # it waits for another server
    else:
        understood = await asyncio.get_running_loop().run_in_executor(_ear, _finish, work)
    heard = getattr(message.output_channel, "heard", None)
    if heard is not None:  # the gate keeps the mood with the message
        heard(understood)
    return understood


def _finish(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Run a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration as done:
        result: dict[str, Any] = done.value
        return result
    work.close()
    raise RuntimeError("understanding a message waited for something: it may not be run in a thread")
