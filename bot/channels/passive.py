"""Answers in the callback's own response, for WeChat accounts that have no right to send.

WeChat waits five seconds and delivers three times. The first two deliveries of a
message that takes longer are left to time out; the third gets a sentence to ask
again, and the next message brings what was answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.arrival import Arrival, sender_of
from bot.channels.flat_xml import write_xml

if TYPE_CHECKING:
    from bot.channels.wechat import WeChatInput

WAIT_S = 4.4
DELIVERIES = 3
KEPT = 2000


@dataclass
class _Turn:
    """A message under way, or answered a moment ago."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    deliveries: int = 0
    taking: asyncio.Task[str] | None = None  # takes the words of its answer, and keeps them for every delivery

    def took(self, taking: asyncio.Task[str]) -> None:
        """Forget a taking that failed, so that the next delivery tries again."""
        if taking.cancelled() or taking.exception() is not None:
            self.taking = None


class Passive:
    """Waits for the answers to a callback and puts them into its response."""

    def __init__(self, connector: WeChatInput) -> None:
        self._connector = connector
        self.wait_s = float(connector.credentials.get("passive_wait_s", WAIT_S))
        self._turns: OrderedDict[str, _Turn] = OrderedDict()

    async def answer(self, request: Request, message: dict[str, Any], arrival: Arrival) -> HTTPResponse:
        """The response to a delivery."""
        if arrival.kind == "ignore":
            return response.text("success")
        turn = self._turns.setdefault(arrival.id, _Turn())
        while len(self._turns) > KEPT:
            self._turns.popitem(last=False)
        turn.deliveries += 1
        if turn.taking is not None:  # the answer came too late for WeChat, or was lost on its way: the same again
            return self._reply(message, await self._taken(turn, arrival))
        is_new = await self._connector.intake.accept([arrival], turn.done)
        if turn.deliveries == 1 and not is_new:  # another process has it: what it answers comes with the next message
            turn.done.set()
        try:
            await asyncio.wait_for(turn.done.wait(), self.wait_s)
        except asyncio.TimeoutError:
            if turn.deliveries < DELIVERIES:
                return response.text("", status=504)  # no answer: WeChat delivers again
        return self._reply(message, await self._taken(turn, arrival))

    async def _taken(self, turn: _Turn, arrival: Arrival) -> str:
        """The words of a turn, which all its deliveries give; they are taken in a task of their own.

        What was taken counts as sent: a delivery that WeChat ends meanwhile must not take it along.
        """
        if turn.taking is None:
            turn.taking = asyncio.create_task(self._words(sender_of("wechat", arrival.peer), turn.done.is_set()))
            turn.taking.add_done_callback(turn.took)
        return await asyncio.shield(turn.taking)

    async def _words(self, sender_id: str, is_done: bool) -> str:
        gate = self._connector.gate
        more = gate.texts.text("more_waits")
        words = str(await gate.in_thread(self._connector.outgoing.in_one_text, sender_id, more))
        return words or ("" if is_done else gate.texts.text("still_working"))

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
