"""What people say reaches the customer: agents' words and the desk's notices, by the talk's channel.

The desk is another process. It writes into the database, and this process
looks there a few times a second (``shop.signals.Feed``). A channel registers how
it sends, and must take the same message twice without sending it twice: what it
took is marked afterwards, and what is not marked is looked for every minute. The
web channel is different: its tabs may hang on any process, so each process shows
the message to its own, and a tab that missed it asks for its history.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Awaitable, Callable

from sanic import Blueprint

from bot.channels.gate import Gate, log_incident
from shop.entities import StoredMessage
from shop.errors import ShopError
from shop.signals import Feed, Heard

log = logging.getLogger(__name__)
Send = Callable[[str, StoredMessage], Awaitable[Any]]
"""Brings one message to a conversation's customer; raises when it could not."""
Listener = Callable[[Heard], Awaitable[Any]]

WORDS = ("agent", "sys")
"""Kinds of what was heard that are messages; the others are signals."""
LEFT_OVER = timedelta(hours=2)
"""How old a message may be that is still delivered when it was left over."""
REMEMBERED = 5000
"""Messages that were taken, so that none is handed out twice."""
LOOK_S = 60.0
"""Seconds between two looks for what was left over."""


class Delivery:
    """Reads the feed and hands out; one for a process, started with the first channel that asks."""

    def __init__(self, gate: Gate, look_s: float = LOOK_S) -> None:
        self._gate = gate
        self._look_s = look_s
        self._feed = Feed(gate.shop, WORDS)
        self._senders: dict[str, tuple[Send, bool]] = {}
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._look_at = 0.0
        self._taken: OrderedDict[tuple[int, datetime], None] = OrderedDict()

    def register(self, channel: str, send: Send, in_every_process: bool = False) -> None:
        """Send a channel's messages by this function, once for all processes or in each of them."""
        self._senders[channel] = (send, in_every_process)

    def listen(self, listener: Listener) -> None:
        """Hear every signal (state, typing, read)."""
        self._listeners.append(listener)

    def add_to(self, routes: Blueprint) -> None:
        """Run while the server does; several channels may ask."""

        @routes.listener("after_server_start")
        async def start(app: Any, _: Any) -> None:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())

        @routes.listener("before_server_stop")
        async def stop(app: Any, _: Any) -> None:
            if self._task is not None:
                self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except ShopError as error:
                log.warning("people's messages wait: %s", error)
                await asyncio.sleep(1)
            except Exception as error:  # noqa: BLE001 - the loop must live: people's words hang on it
                log_incident("could not be handed out", "desk", error)
            await asyncio.sleep(self._gate.shop.settings.desk_poll_s)

    async def look(self) -> None:
        """Hand out what is new and, at first and every minute, what was left over.

        Raises:
            DatabaseDown: look again later; nothing is lost.
        """
        news = await self._gate.in_thread(self._feed.poll)
        try:
            await self._hand_out_messages([one for one in news if one.kind in WORDS])
        except ShopError as error:  # they are left over; the signals must not wait for them
            log.warning("people's messages wait: %s", error)
            self._look_at = 0.0
        for heard in news:
            if heard.kind not in WORDS:
                await self._tell(heard)
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            await self._left_over()
            self._look_at = now + self._look_s

    async def _left_over(self) -> None:
        """What was written while no process ran, or could not be handed out."""
        since = self._gate.shop.clock() - LEFT_OVER
        left = await self._gate.in_thread(self._gate.shop.messages.undelivered, since)
        await self._hand_out_messages([Heard(message_id, sender_id, "agent") for message_id, sender_id in left])

    async def _tell(self, heard: Heard) -> None:
        for listener in self._listeners:
            try:
                await listener(heard)
            except Exception as error:  # noqa: BLE001 - one item must not take the rest with it
                log_incident(f"({heard.kind} {heard.id}) waits", "desk", error)

    async def _hand_out_messages(self, news: list[Heard]) -> None:
        """Bring messages to their channels, in order; what a channel did not take stays unmarked.

        They are read and marked together: a busy moment costs as many queries as a quiet one.
        """
        if not news:
            return
        in_thread, messages = self._gate.in_thread, self._gate.shop.messages
        channels = await in_thread(messages.channels, [one.sender_id for one in news])
        wanted = [one.id for one in news if channels.get(one.sender_id) in self._senders]
        found = await in_thread(messages.readable, wanted)
        taken = []
        for heard in news:
            message = found.get(heard.id)
            if message is None or (message.id, message.at) in self._taken:  # brought by a look at what was left over
                continue
            if await self._send(channels[heard.sender_id], heard.sender_id, message):
                taken.append(heard.id)
                self._remember(message)
        await in_thread(messages.claim_all, taken)

    def _remember(self, message: StoredMessage) -> None:
        self._taken[message.id, message.at] = None
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    async def _send(self, channel: str, sender_id: str, message: StoredMessage) -> bool:
        """Whether a channel took a message, or shows it in each process for itself."""
        send, everywhere = self._senders[channel]
        try:
            await send(sender_id, message)
        except Exception as error:  # noqa: BLE001 - one channel's trouble must not hold up the others
            log_incident("did not take a person's message", channel, error)
            return everywhere
        return True


@lru_cache(maxsize=1)
def the_delivery(gate: Gate) -> Delivery:
    """The process's delivery."""
    return Delivery(gate)
