"""What WeChat and WeCom share: signed and encrypted XML in, JSON with ``errcode`` out."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered, picture_form
from bot.channels.connector import Connector, fresh
from bot.channels.crypt import BadCallback, WeChatCrypt, same
from bot.channels.flat_xml import read_xml

BAD_TOKEN = {40001, 40014, 42001, 42007, 41001}
BUSY = {-1, 45009, 45011, 45033, 50002, 6000}
"""System busy, and too many calls: later the same call may work."""
NO_ROOM = {45015, 45047, 95001, 95002, 95013, 95026}
"""The customer has to write first: outside of 48 hours, or too many messages in them."""


class Tencent(Connector):
    """Base of the three Tencent channels."""

    crypt: WeChatCrypt | None = None

    def add_routes(self, routes: Blueprint) -> None:
        """GET proves that the address is ours; POST brings messages."""
        super().add_routes(routes)

        @routes.route("/callback", methods=["GET"])
        async def prove(request: Request) -> HTTPResponse | None:
            return await self.guarded(request, lambda raw: self._prove(request))

    @abstractmethod
    async def _prove(self, request: Request) -> HTTPResponse:
        """The answer to the console's question whether the address is ours."""

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
        params = more.pop("params", {})

        async def call(token: str) -> dict[str, Any]:
            answer = await self.http.call(method, path, params={"access_token": token, **params}, **more)
            sort_errcode(answer)
            return answer

        return await self.tokens.used(call)

    async def picture_message(self, picture: bytes) -> dict[str, Any]:
        """The content of a message with a picture, uploaded first; its MediaId is valid for three days."""

        async def put(token: str) -> dict[str, Any]:
            asked, form = {"access_token": token, "type": "image"}, picture_form("media", picture)
            answer = await self.http.call("POST", "/cgi-bin/media/upload", params=asked, data=form)
            sort_errcode(answer)
            return {"msgtype": "image", "image": {"media_id": str(answer["media_id"])}}

        return await self.tokens.used(put)

    async def media(self, media_id: str) -> bytes:
        """A picture by its MediaId; an error comes as JSON instead."""

        async def get(token: str) -> bytes:
            asked = {"access_token": token, "media_id": media_id}
            raw, kind = await self.http.raw("GET", "/cgi-bin/media/get", params=asked)
            if "json" in kind or raw[:1] == b"{":
                sort_errcode(json.loads(raw))
            return raw

        return await self.tokens.used(get)


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
