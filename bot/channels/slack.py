"""Slack through the gate: signed events and pressed buttons in, Block Kit out."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered
from bot.channels.arrival import Arrival
from bot.channels.connector import Connector, fresh
from bot.channels.crypt import BadCallback, read_json, same, slack_signature
from bot.channels.render import Form, Piece
from shop.channel_views import PeerView

STALE_S = 300.0
MOST_BUTTONS = 20
FILE_HOST = "files.slack.com"
_MENTION = re.compile(r"<@\w+>\s*")


class SlackInput(Connector):
    """``/webhooks/slack/callback``; credentials: bot/channels/docs/slack.md."""

    form = Form(text_limit=2900, buttons=MOST_BUTTONS)
    needs = ("slack_token", "slack_signing_secret")
    default_api = "https://slack.com"

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "slack"

    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        expected = slack_signature(stamp, str(self.credentials["slack_signing_secret"]), raw)
        if not same(expected, request.headers.get("X-Slack-Signature", "")):
            raise BadCallback("the signature is wrong")
        fresh(stamp, min(self.stale_s, STALE_S), time.time())
        try:
            if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
                arrival = pressed_of(json.loads(parse_qs(raw.decode())["payload"][0]))
            else:
                content = read_json(raw)
                if content.get("type") == "url_verification":
                    return response.json({"challenge": content.get("challenge")})
                arrival = arrival_of(content)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise BadCallback("no event") from None
        if arrival is not None:
            await self.intake.accept([arrival])
        return response.text("")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials['slack_token']}"}

    async def fetch(self, arrival: Arrival) -> bytes:
        """The file by its private address, which only Slack's host may have."""
        parts, own = urlsplit(str(arrival.media.get("url") or "")), urlsplit(self.http.base)
        theirs = parts.scheme == "https" and parts.hostname == FILE_HOST
        if not theirs and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
            raise NotDelivered("dead", "a file elsewhere")
        return (await self.http.raw("GET", parts.geturl(), headers=self._headers))[0]

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """A message with its buttons as blocks."""
        content: dict[str, Any] = {"channel": peer.address["channel"], "text": piece.text}
        if piece.kind in ("menu", "cards") and 1 <= len(piece.options) <= MOST_BUTTONS:
            shown = piece.lead if piece.kind == "menu" else piece.text
            buttons = [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": one.title[:70]},
                    "value": one.number,
                    "action_id": f"option-{one.number}",
                }
                for one in piece.options
            ]
            content["blocks"] = [
                {"type": "section", "text": {"type": "plain_text", "text": shown or piece.text}},
                {"type": "actions", "elements": buttons},
            ]
        await self._ask("chat.postMessage", json=content)

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A file, in Slack's three steps; it is shown with the third."""
        asked = {"filename": "picture.jpg", "length": str(len(picture))}
        place = await self._ask("files.getUploadURLExternal", data=asked)
        await self.http.raw("POST", str(place["upload_url"]), data=picture)
        shown = {"files": [{"id": place["file_id"]}], "channel_id": peer.address["channel"]}
        await self._ask("files.completeUploadExternal", json=shown)

    async def _ask(self, method: str, **content: Any) -> dict[str, Any]:
        answer = await self.http.call("POST", f"/api/{method}", headers=self._headers, **content)
        if not answer.get("ok"):
            error = str(answer.get("error") or "")
            passing = error in ("ratelimited", "internal_error", "fatal_error", "service_unavailable")
            raise NotDelivered("retry" if passing else "dead", error[:40])
        return answer


def arrival_of(content: dict[str, Any]) -> Arrival | None:
    """An event in our form; None for what is no customer's message: the bot's own, edits, joins.

    Only direct messages are answered: a channel would read its members' orders along.
    """
    event = content.get("event") or {}
    if event.get("type") != "message" or event.get("channel_type") != "im":
        return None
    if event.get("subtype") not in (None, "file_share") or event.get("bot_id") or not event.get("user"):
        return None
    common: dict[str, Any] = {
        "peer": str(event["user"]),
        "external_id": str(event.get("client_msg_id") or content["event_id"]),
        "sent_at": float(event.get("ts") or 0),
        "address": {"channel": str(event["channel"])},
    }
    text = _MENTION.sub("", str(event.get("text") or "")).strip()
    pictures = [one for one in event.get("files") or [] if str(one.get("mimetype")).startswith("image/")]
    if pictures:
        return Arrival(kind="image", text=text, media={"url": pictures[0].get("url_private_download")}, **common)
    return Arrival(text=text, **common) if text else Arrival(kind="other", **common)


def pressed_of(payload: dict[str, Any]) -> Arrival | None:
    """A pressed button in our form; None for another action, or outside a direct message."""
    action = (payload.get("actions") or [{}])[0]
    if action.get("type") != "button" or not action.get("value") or not str(payload["channel"]["id"]).startswith("D"):
        return None
    return Arrival(
        peer=str(payload["user"]["id"]),
        external_id=f"{payload.get('trigger_id') or ''}{action.get('action_ts') or ''}",
        choice=str(action["value"]),
        text=str((action.get("text") or {}).get("text") or action["value"]),
        sent_at=float(action.get("action_ts") or 0),
        address={"channel": str(payload["channel"]["id"])},
    )
