"""DingTalk 钉钉: a robot over HTTP.

Answers go to the message's own ``sessionWebhook`` while it lives, later by the
robot's batch send. The webhook's address comes with the message, so only
DingTalk's hosts are believed.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote, urlsplit

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered, picture_form
from bot.channels.arrival import Arrival
from bot.channels.connector import Connector, fresh
from bot.channels.crypt import BadCallback, dingtalk_sign, read_json, same
from bot.channels.render import Form, Piece
from shop.channel_views import PeerView

HOUR_S = 3600.0
HOSTS = ("oapi.dingtalk.com", "api.dingtalk.com")
BAD_TOKEN = {40001, 40014, 42001}
FILE_HOSTS = (".dingtalk.com", ".aliyuncs.com")
MOST_BUTTONS = 5
SAY = "dtmd://dingtalkclient/sendMessage?content="
"""A button with this address writes its content for the customer."""


class DingTalkInput(Connector):
    """``/webhooks/dingtalk/callback``; credentials: bot/channels/docs/dingtalk.md."""

    form = Form(text_limit=6000, buttons=MOST_BUTTONS)
    needs = ("app_key", "app_secret", "robot_code")
    default_api = "https://api.dingtalk.com"

    def __init__(self, credentials: dict[str, Any], gate: Any = None) -> None:
        super().__init__(credentials, gate)
        self.stale_s = min(float(self.credentials.get("stale_s", HOUR_S)), HOUR_S)
        self._own = urlsplit(self.http.base)
        self._uploads = str(self.credentials.get("api_url") or f"https://{HOSTS[0]}")  # of the platform's older API

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "dingtalk"

    @property
    def account(self) -> str:
        """See ``Connector.account``."""
        return str(self.credentials["app_key"])

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse:
        stamp = request.headers.get("timestamp", "")
        if not same(dingtalk_sign(stamp, str(self.credentials["app_secret"])), request.headers.get("sign", "")):
            raise BadCallback("the signature is wrong")
        fresh(str(float(stamp) / 1000) if stamp.isdigit() else "", self.stale_s, time.time())
        await self.intake.accept([arrival_of(read_json(raw))])
        return response.json({})

    async def _new_token(self, refused: str) -> tuple[str, float]:
        asked = {"appKey": self.credentials["app_key"], "appSecret": self.credentials["app_secret"]}
        answer = await self.http.call("POST", "/v1.0/oauth2/accessToken", json=asked)
        return str(answer["accessToken"]), float(answer.get("expireIn", 7200))

    async def _ask(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """A call with the access token, renewed once."""

        async def call(token: str) -> dict[str, Any]:
            headers = {"x-acs-dingtalk-access-token": token}
            try:
                return await self.http.call("POST", path, json=content, headers=headers)
            except NotDelivered as fault:
                code = str(fault.detail.get("code"))
                if code == "InvalidAuthentication":
                    raise NotDelivered("token", fault.code) from None
                if fault.why != "token" and "Throttling" in code:
                    raise NotDelivered("retry", "Throttling") from None
                raise

        return await self.tokens.used(call)

    async def fetch(self, arrival: Arrival) -> bytes:
        """The picture by its download code."""
        asked = {"downloadCode": arrival.media.get("code"), "robotCode": self.credentials["robot_code"]}
        address = str((await self._ask("/v1.0/robot/messageFiles/download", asked)).get("downloadUrl") or "")
        if not self._is_theirs(address, FILE_HOSTS):
            raise NotDelivered("dead", "a file elsewhere")
        return (await self.http.raw("GET", address))[0]

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """By the session's webhook while it lives, else by batch send."""
        webhook, until = str(peer.address.get("webhook") or ""), float(peer.address.get("until") or 0)
        kind, content = _worded(piece, self.gate.shop.settings.shop_name)
        if until > time.time() + 2 and self._is_theirs(webhook, HOSTS):
            try:
                answer = await self.http.call("POST", webhook, json={"msgtype": kind, kind: content})
                if not answer.get("errcode"):
                    return
                if str(answer["errcode"]) in ("130101", "-1"):
                    raise NotDelivered("retry", str(answer["errcode"]))
            except NotDelivered as fault:
                if fault.why != "dead":
                    raise  # the webhook itself is over: batch send may still do
        if not peer.address.get("staff"):
            raise NotDelivered("quota", "session over")
        await self._batch(peer, *_sample(kind, content))

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A picture, uploaded first: by batch send, or in a group by the session's webhook."""

        async def put(token: str) -> str:
            form = picture_form("media", picture)
            asked = {"access_token": token, "type": "image"}
            answer = await self.http.call("POST", f"{self._uploads}/media/upload", params=asked, data=form)
            code = int(answer.get("errcode") or 0)
            if code:
                raise NotDelivered("token" if code in BAD_TOKEN else "retry" if code == -1 else "dead", str(code))
            return str(answer["media_id"])

        media = await self.tokens.used(put)
        if not peer.address.get("staff"):
            await self.deliver(peer, Piece("image", "", image=media), key)
            return
        await self._batch(peer, "sampleImageMsg", {"photoURL": media})

    async def _batch(self, peer: PeerView, kind: str, content: dict[str, Any]) -> None:
        to = {"robotCode": self.credentials["robot_code"], "userIds": [peer.address["staff"]]}
        message = {"msgKey": kind, "msgParam": json.dumps(content, ensure_ascii=False)}
        await self._ask("/v1.0/robot/oToMessages/batchSend", {**to, **message})

    def _is_theirs(self, address: str, hosts: tuple[str, ...]) -> bool:
        parts = urlsplit(address)
        if (parts.scheme, parts.netloc) == (self._own.scheme, self._own.netloc):
            return True
        host = parts.hostname or ""
        known = any(host.endswith(one) if one.startswith(".") else host == one for one in hosts)
        return parts.scheme == "https" and known


def _worded(piece: Piece, shop_name: str) -> tuple[str, dict[str, Any]]:
    """The piece as an action card, Markdown or text."""
    if piece.kind in ("menu", "cards") and 1 <= len(piece.options) <= MOST_BUTTONS:
        text = piece.lead if piece.kind == "menu" else piece.text
        buttons = [
            {"title": one.title, "actionURL": SAY + quote(one.means if isinstance(one.means, str) else one.number)}
            for one in piece.options
        ]
        card = {"title": shop_name, "text": _markdown(text), "btnOrientation": "0", "btns": buttons}
        return "actionCard", card
    if piece.kind == "cards":
        return "markdown", {"title": shop_name, "text": _markdown(piece.text)}
    if piece.kind == "image" and piece.image.startswith(("https://", "@")):  # an address, or a MediaId
        return "markdown", {"title": shop_name, "text": f"![]({piece.image})"}
    return "text", {"content": piece.text}


def _markdown(text: str) -> str:
    return text.replace("\n", "  \n")


def _sample(kind: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The same as a template of batch send."""
    if kind == "text":
        return "sampleText", content
    if kind == "markdown":
        return "sampleMarkdown", content
    buttons = content["btns"]
    if len(buttons) == 1:
        single = {"singleTitle": buttons[0]["title"], "singleURL": buttons[0]["actionURL"]}
        return "sampleActionCard", {"title": content["title"], "text": content["text"], **single}
    param = {"title": content["title"], "text": content["text"]}
    for at, one in enumerate(buttons, 1):
        param |= {f"actionTitle{at}": one["title"], f"actionURL{at}": one["actionURL"]}
    return f"sampleActionCard{len(buttons)}", param


def arrival_of(message: dict[str, Any]) -> Arrival:
    """A message in our form; ignored from a group, which would read its members' orders along.

    Raises:
        BadCallback: it names no sender or no id.
    """
    if not message.get("msgId") or not message.get("senderId"):
        raise BadCallback("it names no sender or no id")
    staff, group = str(message.get("senderStaffId") or ""), message.get("conversationType") == "2"
    peer = staff or str(message["senderId"])
    if group:
        peer = f"{message.get('conversationId')}.{peer}"
    common: dict[str, Any] = {
        "peer": peer,
        "external_id": str(message["msgId"]),
        "sent_at": float(message.get("createAt") or 0) / 1000,
        "address": {
            "webhook": str(message.get("sessionWebhook") or ""),
            "until": float(message.get("sessionWebhookExpiredTime") or 0) / 1000,
            "staff": "" if group else staff,
        },
    }
    if group:
        return Arrival(kind="ignore", **common)
    kind, content = message.get("msgtype"), message.get("content") or {}
    content = content if isinstance(content, dict) else {}
    if kind == "text":
        text = message.get("text")
        return Arrival(text=str(text.get("content") or "").strip() if isinstance(text, dict) else "", **common)
    if kind == "picture":
        return Arrival(kind="image", media={"code": content.get("downloadCode")}, **common)
    if kind == "audio":
        words = str(content.get("recognition") or "")
        return Arrival(kind="voice", text=words, media={"code": content.get("downloadCode")}, **common)
    return Arrival(kind="other", **common)
