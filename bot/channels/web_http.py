"""The web channel's plain HTTP: history, and pictures in and out.

Credentials travel in headers, so that they stand in no log of a proxy:
``X-Xiaoer-Session`` (the session id) and ``Authorization: Bearer`` (the token).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request, parse_multipart_form
from sanic.response import HTTPResponse

from bot.channels.bodies import read_body
from bot.channels.gate import Gate, log_incident
from bot.channels.pace import RateLimit
from bot.channels.web_sessions import HISTORY, after_id, may_see, wire_form
from bot.channels.web_speech import Speech, SpeechBusy, SpeechOff
from nlp.speech import LONGEST_S, MOST_BYTES
from shop.errors import BadPicture, BadToken, BadValue, DatabaseDown, NotFound

SESSION_HEADER = "X-Xiaoer-Session"
UPLOADS_PER_MINUTE = 20
_FORM_OVERHEAD = 4096


class WebHttp:
    """Routes beside the socket; answers carry CORS headers for the allowed origins only."""

    def __init__(self, gate: Gate, speech: Speech | None = None) -> None:
        self._gate = gate
        self._shop = gate.shop
        self._origins = set(gate.shop.settings.origins)
        self._rate = RateLimit(UPLOADS_PER_MINUTE)
        # One picture at a time, beside the talks: a large one takes seconds and 200 MB.
        self._speech = speech or Speech(gate.shop.settings)
        self._painter = ThreadPoolExecutor(1, thread_name_prefix="picture")

    def add_to(self, routes: Blueprint) -> None:
        """Add the routes to the channel's blueprint."""

        @routes.route("/history", methods=["OPTIONS"])
        @routes.route("/upload", methods=["OPTIONS"])
        @routes.route("/speech", methods=["OPTIONS"])
        @routes.route("/upload/<upload_id:str>", methods=["OPTIONS"])
        async def preflight(request: Request, upload_id: str = "") -> HTTPResponse:
            return response.empty(204)

        @routes.middleware("response")  # Rasa's own CORS part answers OPTIONS before any route, without these headers
        async def allow(request: Request, answer: HTTPResponse) -> None:
            answer.headers.update(self._cors(request))

        @routes.route("/history", methods=["GET"])
        async def history(request: Request) -> HTTPResponse:
            return await self._history(request)

        @routes.route("/upload", methods=["POST"], stream=True)  # a stream: Sanic would take 100 MB before we look
        async def upload(request: Request) -> HTTPResponse:
            return await self._upload(request)

        @routes.route("/speech", methods=["POST"], stream=True)
        async def speech(request: Request) -> HTTPResponse:
            return await self._spoken(request)

        @routes.route("/upload/<upload_id:str>", methods=["GET"])
        async def picture(request: Request, upload_id: str) -> HTTPResponse:
            return await self._picture(request, upload_id)

    async def _history(self, request: Request) -> HTTPResponse:
        sender_id = await self._sender(request)
        if isinstance(sender_id, HTTPResponse):
            return sender_id
        try:
            after = after_id(int(request.args.get("after", "0")))
        except ValueError:
            after = 0
        try:
            stored = await self._gate.in_thread(self._shop.messages.history, sender_id, after, HISTORY)
        except DatabaseDown:
            return self._refuse("database_down", 503)
        return response.json({"messages": [wire_form(one) for one in stored]})

    async def _upload(self, request: Request) -> HTTPResponse:
        sender_id = await self._sender(request)
        if isinstance(sender_id, HTTPResponse):
            return sender_id
        if not self._rate.admits(sender_id):
            return self._refuse("slow_down", 429)
        raw = await self._body(request)
        if raw is None:
            limit = self._shop.settings.upload_limit_mb
            return self._refuse("upload_size", 413, limit_mb=limit)
        try:
            kept = await asyncio.get_running_loop().run_in_executor(
                self._painter, self._shop.uploads.put, sender_id, raw
            )
        except BadPicture as error:
            facts = {"limit_mb": self._shop.settings.upload_limit_mb}
            return self._refuse(f"upload_{error.facts['why']}", 400, **facts)
        except DatabaseDown:
            return self._refuse("database_down", 503)
        except Exception as error:  # noqa: BLE001 - a full disk, say; a customer gets a sentence
            log_incident("could not keep an upload", "web", error)
            return self._refuse("failed", 500)
        body = {"id": kept.id, "width": kept.width, "height": kept.height}
        return response.json(body)

    async def _spoken(self, request: Request) -> HTTPResponse:
        sender_id = await self._sender(request)
        if isinstance(sender_id, HTTPResponse):
            return sender_id
        if not self._rate.admits(sender_id):
            return self._refuse("slow_down", 429)
        raw = await read_body(request, MOST_BYTES)
        if raw is None:
            return self._refuse("speech_long", 413, seconds=int(LONGEST_S))
        try:
            return response.json({"text": await self._speech.text(raw)})
        except SpeechOff:
            return self._refuse("speech_off", 501)
        except SpeechBusy:
            return self._refuse("speech_busy", 503)
        except BadValue as error:
            return self._refuse(f"speech_{error.facts['why']}", 400, seconds=int(LONGEST_S))
        except Exception as error:  # noqa: BLE001 - a model that can't be opened, say; a customer gets a sentence
            log_incident("could not be read aloud", "web", error)
            return self._refuse("speech_failed", 500)

    async def _picture(self, request: Request, upload_id: str) -> HTTPResponse:
        sender_id = await self._sender(request)
        if isinstance(sender_id, HTTPResponse):
            return sender_id
        try:
            path = await self._gate.in_thread(self._shop.uploads.path, upload_id, sender_id)
        except NotFound:
            return self._refuse("bad_attachment", 404)
        except DatabaseDown:
            return self._refuse("database_down", 503)
        headers = {
            "Cache-Control": "private, max-age=86400",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return await response.file(path, mime_type="image/jpeg", headers=headers)

    async def _sender(self, request: Request) -> str | HTTPResponse:
        """The conversation that the request's credentials open, or the refusal."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            return self._refuse("upload_refused", 403)
        _, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            return await self._gate.in_thread(may_see, self._shop, request.headers.get(SESSION_HEADER), token)
        except BadToken:
            return self._refuse("upload_refused", 401)
        except DatabaseDown:
            return self._refuse("database_down", 503)

    async def _body(self, request: Request) -> bytes | None:
        """The picture's bytes, plain or as a form's first file; None when there are too many."""
        limit = self._shop.settings.upload_limit_mb * 1024 * 1024 + _FORM_OVERHEAD
        raw = await read_body(request, limit)
        kind = request.headers.get("content-type", "")
        if raw is None or not kind.startswith("multipart/form-data"):
            return raw
        boundary = kind.partition("boundary=")[2].strip().strip('"')
        try:
            _, files = parse_multipart_form(raw, boundary.encode())
        except Exception:  # noqa: BLE001 - Sanic raises what it meets in a damaged form
            return b""
        first = next((one for found in files.values() for one in found), None)
        return bytes(first.body) if first is not None else b""

    def _cors(self, request: Request) -> dict[str, str]:
        origin = request.headers.get("origin")
        if origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Headers": f"Authorization, Content-Type, {SESSION_HEADER}",
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    def _refuse(self, name: str, status: int, **facts: Any) -> HTTPResponse:
        text = self._gate.texts.body(name, **facts)["text"]
        return response.json({"error": text}, status=status)
