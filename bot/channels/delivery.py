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
from datetime import timedelta
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

LEFT_OVER = timedelta(hours=2)
"""How old a message may be that is still delivered when it was left over."""
LOOK_S = 60.0
"""Seconds between two looks for what was left over."""


class Delivery:
    """Reads the feed and hands out; one for a process, started with the first channel that asks."""

    def __init__(self, gate: Gate, look_s: float = LOOK_S) -> None:
        self._gate = gate
        self._look_s = look_s
        self._feed = Feed(gate.shop, ("agent", "sys"))
        self._senders: dict[str, tuple[Send, bool]] = {}
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._look_at = 0.0

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
        for heard in await self._gate.in_thread(self._feed.poll):
            await self._try(heard)
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            await self._left_over()
            self._look_at = now + self._look_s

    async def _left_over(self) -> None:
        """What was written while no process ran, or could not be handed out."""
        since = self._gate.shop.clock() - LEFT_OVER
        for message_id, sender_id in await self._gate.in_thread(self._gate.shop.messages.undelivered, since):
            await self._try(Heard(message_id, sender_id, "agent"))

    async def _try(self, heard: Heard) -> None:
        try:
            await self.hand_out(heard)
        except Exception as error:  # noqa: BLE001 - one item must not take the rest with it
            log_incident(f"({heard.kind} {heard.id}) waits", "desk", error)

    async def hand_out(self, heard: Heard) -> None:
        """Bring one message or signal to whom it concerns; what its channel did not take stays unmarked."""
        if heard.kind not in ("agent", "sys"):
            for listener in self._listeners:
                await listener(heard)
            return
        in_thread, messages = self._gate.in_thread, self._gate.shop.messages
        channel = await in_thread(messages.channel, heard.sender_id)
        send, everywhere = self._senders.get(str(channel), (None, False))
        found = (await in_thread(messages.by_ids, [heard.id])).get(heard.id) if send is not None else None
        if send is None or found is None:
            return
        try:
            await send(heard.sender_id, found)
        except Exception as error:  # noqa: BLE001 - one channel's trouble must not hold up the others
            log_incident("did not take a person's message", str(channel), error)
            if not everywhere:
                return
        await in_thread(messages.claim, heard.id)


@lru_cache(maxsize=1)
def the_delivery(gate: Gate) -> Delivery:
    """The process's delivery."""
    return Delivery(gate)
