"""Feishu 飞书: events of an app's robot, answered with interactive cards."""

from __future__ import annotations

import json
import time
from typing import Any, Awaitable, Callable, TypeVar

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered, picture_form
from bot.channels.arrival import Arrival
from bot.channels.connector import Connector, fresh
from bot.channels.crypt import BadCallback, feishu_decrypt, feishu_signature, read_json, same
from bot.channels.render import Form, Piece
from shop.channel_views import PeerView

BAD_TOKEN = {99991661, 99991663, 99991664, 99991665, 99991671}
BUSY = {230020, 99991400, 11232, 11233, 11247}
MOST_BUTTONS = 20
T = TypeVar("T")


class FeishuInput(Connector):
    """``/webhooks/feishu/callback``; credentials: bot/channels/docs/feishu.md."""

    form = Form(text_limit=10_000, buttons=MOST_BUTTONS)
    needs = ("app_id", "app_secret", "verification_token", "encrypt_key")
    default_api = "https://open.feishu.cn"

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "feishu"

    @property
    def account(self) -> str:
        """See ``Connector.account``."""
        return str(self.credentials["app_id"])

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse:
        event = self._opened(request, raw)
        token = event.get("token") or (event.get("header") or {}).get("token")
        if not same(str(token or ""), str(self.credentials["verification_token"])):
            raise BadCallback("the verification token is wrong")
        if event.get("type") == "url_verification":
            return response.json({"challenge": event.get("challenge")})
        arrival = arrival_of(event)
        if arrival is not None:
            await self.intake.accept([arrival])
        return response.json({})

    def _opened(self, request: Request, raw: bytes) -> dict[str, Any]:
        """The event, decrypted and checked; only the challenge comes without a signature."""
        key = str(self.credentials["encrypt_key"])
        outer = read_json(raw)
        if "encrypt" not in outer:
            raise BadCallback("it is not encrypted: set the Encrypt Key in the console")
        event = feishu_decrypt(key, str(outer["encrypt"]))
        if event.get("type") == "url_verification":
            return event
        stamp = request.headers.get("X-Lark-Request-Timestamp", "")
        expected = feishu_signature(stamp, request.headers.get("X-Lark-Request-Nonce", ""), key, raw)
        if not same(expected, request.headers.get("X-Lark-Signature", "")):
            raise BadCallback("the signature is wrong")
        fresh(stamp, self.stale_s, time.time())
        return event

    async def _new_token(self, refused: str) -> tuple[str, float]:
        asked = {"app_id": self.credentials["app_id"], "app_secret": self.credentials["app_secret"]}
        answer = await self.http.call("POST", "/open-apis/auth/v3/tenant_access_token/internal", json=asked)
        _sort(answer)
        return str(answer["tenant_access_token"]), float(answer.get("expire", 7200))

    async def _with_token(self, work: Callable[[dict[str, str]], Awaitable[T]]) -> T:
        async def call(token: str) -> T:
            try:
                return await work({"Authorization": f"Bearer {token}"})
            except NotDelivered as fault:
                code = fault.detail.get("code")
                if code in BAD_TOKEN:
                    raise NotDelivered("token", fault.code) from None
                if fault.why != "token" and code in BUSY:
                    raise NotDelivered("retry", str(code)) from None
                raise

        return await self.tokens.used(call)

    async def fetch(self, arrival: Arrival) -> bytes:
        """The picture as a resource of its message."""
        path = f"/open-apis/im/v1/messages/{arrival.media.get('message')}/resources/{arrival.media.get('key')}"

        async def ask(headers: dict[str, str]) -> bytes:
            raw, kind = await self.http.raw(
                "GET", path, params={"type": "file" if arrival.kind == "voice" else "image"}, headers=headers
            )
            if "json" in kind:
                _sort(json.loads(raw))
            return raw

        return await self._with_token(ask)

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """A message; ``uuid`` keeps a second try from doubling it."""
        await self._send(peer, *_worded(piece), key)

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A picture, uploaded first."""

        async def put(headers: dict[str, str]) -> str:
            form = picture_form("image", picture, image_type="message")
            answer = await self.http.call("POST", "/open-apis/im/v1/images", data=form, headers=headers)
            _sort(answer)
            return str(answer["data"]["image_key"])

        await self._send(peer, "image", {"image_key": await self._with_token(put)}, key)

    async def _send(self, peer: PeerView, kind: str, content: dict[str, Any], key: str) -> None:
        message = {
            "receive_id": peer.address["peer"],
            "msg_type": kind,
            "content": json.dumps(content, ensure_ascii=False),
            "uuid": f"xiaoer-{key}",
        }

        async def send(headers: dict[str, str]) -> None:
            path, params = "/open-apis/im/v1/messages", {"receive_id_type": "open_id"}
            _sort(await self.http.call("POST", path, params=params, json=message, headers=headers))

        await self._with_token(send)


def _sort(answer: dict[str, Any]) -> None:
    code = int(answer.get("code") or 0)
    if code == 0:
        return
    if code in BAD_TOKEN:
        raise NotDelivered("token", str(code))
    raise NotDelivered("retry" if code in BUSY else "dead", str(code))


def _worded(piece: Piece) -> tuple[str, dict[str, Any]]:
    if piece.kind not in ("menu", "cards") or len(piece.options) > MOST_BUTTONS:
        return "text", {"text": piece.text}
    text = piece.lead if piece.options else piece.text
    elements: list[dict[str, Any]] = [{"tag": "div", "text": {"tag": "plain_text", "content": text}}]
    buttons = [
        {
            "tag": "button",
            "text": {"tag": "plain_text", "content": one.title},
            "value": {"number": one.number, "say": one.means if isinstance(one.means, str) else ""},
        }
        for one in piece.options
    ]
    if buttons:
        elements.append({"tag": "action", "actions": buttons})
    return "interactive", {"config": {"wide_screen_mode": True}, "elements": elements}


def arrival_of(event: dict[str, Any]) -> Arrival | None:
    """An event in our form; None for what is no customer's message.

    Raises:
        BadCallback: it has not the form of an event.
    """
    header, content = event.get("header"), event.get("event")
    if not isinstance(header, dict) or not isinstance(content, dict) or not header.get("event_id"):
        raise BadCallback("no event of version 2.0")
    common: dict[str, Any] = {"external_id": str(header["event_id"])}
    stamp = str(header.get("create_time") or "")
    common["sent_at"] = float(stamp) / 1000 if stamp.isdigit() else 0.0
    try:
        if header.get("event_type") == "card.action.trigger":
            value = content["action"].get("value") or {}
            number, say = str(value.get("number") or ""), str(value.get("say") or "")
            peer = str(content["operator"]["open_id"])
            return Arrival(peer=peer, text=say or number, choice="" if say else number, **common)
        if header.get("event_type") != "im.message.receive_v1":
            return None
        if content["sender"].get("sender_type") not in (None, "user"):
            return None
        message = content["message"]
        return _message(message, {**common, "peer": str(content["sender"]["sender_id"]["open_id"])})
    except (KeyError, TypeError, ValueError):
        raise BadCallback("an event without its parts") from None


def _message(message: dict[str, Any], common: dict[str, Any]) -> Arrival:
    # A redelivery keeps its event id; a message sent twice by a fault of theirs keeps its message id.
    common["external_id"] = str(message["message_id"])
    common["sent_at"] = float(message.get("create_time") or 0) / 1000 or common["sent_at"]
    kind, content = message.get("message_type"), json.loads(message.get("content") or "{}")
    if kind == "text":
        words = str(content.get("text") or "")
        for one in message.get("mentions") or []:
            words = words.replace(str(one.get("key")), "")
        return Arrival(text=words.strip(), **common)
    if kind == "image":
        return Arrival(kind="image", media={"message": message["message_id"], "key": content["image_key"]}, **common)
    if kind == "audio":
        return Arrival(kind="voice", media={"message": message["message_id"], "key": content.get("file_key")}, **common)
    if kind == "location":
        return Arrival(kind="location", text=str(content.get("name") or ""), **common)
    return Arrival(kind="other", **common)
