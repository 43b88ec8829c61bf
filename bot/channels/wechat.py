"""WeChat Official Account 微信公众号.

Plain, compatible and AES mode; answers by customer-service messages (at most 5
for each message of the customer, within 48 hours), or passively, in the
callback's own response, where the account has no right to send.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered
from bot.channels.arrival import Arrival
from bot.channels.connector import fresh
from bot.channels.crypt import BadCallback, WeChatCrypt, same, wechat_signature
from bot.channels.flat_xml import read_xml
from bot.channels.passive import Passive
from bot.channels.render import Form, Piece
from bot.channels.tencent import Tencent, sort_errcode
from shop.channel_views import PeerView
from shop.policy import SHANGHAI

log = logging.getLogger(__name__)
TWO_DAYS_S = 48 * 3600.0
ROOM = 5
EVENT_ROOM, EVENT_ROOM_S = 3, 60.0
"""After following, scanning or a menu click: 3 messages within a minute."""
MOST_MENU = 8
NONCES = 5000
FORCE_EVERY_S, FORCES_A_DAY = 60.0, 20
TOO_OFTEN_S = 3600.0


class WeChatInput(Tencent):
    """``/webhooks/wechat/callback``; credentials: bot/channels/docs/wechat.md."""

    form = Form(text_limit=2000, buttons=MOST_MENU, pictures=False)
    needs = ("app_id", "token")
    default_api = "https://api.weixin.qq.com"
    force_every_s = FORCE_EVERY_S

    def __init__(self, credentials: dict[str, Any], gate: Any = None) -> None:
        super().__init__(credentials, gate)
        given = self.credentials
        self._token = str(given["token"])
        key = given.get("encoding_aes_key")
        self.crypt = WeChatCrypt(self._token, str(key), str(given["app_id"])) if key else None
        self._may_be_plain = str(given.get("mode", "aes" if key else "plain")) in ("plain", "compatible")
        self._seen: OrderedDict[str, str] = OrderedDict()  # signature → the message it came with
        self.passive = Passive(self) if str(given.get("reply", "active")) == "passive" else None
        self.sends = self.passive is None

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "wechat"

    @property
    def account(self) -> str:
        """See ``Connector.account``."""
        return str(self.credentials["app_id"])

    async def _prove(self, request: Request) -> HTTPResponse:
        self._check_plain(request)
        return response.text(str(request.args.get("echostr") or ""))

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse | None:
        message = self._message(request, raw)
        arrival = arrival_of(message)
        self._no_replay(request, arrival.external_id)
        if self.passive is not None:
            return await self.passive.answer(request, message, arrival)
        await self.intake.accept([arrival])
        return response.text("success")

    def _message(self, request: Request, raw: bytes) -> dict[str, Any]:
        outer = read_xml(raw)
        if "Encrypt" in outer and self.crypt is not None:
            return read_xml(self.unsealed(request, str(outer["Encrypt"])))
        if not self._may_be_plain:
            raise BadCallback("a plain message, but the channel is set to AES mode")
        self._check_plain(request)
        return outer

    def _check_plain(self, request: Request) -> None:
        timestamp, nonce = str(request.args.get("timestamp") or ""), str(request.args.get("nonce") or "")
        expected = wechat_signature(self._token, timestamp, nonce)
        if not same(expected, str(request.args.get("signature") or "")):
            raise BadCallback("the signature is wrong")
        fresh(timestamp, self.stale_s, time.time())

    def _no_replay(self, request: Request, external_id: str) -> None:
        """The plain signature does not cover the message: one signature may bring one message only."""
        signature = str(request.args.get("msg_signature") or request.args.get("signature") or "")
        if self._seen.setdefault(signature, external_id) != external_id:
            raise BadCallback("a used signature with another message: a replay")
        while len(self._seen) > NONCES:
            self._seen.popitem(last=False)

    async def _new_token(self, refused: str) -> tuple[str, float]:
        """WeChat gives the same token until it ends, also one that it takes no more: then a new one by force."""
        token, life = await self._stable_token(False)
        if token == refused:
            await self._may_force()
            token, life = await self._stable_token(True)
            log.warning("channel wechat: the access token was refused before its time and made anew by force")
        return token, life

    async def _may_force(self) -> None:
        """At most 20 times a day (of China) and once a minute, by all processes; who renews the token has its lease.

        Raises:
            NotDelivered: it was done a moment ago, or often enough today; ``retry``.
        """
        in_thread, shop = self.gate.in_thread, self.gate.shop
        values, key, count_key = shop.shared_values, f"forced:wechat:{self.account}", f"forces:wechat:{self.account}"
        if await in_thread(values.get, key):
            raise NotDelivered("retry", "token", self.force_every_s)
        today = shop.clock().astimezone(SHANGHAI).date().isoformat()
        day, _, count = (await in_thread(values.get, count_key) or "").partition(" ")
        forced = int(count) if day == today else 0
        if forced >= FORCES_A_DAY:
            log.error("channel wechat: the access token was made anew by force %d times today, no more", forced)
            raise NotDelivered("retry", "token", TOO_OFTEN_S)
        await in_thread(values.put, count_key, f"{today} {forced + 1}")
        await in_thread(values.put, key, "1", self.force_every_s)

    async def _stable_token(self, by_force: bool) -> tuple[str, float]:
        asked = {
            "grant_type": "client_credential",
            "appid": self.credentials["app_id"],
            "secret": self.credentials.get("app_secret", ""),
            "force_refresh": by_force,
        }
        answer = await self.http.call("POST", "/cgi-bin/stable_token", json=asked)
        sort_errcode(answer)
        return str(answer["access_token"]), float(answer.get("expires_in", 7200))

    async def fetch(self, arrival: Arrival) -> bytes:
        """The picture by its MediaId."""
        return await self.media(str(arrival.media.get("media_id", "")))

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """A customer-service message."""
        await self._send(peer, outgoing(piece, self))

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A customer-service message with a picture."""
        await self._send(peer, await self.picture_message(picture))

    async def _send(self, peer: PeerView, content: dict[str, Any]) -> None:
        await self.ask("POST", "/cgi-bin/message/custom/send", json={"touser": peer.address["peer"], **content})

    async def set_menu(self, menu: dict[str, Any]) -> None:
        """Define the account's menu, as the platform documents it."""
        await self.ask("POST", "/cgi-bin/menu/create", json=menu)


def outgoing(piece: Piece, connector: WeChatInput) -> dict[str, Any]:
    """A piece as a customer-service message: menu, mini-program or link card, else text."""
    if piece.kind == "menu" and 1 <= len(piece.options) <= MOST_MENU:
        listed = [{"id": one.number, "content": one.title} for one in piece.options]
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": piece.lead, "list": listed, "tail_content": ""}}
    if piece.topic == "products" and len(piece.cards) == 1:
        card, mini = piece.cards[0], connector.credentials.get("miniprogram")
        if isinstance(mini, dict):
            page = {
                "title": card["title"],
                "appid": mini["appid"],
                "pagepath": str(mini["page"]).format(title=quote(card["title"])),
                "thumb_media_id": mini["thumb_media_id"],
            }
            return {"msgtype": "miniprogrampage", "miniprogrampage": page}
        if connector.page_of(card):
            article = {
                "title": card["title"],
                "description": piece.text,
                "url": connector.page_of(card),
                "picurl": connector.picture_of(card),
            }
            return {"msgtype": "news", "news": {"articles": [article]}}
    return {"msgtype": "text", "text": {"content": piece.text}}


def arrival_of(message: dict[str, Any]) -> Arrival:
    """A decrypted message or event in our form.

    Raises:
        BadCallback: it names no sender.
    """
    peer, kind, at = str(message.get("FromUserName") or ""), message.get("MsgType"), message.get("CreateTime")
    if not peer:
        raise BadCallback("it names no sender")
    common: dict[str, Any] = {"peer": peer, "sent_at": _seconds(at), "room": ROOM, "room_s": TWO_DAYS_S}
    if kind == "event":
        return _event(message, peer, {**common, "room": EVENT_ROOM, "room_s": EVENT_ROOM_S})
    common["external_id"] = str(message.get("MsgId") or f"{peer}{at}")
    if kind == "text":
        choice = str(message.get("bizmsgmenuid") or "")
        return Arrival(text=str(message.get("Content") or ""), choice=choice, **common)
    if kind == "image":
        return Arrival(kind="image", media={"media_id": message.get("MediaId"), "url": message.get("PicUrl")}, **common)
    if kind == "voice":
        return Arrival(
            kind="voice",
            text=str(message.get("Recognition") or ""),
            media={"media_id": message.get("MediaId")},
            **common,
        )
    if kind == "location":
        label = message.get("Label") or f"{message.get('Location_X')},{message.get('Location_Y')}"
        return Arrival(kind="location", text=str(label), **common)
    if kind == "link":
        return Arrival(text=str(message.get("Title") or message.get("Url") or ""), **common)
    return Arrival(kind="other", **common)


def _event(message: dict[str, Any], peer: str, common: dict[str, Any]) -> Arrival:
    """Events have no MsgId: sender, time, kind and key tell them apart."""
    event, key = str(message.get("Event") or "").lower(), str(message.get("EventKey") or "")
    common["external_id"] = f"{peer}{message.get('CreateTime')}{event}{key}"
    if event == "subscribe":
        return Arrival(kind="follow", link=key.removeprefix("qrscene_"), **common)
    if event == "scan":
        return Arrival(kind="link", link=key, **common)
    if event == "click":
        return Arrival(text=key, **common)
    return Arrival(kind="ignore", **{**common, "room": 0, "room_s": 0.0})


def _seconds(raw: Any) -> float:
    return float(raw) if str(raw).isdigit() else 0.0
