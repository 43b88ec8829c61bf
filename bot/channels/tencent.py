"""What WeChat and WeCom share: signed and encrypted XML in, JSON with ``errcode`` out."""

from __future__ import annotations

import json
import time
from typing import Any

from sanic.request import Request

from bot.channels.api import NotDelivered, TokenCache
from bot.channels.connector import Connector, fresh
from bot.channels.crypt import BadCallback, WeChatCrypt, same
from bot.channels.flat_xml import read_xml

BAD_TOKEN = {40001, 40014, 42001, 42007, 41001}
BUSY = {-1, 45009, 45011, 45033, 50002, 6000}
"""System busy, and too many calls: later the same call may work."""
NO_ROOM = {45015, 45047, 95001, 95013, 95026}
"""The customer has to write first: outside of 48 hours, or too many messages in them."""


class Tencent(Connector):
    """Base of the three Tencent channels."""

    crypt: WeChatCrypt | None = None
    tokens: TokenCache

    def opened(self, request: Request, raw: bytes) -> dict[str, Any]:
        """An encrypted callback's XML, checked.

        Raises:
            BadCallback: its signature, time or receiver is wrong.
        """
        assert self.crypt is not None
        outer = read_xml(raw)
        return read_xml(self.unsealed(request, str(outer.get("Encrypt") or "")))

    def unsealed(self, request: Request, encrypted: str) -> bytes:
        """Decrypt what came with a request, after checking its ``msg_signature`` and time."""
        assert self.crypt is not None
        timestamp, nonce = _query(request, "timestamp"), _query(request, "nonce")
        expected = self.crypt.signature(timestamp, nonce, encrypted)
        if not same(expected, _query(request, "msg_signature")):
            raise BadCallback("the signature is wrong")
        fresh(timestamp, self.stale_s, time.time())
        return self.crypt.decrypt(encrypted)

    async def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """A call with the access token; renewed once when the platform refuses it.

        Raises:
            NotDelivered: sorted by ``errcode``.
        """
        token = await self.tokens.get()
        try:
            return await self._ask(method, path, token, **more)
        except NotDelivered as fault:
            if fault.why != "token":
                raise
        token = await self.tokens.get(bad=token)
        try:
            return await self._ask(method, path, token, **more)
        except NotDelivered as fault:
            raise NotDelivered("retry", fault.code) if fault.why == "token" else fault from None

    async def _ask(self, method: str, path: str, token: str, **more: Any) -> dict[str, Any]:
        answer = await self.http.call(method, path, params={"access_token": token, **more.pop("params", {})}, **more)
        sort_errcode(answer)
        return answer

    async def media(self, media_id: str) -> bytes:
        """A picture by its MediaId; an error comes as JSON instead."""
        token = await self.tokens.get()
        try:
            return await self._media(media_id, token)
        except NotDelivered as fault:
            if fault.why != "token":
                raise
        return await self._media(media_id, await self.tokens.get(bad=token))

    async def _media(self, media_id: str, token: str) -> bytes:
        asked = {"access_token": token, "media_id": media_id}
        raw, kind = await self.http.raw("GET", "/cgi-bin/media/get", params=asked)
        if "json" in kind or raw[:1] == b"{":
            sort_errcode(json.loads(raw))
        return raw


def sort_errcode(answer: dict[str, Any]) -> None:
    """Raise what an ``errcode`` means; 0 or none means well."""
    code = int(answer.get("errcode") or 0)
    if code == 0:
        return
    if code in BAD_TOKEN:
        raise NotDelivered("token", str(code))
    if code in NO_ROOM:
        raise NotDelivered("quota", str(code))
    raise NotDelivered("retry" if code in BUSY else "dead", str(code))


def _query(request: Request, name: str) -> str:
    return str(request.args.get(name) or "")
