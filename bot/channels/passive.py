"""Answers in the callback's own response, for WeChat accounts that have no right to send.

WeChat waits five seconds and delivers three times. The first two deliveries of a
message that takes longer are left to time out; the third gets a sentence to ask
again, and the next message brings what was answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.arrival import Arrival, sender_of
from bot.channels.flat_xml import write_xml
from bot.channels.render import Renderer, merged

if TYPE_CHECKING:
    from bot.channels.wechat import WeChatInput

WAIT_S = 4.4
DELIVERIES = 3


class Passive:
    """Waits for the answers to a callback and puts them into its response."""

    def __init__(self, connector: WeChatInput) -> None:
        self._connector = connector
        self.wait_s = float(connector.credentials.get("passive_wait_s", WAIT_S))
        self._times: dict[str, int] = {}  # deliveries of messages under way
        self._done: dict[str, asyncio.Event] = {}

    async def answer(self, request: Request, message: dict[str, Any], arrival: Arrival) -> HTTPResponse:
        """The response to a delivery."""
        key = arrival.external_id
        self._times[key] = self._times.get(key, 0) + 1
        if arrival.kind == "ignore":
            return response.text("success")
        intake = self._connector.intake
        done = self._done.setdefault(key, asyncio.Event())
        new = await intake.accept([arrival])
        for row_id in new:
            intake.finished[row_id] = done
        if not new and self._times[key] == 1:  # answered before: only its response was lost
            done.set()
        try:
            await asyncio.wait_for(done.wait(), self.wait_s)
        except asyncio.TimeoutError:
            if self._times[key] < DELIVERIES:
                return response.text("", status=504)  # no answer: WeChat delivers again
        self._times.pop(key, None)
        self._done.pop(key, None)
        return self._reply(message, await self._words(sender_of("wechat", arrival.peer), done.is_set()))

    async def _words(self, sender_id: str, is_done: bool) -> str:
        gate = self._connector.gate
        rows = await gate.in_thread(gate.shop.outbox.waiting, sender_id)
        if not rows:
            return "" if is_done else gate.texts.text("still_working")
        rendered = Renderer(self._connector.form, gate.texts).render([body for row in rows for body in row.bodies])
        await gate.in_thread(gate.shop.peers.offer, sender_id, rendered.choices, True)
        await gate.in_thread(gate.shop.outbox.progress, {row.id: 1 for row in rows}, [row.id for row in rows])
        return merged(rendered.pieces).text if rendered.pieces else ""

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
