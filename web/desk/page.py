"""The desk's page, and pictures that agents send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from shop.errors import ShopError
from shop.front import Shop
from web.desk.api import Call, Forbidden, refused
from web.desk.talk_calls import seen_talk
from web.guard import refusal

HERE = Path(__file__).parent


class Page:
    """Renders ``/desk/``; everything else is fetched by the page's scripts."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._texts: dict[str, Any] = json.loads((HERE / "texts.zh.json").read_text(encoding="utf-8"))
        pages = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
        self._template = pages.get_template("page.html")

    async def answer(self, request: Request) -> Response:
        """The page."""
        html = self._template.render(texts=self._texts, shop_name=self._shop.settings.shop_name)
        return HTMLResponse(html)


class Uploading:
    """``POST /desk/api/talks/{sender}/upload``: a picture's bytes → its id, for a message's attachments."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def answer(self, request: Request) -> Response:
        """Check, clean and keep the picture, as the customers' own."""
        limit = self._shop.settings.upload_limit_mb * 1024 * 1024
        raw = bytearray()
        async for part in request.stream():
            raw += part
            if len(raw) > limit:
                return refusal("bad_picture", 413, why="size", limit_mb=self._shop.settings.upload_limit_mb)
        call = Call(self._shop, request.state.agent, request.path_params, {}, {})
        return await run_in_threadpool(self._keep, call, bytes(raw))

    def _keep(self, call: Call, raw: bytes) -> Response:
        try:
            found = seen_talk(call)
            if found["agent_id"] != call.agent.id:
                raise Forbidden
            kept = self._shop.uploads.put(found["sender_id"], raw)
        except Forbidden:
            return refusal("forbidden", 403)
        except ShopError as error:
            return refused(error)
        return JSONResponse({"id": kept.id, "width": kept.width, "height": kept.height})
