"""WeCom 企业微信: messages of a self-built app. Always encrypted; the receiver is the corp id."""

from __future__ import annotations

from typing import Any, ClassVar

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.arrival import Arrival
from bot.channels.crypt import BadCallback, WeChatCrypt
from bot.channels.render import Form, Piece
from bot.channels.tencent import Tencent, sort_errcode
from shop.channel_views import PeerView

MOST_BUTTONS = 6


class WeComBase(Tencent):
    """What the app and the customer service share: proof of the address, tokens."""

    needs: ClassVar[tuple[str, ...]] = ("corp_id", "secret", "token", "encoding_aes_key")
    default_api = "https://qyapi.weixin.qq.com"

    def __init__(self, credentials: dict[str, Any], gate: Any = None) -> None:
        super().__init__(credentials, gate)
        given = self.credentials
        self.crypt = WeChatCrypt(str(given["token"]), str(given["encoding_aes_key"]), str(given["corp_id"]))

    @property
    def account(self) -> str:
        """See ``Connector.account``."""
        return f"{self.credentials['corp_id']}:{self.credentials.get('agent_id', '')}"

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse:
        return await self.receive(self.opened(request, raw))

    async def receive(self, message: dict[str, Any]) -> HTTPResponse:
        """Take a decrypted callback."""
        raise NotImplementedError

    async def _prove(self, request: Request) -> HTTPResponse:
        plain = self.unsealed(request, str(request.args.get("echostr") or ""))
        return response.raw(plain, content_type="text/plain; charset=utf-8")

    async def _new_token(self, refused: str) -> tuple[str, float]:
        asked = {"corpid": str(self.credentials["corp_id"]), "corpsecret": str(self.credentials["secret"])}
        answer = await self.http.call("GET", "/cgi-bin/gettoken", params=asked)
        sort_errcode(answer)
        return str(answer["access_token"]), float(answer.get("expires_in", 7200))

    async def fetch(self, arrival: Arrival) -> bytes:
        """The picture by its MediaId."""
        return await self.media(str(arrival.media.get("media_id", "")))


class WeComInput(WeComBase):
    """``/webhooks/wecom/callback``; credentials: bot/channels/docs/wecom.md."""

    form = Form(text_limit=2000, buttons=MOST_BUTTONS)
    needs = (*WeComBase.needs, "agent_id")

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "wecom"

    async def receive(self, message: dict[str, Any]) -> HTTPResponse:
        """Keep a message and acknowledge it."""
        await self.intake.accept([arrival_of(message)])
        return response.text("")

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """An app message."""
        await self._send(peer, self._worded(piece, key))

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """An app message with a picture."""
        await self._send(peer, await self.picture_message(picture))

    async def _send(self, peer: PeerView, content: dict[str, Any]) -> None:
        to = {"touser": peer.address["peer"], "agentid": int(self.credentials["agent_id"])}
        await self.ask("POST", "/cgi-bin/message/send", json={**to, **content})

    def _worded(self, piece: Piece, key: str) -> dict[str, Any]:
        if piece.kind in ("menu", "cards") and 1 <= len(piece.options) <= MOST_BUTTONS:
            text = piece.lead if piece.kind == "menu" else piece.text
            card = {
                "card_type": "button_interaction",
                "main_title": {"title": self.gate.shop.settings.shop_name},
                "sub_title_text": text,
                "task_id": f"x{key}-{len(piece.text)}",
                "button_list": [{"text": one.title[:10], "style": 1, "key": one.number} for one in piece.options],
            }
            return {"msgtype": "template_card", "template_card": card}
        if piece.topic == "products" and len(piece.cards) == 1 and self.page_of(piece.cards[0]):
            card = piece.cards[0]
            article = {"title": card["title"], "description": piece.text, "url": self.page_of(card)}
            picture = self.picture_of(card)
            return {"msgtype": "news", "news": {"articles": [{**article, **({"picurl": picture} if picture else {})}]}}
        return {"msgtype": "text", "text": {"content": piece.text}}


def arrival_of(message: dict[str, Any]) -> Arrival:
    """A decrypted message or event in our form.

    Raises:
        BadCallback: it names no sender.
    """
    peer, kind, at = (str(message.get(name) or "") for name in ("FromUserName", "MsgType", "CreateTime"))
    if not peer:
        raise BadCallback("it names no sender")
    common: dict[str, Any] = {"peer": peer, "sent_at": float(at) if at.isdigit() else 0.0}
    if kind == "event":
        event, key = str(message.get("Event") or "").lower(), str(message.get("EventKey") or "")
        common["external_id"] = f"{peer}{at}{event}{message.get('TaskId') or ''}{key}"
        if event == "template_card_event":
            return Arrival(choice=key, text=key, **common)
        if event == "click":
            return Arrival(text=key, **common)
        return Arrival(kind="follow" if event == "subscribe" else "ignore", **common)
    common["external_id"] = str(message.get("MsgId") or f"{peer}{at}{kind}")
    if kind == "text":
        return Arrival(text=str(message.get("Content") or ""), **common)
    if kind in ("image", "voice"):
        return Arrival(kind=kind, media={"media_id": message.get("MediaId")}, **common)
    if kind == "location":
        return Arrival(kind="location", text=str(message.get("Label") or ""), **common)
    return Arrival(kind="other", **common)
