"""Telegram through the gate.

Rasa's own Telegram channel believes whoever posts to it and answers inside the
callback; this one checks the webhook's secret, knows redeliveries, and queues.
"""

from __future__ import annotations

from typing import Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered, picture_form
from bot.channels.arrival import Arrival
from bot.channels.connector import Connector
from bot.channels.crypt import BadCallback, read_json, same
from bot.channels.render import Form, Piece
from shop.channel_views import PeerView


class TelegramInput(Connector):
    """``/webhooks/telegram/callback``; credentials: bot/channels/docs/telegram.md."""

    form = Form(text_limit=4000, buttons=50, pictures=True)
    needs = ("access_token", "webhook_secret")
    default_api = "https://api.telegram.org"

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "telegram"

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not same(secret, str(self.credentials["webhook_secret"])):
            raise BadCallback("the secret token is wrong")
        update = read_json(raw)
        try:
            arrival = arrival_of(update)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadCallback("no update") from None
        if arrival is not None:
            await self.intake.accept([arrival])
        pressed = update.get("callback_query")
        if isinstance(pressed, dict) and pressed.get("id"):  # else the button shows its spinner for a minute
            return response.json({"method": "answerCallbackQuery", "callback_query_id": str(pressed["id"])})
        return response.json({})

    async def _ask(self, method: str, content: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        try:
            address = f"/bot{self.credentials['access_token']}/{method}"
            return await self.http.call("POST", address, **({"json": content} if content is not None else more))
        except NotDelivered as fault:
            wait = (fault.detail.get("parameters") or {}).get("retry_after")
            if fault.code == "429" and wait:
                raise NotDelivered("retry", "429", float(wait)) from None
            if fault.why == "token":  # a bot's token does not renew itself
                raise NotDelivered("dead", fault.code) from None
            raise

    async def fetch(self, arrival: Arrival) -> bytes:
        """The picture by its file id."""
        found = await self._ask("getFile", {"file_id": arrival.media.get("file")})
        path = str((found.get("result") or {}).get("file_path") or "")
        return (await self.http.raw("GET", f"/file/bot{self.credentials['access_token']}/{path}"))[0]

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A photo."""
        await self._ask("sendPhoto", data=picture_form("photo", picture, chat_id=str(peer.address["chat"])))

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """A message with its buttons below."""
        chat = {"chat_id": peer.address["chat"]}
        if piece.kind == "image" and piece.image.startswith("http"):
            await self._ask("sendPhoto", {**chat, "photo": piece.image})
            return
        content: dict[str, Any] = {**chat, "text": piece.text}
        if piece.kind in ("menu", "cards") and piece.options:
            content["text"] = piece.lead if piece.kind == "menu" else piece.text
            rows = [[{"text": one.title[:60], "callback_data": one.number}] for one in piece.options]
            content["reply_markup"] = {"inline_keyboard": rows}
        await self._ask("sendMessage", content)


def arrival_of(update: dict[str, Any]) -> Arrival | None:
    """An update in our form; None for what is no customer's message, or not from a private chat.

    A group would read its members' orders along.
    """
    common: dict[str, Any] = {"external_id": str(update["update_id"])}
    pressed = update.get("callback_query")
    if pressed:
        chat = pressed["message"]["chat"]["id"]
        if pressed["message"]["chat"].get("type") != "private":
            return None
        number = str(pressed.get("data") or "")
        return Arrival(peer=str(pressed["from"]["id"]), choice=number, text=number, address={"chat": chat}, **common)
    message = update.get("message") or update.get("edited_message")
    if not message or message["chat"].get("type") != "private" or message["from"].get("is_bot"):
        return None
    common |= {
        "peer": str(message["from"]["id"]),
        "address": {"chat": message["chat"]["id"]},
        "sent_at": float(message.get("date") or 0),
    }
    text = str(message.get("text") or "")
    if text == "/start":
        return Arrival(kind="follow", **common)
    if text.startswith("/start "):
        return Arrival(kind="follow", link=text.split()[-1], **common)
    if text:
        return Arrival(text=text, **common)
    if message.get("photo"):
        largest = max(message["photo"], key=lambda one: int(one.get("file_size") or 0))
        caption = str(message.get("caption") or "")
        return Arrival(kind="image", text=caption, media={"file": largest["file_id"]}, **common)
    if message.get("location"):
        place = message["location"]
        return Arrival(kind="location", text=f"{place['latitude']},{place['longitude']}", **common)
    if message.get("voice"):
        return Arrival(kind="voice", media={"file": message["voice"]["file_id"]}, **common)
    return Arrival(kind="other", **common)
