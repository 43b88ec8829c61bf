"""The web server: the demo page, the widget's files, product pictures, health."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shop.errors import DatabaseDown
from shop.front import Shop
from shop.housekeeping import tidy
from shop.settings import Settings
from web.dashboard.dashboard import Dashboard
from web.demo.page import DemoPage
from web.desk.desk import Desk
from web.events import EventDoor
from web.inbox.bridge import Bridge
from web.links import LinkDoor

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
PICTURES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


def create_app(shop: Shop) -> Starlette:
    """The server over a shop."""
    settings = shop.settings
    desk, bridge = Desk(shop), Bridge(shop)
    routes = [
        bridge.route(),
        Route("/health", _health),
        Route("/events", EventDoor(shop).answer, methods=["POST", "OPTIONS"]),
        Route("/link", LinkDoor(shop).answer, methods=["POST", "OPTIONS"]),
        Route("/pictures/{path:path}", _pictures(Path(settings.data_dir) / "pictures")),
        Mount("/widget", _Files(HERE / "widget" / "dist")),
        Mount("/desk/files", _Files(HERE / "desk")),
        *desk.routes(),
        Mount("/vendor", _Files(HERE / "vendor")),
        Mount("/dashboard/files", _Files(HERE / "dashboard")),
        *Dashboard(shop).routes(),
    ]
    if settings.demo_pages:
        demo = DemoPage(shop)

        async def page(request: Request) -> Response:
            return await run_in_threadpool(demo.answer, request)

        routes += [Route("/", page), Mount("/demo", _Files(HERE / "demo"))]
    else:
        routes.append(Route("/", lambda _: RedirectResponse("/health")))
    return Starlette(
        routes=routes,
        lifespan=lambda _: _running(shop, desk, bridge),
        middleware=[Middleware(_Headers, settings=settings)],
        exception_handlers={DatabaseDown: _database_down},
    )


@asynccontextmanager
async def _running(shop: Shop, desk: Desk, bridge: Bridge) -> AsyncIterator[None]:
    async with housekeeping(shop), desk.push.running(), bridge.running():
        yield


@asynccontextmanager
async def housekeeping(shop: Shop) -> AsyncIterator[None]:
    """Tidy the shop again and again while the server runs; the first round comes after one interval."""

    async def rounds() -> None:
        while True:
            await asyncio.sleep(shop.settings.housekeeping_s)
            await run_in_threadpool(tidy, shop)

    task = asyncio.create_task(rounds())
    try:
        yield
    finally:
        task.cancel()


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _database_down(_: Request, error: Exception) -> Response:
    log.error("no page: %s", error)
    return PlainTextResponse("503 the database does not answer", status_code=503)


def _pictures(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    root = folder.resolve()

    async def picture(request: Request) -> Response:
        path = safe_join(root, request.path_params["path"])
        kind = PICTURES.get(path.suffix.lower()) if path is not None else None
        if path is None or kind is None or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "public, max-age=86400"})

    return picture


def safe_join(root: Path, relative: str) -> Path | None:
    """A path below a folder, links followed; None when it would leave the folder."""
    if "\0" in relative or "\\" in relative:
        return None
    try:
        path = (root / relative.lstrip("/")).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_relative_to(root) and path != root else None


class _Files(StaticFiles):
    """Static files without Python sources and templates; checked again by the browser at each use."""

    SHOWN = {".js", ".css", ".json", ".svg", ".png"}

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)

    async def get_response(self, path: str, scope: Any) -> Response:
        if Path(path).suffix not in self.SHOWN and not path.endswith(".LICENSE"):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Access-Control-Allow-Origin"] = "*"  # shops embed the widget from their own pages
        return response


class _Headers(BaseHTTPMiddleware):
    """Security headers of every answer."""

    def __init__(self, app: Any, settings: Settings) -> None:
        super().__init__(app)
        self._settings = settings

    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        rasa = rasa_address(self._settings, request.url.hostname)
        talk = f"{rasa} {rasa.replace('http', 'ws', 1)}"
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
            f"img-src 'self' data: blob:; connect-src 'self' {talk}; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response


def rasa_address(settings: Settings, hostname: str | None) -> str:
    """The Rasa server as the browser that asks sees it: the setting, or the same host at Rasa's port."""
    if settings.public_rasa_url:
        return settings.public_rasa_url.rstrip("/")
    host = hostname if hostname and re.fullmatch(r"[A-Za-z0-9.-]{1,253}", hostname) else "localhost"
    return f"http://{host}:{settings.rasa_port}"
