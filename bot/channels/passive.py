"""Answers in the callback's own response, for WeChat accounts that have no right to send.

WeChat waits five seconds and delivers three times. The first two deliveries of a
message that takes longer are left without an answer; the last one gets a sentence
to ask again, well before its time is up. Words count as sent only when they were
written out in time to a connection that was still open; until then they wait, and
come with the customer's next message. A message that is delivered again although
it was answered gets the same words, whichever process has it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.arrival import Arrival, sender_of
from bot.channels.flat_xml import write_xml
from bot.channels.gate import log_incident
from bot.channels.outgoing import OneText
from shop.errors import ShopError

if TYPE_CHECKING:
    from bot.channels.wechat import WeChatInput

log = logging.getLogger(__name__)
WAIT_S = 4.4
LAST_WAIT_S = 3.5
"""Nobody asks again after the last delivery: it is answered with room for what the way takes."""
LATEST_S = 4.7
"""What is written later may reach nobody."""
DELIVERIES = 3
LOOK_S = 0.5
KEPT = 2000


class Passive:
    """Waits for the answers to a callback and puts them into its response."""

    def __init__(self, connector: WeChatInput) -> None:
        self._connector = connector
        self.wait_s = float(connector.credentials.get("passive_wait_s", WAIT_S))
        self.last_wait_s = min(self.wait_s, LAST_WAIT_S)
        self.latest_s = LATEST_S
        self._answered: OrderedDict[str, asyncio.Event] = OrderedDict()
        self._tasks: set[asyncio.Task[HTTPResponse | None]] = set()

    async def answer(self, request: Request, message: dict[str, Any], arrival: Arrival) -> HTTPResponse | None:
        """The response to a delivery; None where it was sent already."""
        began = asyncio.get_running_loop().time()
        if arrival.kind == "ignore":
            return response.text("success")
        connector, in_thread = self._connector, self._connector.gate.in_thread
        answered = self._event(arrival.id)
        await connector.intake.accept([arrival], answered)
        seen = await in_thread(connector.gate.shop.inbox.delivered, connector.name(), arrival.id)
        if seen is None:
            return response.text("success")
        if seen.given:  # the answer came too late for WeChat, or was lost on its way: the same again
            return self._reply(message, seen.given)
        is_last = seen.times >= DELIVERIES
        is_done = await self._is_answered(arrival, answered, began + (self.last_wait_s if is_last else self.wait_s))
        if not is_done and not is_last:
            return response.text("", status=504)  # no answer: WeChat delivers again
        # A task of its own: when WeChat hangs up meanwhile, what was taken goes back into the outbox.
        late = ("success", 200) if is_last else ("", 504)
        task = asyncio.create_task(self._give(request, message, arrival, is_done, began + self.latest_s, late))
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return await asyncio.shield(task)

    def _event(self, external_id: str) -> asyncio.Event:
        event = self._answered.setdefault(external_id, asyncio.Event())
        while len(self._answered) > KEPT:
            self._answered.popitem(last=False)
        return event

    async def _is_answered(self, arrival: Arrival, answered: asyncio.Event, until: float) -> bool:
        """Whether the message has its answer by a moment, of this process or of another."""
        loop, shop = asyncio.get_running_loop(), self._connector.gate.shop
        while (left := until - loop.time()) > 0:
            try:
                await asyncio.wait_for(answered.wait(), min(left, LOOK_S))
                return True
            except asyncio.TimeoutError:
                if await self._connector.gate.in_thread(shop.inbox.is_done, self._connector.name(), arrival.id):
                    return True
        return answered.is_set()

    def _end(self, task: asyncio.Task[HTTPResponse | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to WeChat, if it still listens

    async def _give(
        self,
        request: Request,
        message: dict[str, Any],
        arrival: Arrival,
        is_done: bool,
        latest: float,
        late: tuple[str, int],
    ) -> HTTPResponse | None:
        """Answer with what waits for the customer; it goes on waiting unless it was written out."""
        gate, outgoing, sender_id = self._connector.gate, self._connector.outgoing, sender_of("wechat", arrival.peer)
        nothing = "" if is_done else gate.texts.text("still_working")
        if not await self._held(sender_id, latest):
            return self._reply(message, nothing)
        try:
            given = await gate.in_thread(gate.shop.inbox.given, self._connector.name(), arrival.id)
            if given:  # by a response that was under way until now
                return self._reply(message, given)
            text = await gate.in_thread(outgoing.one_text, sender_id, gate.texts.text("more_waits"))
            if text is None:
                return self._reply(message, nothing)
            in_time = asyncio.get_running_loop().time() <= latest
            if in_time and await _written(request, self._reply(message, text.words)):
                await self._mark(arrival, text)
            else:
                log.warning("channel wechat: an answer waits for the next message: it was too late for this response")
        finally:
            await gate.in_thread(outgoing.end_text, sender_id)
        return None if request.responded else response.text(late[0], status=late[1])

    async def _mark(self, arrival: Arrival, text: OneText) -> None:
        """Note what was given; where that fails, it comes once more with the next message."""
        gate, name = self._connector.gate, self._connector.name()
        try:
            await gate.in_thread(gate.shop.inbox.give, name, arrival.id, text.words)
            await gate.in_thread(self._connector.outgoing.text_sent, text)
        except ShopError as error:
            log_incident("was given and could not be marked as sent", name, error)

    async def _held(self, sender_id: str, until: float) -> bool:
        """Hold what waits, so that no other response takes it too; waits for one that is just taking."""
        while not await self._connector.gate.in_thread(self._connector.outgoing.begin_text, sender_id):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.05)
        return True

    def _reply(self, message: dict[str, Any], words: str) -> HTTPResponse:
        if not words:
            return response.text("success")
        now = int(time.time())
        reply = write_xml({
            "ToUserName": message["FromUserName"], "FromUserName": message.get("ToUserName", ""), "CreateTime": now,
            "MsgType": "text", "Content": words,
        })  # fmt: skip
        crypt = self._connector.crypt
        if crypt is not None:
            encrypted, nonce = crypt.encrypt(reply.encode()), secrets.token_hex(8)
            reply = write_xml({
                "Encrypt": encrypted, "MsgSignature": crypt.signature(str(now), nonce, encrypted),
                "TimeStamp": now, "Nonce": nonce,
            })  # fmt: skip
        return response.text(reply, content_type="application/xml; charset=utf-8")


async def _written(request: Request, reply: HTTPResponse) -> bool:
    """Send a response; whether all of it went out to a connection that was open.

    Who closes it afterwards has read it: WeChat gives up only when the time is over, and then nothing is written.
    """
    transport = request.transport
    await asyncio.sleep(0)  # what has come from the other side by now is heard
    if transport.is_closing():
        return False
    try:
        sent = await request.respond(reply)
        await sent.send(end_stream=True)
        for _ in range(50):
            if transport.is_closing() or not transport.get_write_buffer_size():
                break
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:  # so Sanic says that the connection is gone
        return False
    return not transport.get_write_buffer_size()
