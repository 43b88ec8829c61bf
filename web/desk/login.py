"""The login: its page, and the two calls that open and end a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from shop.entities import AgentView
from shop.errors import NotIdentified, TooManyTries
from shop.front import Shop
from web.bodies import read_body
from web.guard import COOKIE, refusal, token_of

HERE = Path(__file__).parent
LOGINS_FILE = "desk-logins.txt"
LONGEST_BODY = 4096


class Login:
    """``GET /desk/login``, ``POST /desk/api/login``, ``POST /desk/api/logout``."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._texts: dict[str, Any] = json.loads((HERE / "texts.zh.json").read_text(encoding="utf-8"))
        pages = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
        self._template = pages.get_template("login.html")

    def routes(self) -> list[Route]:
        """The routes, to be mounted at the root."""
        return [
            Route("/desk/login", self.page),
            Route("/desk/api/login", self.log_in, methods=["POST"]),
            Route("/desk/api/logout", self.log_out, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The form."""
        settings = self._shop.settings
        hint = settings.demo_pages and (Path(settings.data_dir) / LOGINS_FILE).exists()
        html = self._template.render(
            texts=self._texts,
            shop_name=settings.shop_name,
            forbidden=request.query_params.get("why") == "forbidden",
            demo_file=str(Path(settings.data_dir) / LOGINS_FILE) if hint else None,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def log_in(self, request: Request) -> Response:
        """Open a session: ``{login, password}`` → the agent and the token, which a browser also gets as a cookie."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            return refusal("bad_request", 415)  # a foreign page's form cannot send JSON
        body = await read_json(request, LONGEST_BODY)
        if body is None:
            return refusal("bad_request", 400)
        address = request.client.host if request.client else ""
        try:
            agent, token = await run_in_threadpool(
                self._shop.agents.log_in, body.get("login"), body.get("password"), address
            )
        except TooManyTries:
            return refusal("too_many_tries", 429)
        except NotIdentified:
            return refusal("wrong_password", 401)
        answer = JSONResponse({"agent": agent_json(agent), "token": token}, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE,
            token,
            max_age=self._shop.settings.desk_session_hours * 3600,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def log_out(self, request: Request) -> Response:
        """End the session that the request shows."""
        token = token_of(request)
        if token:
            await run_in_threadpool(self._shop.agents.log_out, token)
        answer = JSONResponse({"ok": True}, headers={"Cache-Control": "no-store"})
        answer.delete_cookie(COOKIE)
        return answer


async def read_json(request: Request, limit: int = 64 * 1024) -> dict[str, Any] | None:
    """A request's JSON object; None when it is none or too long."""
    raw = await read_body(request, limit)
    if raw is None:
        return None
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def agent_json(agent: AgentView) -> dict[str, Any]:
    """An agent as the API shows them."""
    return {
        "id": agent.id,
        "login": agent.login,
        "name": agent.name,
        "role": agent.role,
        "groups": list(agent.groups),
        "capacity": agent.capacity,
        "status": agent.status,
    }
