"""A server that speaks the widget's wire and nothing else: a test says what it tells and sees what it heard."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>店</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<link rel="icon" href="data:,">{settings}
<script async src="/widget/xiaoer.js" data-server="{server}" {attributes}></script></head>
<body><main><h1>一家店</h1><p><a href="#">随便看看</a></p>{body}</main></body></html>"""
HISTORY = 50  # as bot.channels.web_sessions


class FakeWire:
    """Use as a context manager; ``address`` is the page with the widget."""

    def __init__(self) -> None:
        self.port = free_port()
        self.attributes, self.settings, self.body = "data-open", "", ""  # of the page
        self.server = ""  # what the page takes for the server; empty: this one
        self.may_answer = threading.Event()  # uploads wait for it
        self.may_answer.set()
        self.hold = ""  # the event whose next answer waits for ``let_go``
        self.let_go = threading.Event()
        self.suggestions: list[dict[str, Any]] = []
        self.speech: tuple[int, dict[str, Any]] = (200, {"text": "我的订单到哪了"})
        self.upload_status = 200
        self.answer = True
        self.deaf = 0  # so many requests for a session are not answered
        self.forget()
        self._sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
        for event in ("session_request", "history_request", "user_uttered", "suggest_request"):
            self._sio.on(event, getattr(self, f"_{event}"))
        for event in ("queue_leave", "rate_talk", "leave_message", "user_typing", "user_read"):
            self._sio.on(event, self._noted(event))
        pages = Starlette(routes=[
            Route("/", self._page),
            Route("/widget/xiaoer.js", lambda _: FileResponse(ROOT / "web/widget/dist/xiaoer.js")),
            Route("/webhooks/web/upload", self._upload, methods=["POST"]),
            Route("/webhooks/web/speech", self._speech, methods=["POST"]),
            Route("/events", self._events, methods=["POST"]),
        ])  # fmt: skip
        config = uvicorn.Config(
            socketio.ASGIApp(self._sio, pages), host="127.0.0.1", port=self.port, log_level="error", ws="wsproto"
        )
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FakeWire:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Begin anew: nothing was said or heard."""
        self.hold = ""
        self.let_go.clear()
        self.history: list[dict[str, Any]] = []
        self.heard: list[tuple[str, Any]] = []
        self.uploads: list[tuple[str, bytes]] = []  # kind and bytes of each
        self.events: list[dict[str, Any]] = []  # bodies of POST /events
        self.events_status = 200
        self.delivered: list[str] = []  # client ids, each as often as it came
        self.state: dict[str, Any] = {"token": "none", "speaker": "bot"}

    def add(self, direction: str = "out", **body: Any) -> dict[str, Any]:
        """Put a message into the history."""
        message = {
            "id": len(self.history) + 1,
            "direction": direction,
            "at": datetime.now(timezone.utc).isoformat(),
            **body,
        }
        self.history.append(message)
        return message

    def say(self, direction: str = "out", **body: Any) -> None:
        """Put a message into the history and tell it to all open pages."""
        self.tell("bot_uttered", self.add(direction, **body))

    def tell(self, event: str, data: Any = None) -> None:
        """Emit an event to all open pages."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._sio.emit(event, data), self._loop).result(10)

    def all_heard(self, event: str) -> list[Any]:
        """What came of an event so far."""
        return [data for name, data in self.heard if name == event]

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        asyncio.run(serve())

    def _noted(self, event: str) -> Any:
        async def note(_sid: str, data: Any = None) -> dict[str, Any]:
            self.heard.append((event, data))
            return {"ok": True}

        return note

    async def _session_request(self, sid: str, data: Any = None) -> None:
        self.heard.append(("session_request", data))
        if self.deaf:
            self.deaf -= 1
            return
        await self._sio.emit("session_confirm", (data or {}).get("session_id") or f"s{len(self.heard)}.proof", to=sid)
        await self._sio.emit("session_state", self.state, to=sid)

    async def _history_request(self, _sid: str, data: Any = None) -> dict[str, Any]:
        self.heard.append(("history_request", data))
        before, after = data.get("before"), data.get("after", 0)
        fits = [one for one in self.history if (one["id"] < before if before else one["id"] > after)]
        await self._held("history_request")
        return {"ok": True, "messages": fits[-HISTORY:], "more": len(fits) >= HISTORY}

    async def _held(self, event: str) -> None:
        """Wait with an answer that is to come late; it says how things stood when it was asked for."""
        if self.hold != event:
            return
        self.hold = ""
        while not self.let_go.is_set():
            await asyncio.sleep(0.02)

    async def _user_uttered(self, _sid: str, data: Any) -> dict[str, Any]:
        self.delivered.append(data["message_id"])
        known = next((one for one in self.history if one.get("message_id") == data["message_id"]), None)
        if known is not None:
            return {"ok": True, "id": known["id"], "double": True}
        said = self.add("in", text=data["message"], message_id=data["message_id"])
        await self._held("user_uttered")
        if self.answer:
            await self._sio.emit("bot_uttered", self.add(text=f"收到：{data['message']}"))
        return {"ok": True, "id": said["id"]}

    async def _suggest_request(self, _sid: str, data: Any = None) -> dict[str, Any]:
        self.heard.append(("suggest_request", data))
        return {"items": [one for one in self.suggestions if one["title"].startswith(data["text"])]}

    async def _page(self, _request: Request) -> Response:
        settings = f"<script>window.xiaoerSettings = {self.settings}</script>" if self.settings else ""
        server = self.server or self.address
        page = PAGE.format(server=server, attributes=self.attributes, settings=settings, body=self.body)
        return HTMLResponse(page)

    async def _upload(self, request: Request) -> Response:
        self.uploads.append((request.headers.get("content-type", ""), await request.body()))
        while not self.may_answer.is_set():
            await asyncio.sleep(0.02)
        if self.upload_status != 200:
            return JSONResponse({"error": "图片太大了"}, status_code=self.upload_status)
        return JSONResponse({"id": "a" * 32})

    async def _events(self, request: Request) -> Response:
        self.events.append(json.loads(await request.body()))
        return JSONResponse({"stored": 1, "ignored": 0}, status_code=self.events_status)

    async def _speech(self, request: Request) -> Response:
        self.heard.append(("speech", await request.body()))
        return JSONResponse(self.speech[1], status_code=self.speech[0])
