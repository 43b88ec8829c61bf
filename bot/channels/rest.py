"""The REST channel: one request a message, its answers in the response."""

from __future__ import annotations

import json
import secrets
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import speed
from bot.channels.bodies import read_body
from bot.channels.cleaning import MADE_BY_US, SENDER
from bot.channels.collector import body_of
from bot.channels.gate import Gate, Handler, Incoming
from bot.channels.texts import Body
from bot.channels.wiring import has_model, the_gate, warm_up

MAX_REQUEST = 256 * 1024
SENDER_HEADER = "X-Xiaoer-Sender"


class RestInput(InputChannel):
    """``POST /webhooks/rest/webhook`` with ``{sender, message, metadata: {token}, message_id?}``.

    Always answers 200 with a list of at least one ``{recipient_id, text?, buttons?, custom?, image?}``.
    """

    def __init__(self, gate: Gate | None = None) -> None:
        self._gate = gate

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Made by Rasa; there is nothing to configure."""
        return cls()

    @property
    def gate(self) -> Gate:
        """The process's gate, unless a test gave one."""
        return self._gate or the_gate()

    def get_output_channel(self) -> OutputChannel:
        """Keeps messages that come without a request in the history, where the client can fetch them."""
        return _HistoryOnly(self.gate)

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The channel's routes."""
        self._gate = self.gate  # made now: a bad setting stops the start, not the first message
        routes = Blueprint("rest_webhook", __name__)

        @routes.listener("after_server_start")  # before it, no agent is there yet
        async def warm(app: Sanic, _: Any) -> None:
            await warm_up(app, self.gate.texts)
            speed.settle()

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            if has_model(request.app):
                return response.json({"status": "ok"})
            return response.json({"status": "no model"}, status=503)

        @routes.route("/webhook", methods=["POST"], stream=True)  # a stream: Sanic would take 100 MB before we look
        async def receive(request: Request) -> HTTPResponse:
            return await self._answer(await read_body(request, MAX_REQUEST), on_new_message)

        return routes

    async def _answer(self, raw: bytes | None, handler: Handler) -> HTTPResponse:
        texts = self.gate.texts
        if raw is None:
            return _reply(_new_sender(), [texts.body("too_long", limit=self.gate.message_limit)])
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            return _reply(_new_sender(), [texts.body("bad_request")])
        sender = content.get("sender")
        if sender is None or sender == "":
            sender = _new_sender()
        elif not isinstance(sender, str) or not SENDER.fullmatch(sender) or MADE_BY_US.fullmatch(sender):
            return _reply(_new_sender(), [texts.body("bad_sender")])
        text, metadata, message_id = (content.get(key) for key in ("message", "metadata", "message_id"))
        incoming = Incoming(self.name(), sender, text, metadata, message_id, self.gate.keep)
        outcome = await self.gate.receive(incoming, handler)
        return _reply(sender, outcome.answers or [texts.body("with_agent")])


class _HistoryOnly(OutputChannel):
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @classmethod
    def name(cls) -> str:
        return "rest"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        body = body_of(message)
        if body:
            await self._gate.keep(recipient_id, body)


def _new_sender() -> str:
    return f"r-{secrets.token_hex(16)}"


def _reply(sender: str, bodies: list[Body]) -> HTTPResponse:
    answers = [{"recipient_id": sender, **body} for body in bodies]
    for answer in answers:
        answer.pop("id", None)
    return response.json(answers, headers={SENDER_HEADER: sender})
