"""The web channel: socket.io for talk, plain HTTP for history and pictures.

Events, as public widgets know them: the browser sends ``session_request``
{session_id?, token?, ask_id?} (the same ask_id when it asks again) and
``user_uttered`` {message, message_id?, metadata: {token?, attachments?}}; it hears
``session_confirm`` (its session id, to be kept and shown again), ``session_state``
and ``bot_uttered``. Session ids are made and signed here; nobody can join somebody else's conversation by guessing one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from weakref import WeakValueDictionary

import socketio
from rasa.core.channels.channel import InputChannel, OutputChannel
from rasa.core.channels.socketio import SocketBlueprint, SocketIOInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.collector import body_of
from bot.channels.delivery import the_delivery
from bot.channels.gate import Gate, Handler, Incoming
from bot.channels.texts import Body
from bot.channels.web_ahead import TypeAhead
from bot.channels.web_http import WebHttp
from bot.channels.web_people import WebPeople
from bot.channels.web_sessions import HISTORY, after_id, open_session, wire_form
from bot.channels.wiring import the_gate
from shop.errors import BadToken, ShopError

log = logging.getLogger(__name__)

MAX_FRAME = 64 * 1024


class WebInput(SocketIOInput):
    """The widget's channel; see the module's docstring."""

    def __init__(self, gate: Gate | None = None) -> None:
        super().__init__(session_persistence=True)
        self._gate = gate

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Made by Rasa; everything to configure is in the settings."""
        return cls()

    @property
    def gate(self) -> Gate:
        """The process's gate, unless a test gave one."""
        return self._gate or the_gate()

    def get_output_channel(self) -> OutputChannel:
        """For messages that nobody asked for; works in every process when Redis is set."""
        return WebOutput(self.gate, self.sio or _remote(self.gate.shop.settings.redis_url))

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The channel's routes and events."""
        self._gate = self.gate  # made now: a bad setting stops the start, not the first message
        settings = self._gate.shop.settings
        self.sio = socketio.AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=settings.origins,  # Rasa's own channel turns this check off
            client_manager=socketio.AsyncRedisManager(settings.redis_url) if settings.redis_url else None,
            max_http_buffer_size=MAX_FRAME,
        )
        routes = SocketBlueprint(self.sio, self.socketio_path, "web_webhook", __name__)

        @routes.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        WebHttp(self._gate).add_to(routes)
        delivery = the_delivery(self._gate)
        delivery.add_to(routes)
        WebPeople(self.sio, self._gate).listen(delivery)
        talk = _Talk(self.sio, self._gate, on_new_message)
        self.sio.on("session_request", talk.session_request)
        self.sio.on("user_uttered", talk.user_uttered)
        self.sio.on("history_request", talk.history_request)
        self.sio.on("suggest_request", talk.suggest_request)

        @routes.listener("after_server_start")
        async def warm(_app: Any, _loop: Any) -> None:
            await talk.ahead.warm_up()

        return routes


class WebOutput(OutputChannel):
    """Keeps a message and shows it in every open tab of its conversation."""

    def __init__(self, gate: Gate, server: Any) -> None:
        self._gate = gate
        self._server = server

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep and show one message; with ``agent`` in it, it is a person's."""
        body = body_of(message)
        if body:
            await self.send(recipient_id, body)

    async def send(self, recipient_id: str, body: Body) -> None:
        """Keep and show one body."""
        direction = "agent" if body.get("agent") else "out"
        kept = await self._gate.keep(recipient_id, body, direction)
        if self._server is not None and kept is not None:
            await self._server.emit("bot_uttered", {**body, "id": kept, "direction": direction}, room=recipient_id)


class _Talk:
    """Handlers of the socket's events."""

    def __init__(self, server: Any, gate: Gate, handler: Handler) -> None:
        self._server = server
        self._gate = gate
        self._handler = handler
        self._output = WebOutput(gate, server)
        self.ahead = TypeAhead(gate)
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def session_request(self, sid: str, data: Any = None) -> None:
        asked = data if isinstance(data, dict) else {}
        token = asked.get("token") or _metadata(asked).get("token")
        lock = self._asking.setdefault(sid, asyncio.Lock())
        async with lock:
            await self._open(sid, asked.get("session_id"), token, asked.get("ask_id"))

    async def _open(self, sid: str, session_id: Any, token: Any, ask_id: Any) -> None:
        """Open a session; a page that waited too long asks again by the same id and gets the same session."""
        given = (await self._server.get_session(sid)).get("given")
        if session_id is None and ask_id is not None and given is not None and given[0] == ask_id:
            session_id = given[1]
        try:
            opened = await self._gate.in_thread(open_session, self._gate.shop, session_id, token)
        except ShopError:
            await self._say(sid, self._gate.texts.body("database_down"))
            return
        await self._join(sid, opened.sender_id, given=(ask_id, opened.proof))
        await self._server.emit("session_confirm", opened.proof, to=sid)
        state = {"token": opened.token, "speaker": opened.speaker, "handoff": opened.handoff}
        await self._server.emit("session_state", state, to=sid)

    async def user_uttered(self, sid: str, data: Any = None) -> dict[str, Any]:
        said = data if isinstance(data, dict) else {"message": data}
        sender_id = await self._sender(sid, said)
        if sender_id is None:
            await self._server.emit("session_lost", to=sid)
            return {"ok": False}
        metadata = _metadata(said)
        incoming = Incoming("web", sender_id, said.get("message"), metadata, said.get("message_id"), self._output.send)
        outcome = await self._gate.receive(incoming, self._handler)
        if outcome.message_id is None and not outcome.answers:
            outcome.answers = [self._gate.texts.body("erased")]
        if outcome.double:
            for body in outcome.answers:
                if "id" not in body:  # in no history: the bot stopped in the middle of this message
                    await self._say(sid, body)
            return {"ok": True, "id": outcome.message_id, "double": True}
        if outcome.message_id is None:  # refused: only this tab is told
            for body in outcome.answers:
                await self._say(sid, body)
            return {"ok": False}
        echo = {
            "id": outcome.message_id,
            "direction": "in",
            "text": said.get("message"),
            "attachments": metadata.get("attachments") or [],
            "message_id": said.get("message_id"),
        }
        await self._server.emit("user_echoed", echo, room=sender_id, skip_sid=sid)
        for body in outcome.answers:
            await self._server.emit("bot_uttered", {**body, "direction": "out"}, room=sender_id)
        return {"ok": True, "id": outcome.message_id}

    async def history_request(self, sid: str, data: Any = None) -> dict[str, Any]:
        asked = data if isinstance(data, dict) else {}
        sender_id = await self._sender(sid, asked)
        if sender_id is None:
            return {"ok": False, "messages": []}
        after, before = after_id(asked.get("after")), after_id(asked.get("before"))
        messages = self._gate.shop.messages
        read, edge = (messages.before, before) if before else (messages.history, after)
        try:
            stored = await self._gate.in_thread(read, sender_id, edge, HISTORY)
        except ShopError:
            return {"ok": False, "messages": []}
        return {"ok": True, "messages": [wire_form(one) for one in stored], "more": len(stored) == HISTORY}

    async def suggest_request(self, sid: str, data: Any = None) -> dict[str, Any]:
        asked = data if isinstance(data, dict) else {}
        sender_id = await self._sender(sid, asked)
        return {"items": [] if sender_id is None else await self.ahead.items(sender_id, asked.get("text"))}

    async def _sender(self, sid: str, data: dict[str, Any]) -> str | None:
        """The conversation of a connection; a session id that it shows and owns also does."""
        known = (await self._server.get_session(sid)).get("sender_id")
        if known is not None or not data.get("session_id"):
            return known
        try:
            opened = await self._gate.in_thread(
                open_session, self._gate.shop, data["session_id"], _metadata(data).get("token")
            )
        except (BadToken, ShopError):
            return None
        if not str(data["session_id"]).startswith(opened.sender_id + "."):
            return None
        await self._join(sid, opened.sender_id)
        return opened.sender_id

    async def _join(self, sid: str, sender_id: str, **more: Any) -> None:
        held = await self._server.get_session(sid)
        if held.get("sender_id") not in (None, sender_id):
            await self._server.leave_room(sid, held["sender_id"])
        await self._server.save_session(sid, {**held, "sender_id": sender_id, **more})
        await self._server.enter_room(sid, sender_id)  # Rasa's own channel forgets to await this

    async def _say(self, sid: str, body: Body) -> None:
        await self._server.emit("bot_uttered", {**body, "direction": "out"}, to=sid)


def _metadata(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("metadata")
    return found if isinstance(found, dict) else {}


def _remote(redis_url: str) -> Any:
    if redis_url:
        return socketio.AsyncRedisManager(redis_url, write_only=True)
    log.warning("no open tab can be reached from this process: set XIAOER_REDIS_URL; the message is kept")
    return None
