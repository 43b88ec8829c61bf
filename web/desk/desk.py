"""The agents' desk: its routes, put together."""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from shop.agents import ROLES
from shop.demo.stamp import read_stamp
from shop.errors import ShopError
from shop.front import Shop
from web.desk import push, side_calls, talk_calls, team_calls
from web.desk.api import EVERYBODY, PREFIX, Call, Rule, routes_of
from web.desk.login import LOGINS_FILE, Login
from web.desk.openapi import document
from web.desk.page import Page, Uploading
from web.desk.push import Push
from web.guard import Guard

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
DEMO_AGENTS = (
    ("xiaomei", "agent", ("presale", "order", "any")),
    ("xiaoqiang", "agent", ("aftersale", "complaint", "any")),
    ("zhuguan", "supervisor", ("any",)),
    ("admin", "admin", ("any",)),
)


RULES = [*team_calls.RULES, *talk_calls.RULES, *side_calls.RULES]


def _elsewhere(_: Call) -> Any:
    """Of a route that has a handler of its own: only its description is here, no rule runs it."""
    return None


DESCRIBED = [
    *RULES,
    Rule("POST", "/login", _elsewhere, "Open a session; the answer's token goes into Authorization: Bearer", (),
         {"login": "string", "password": "string"}),
    Rule("POST", "/logout", _elsewhere, "End the session that is shown"),
    Rule("POST", "/talks/{sender}/upload", _elsewhere, "A picture's bytes as the body; its id goes into attachments",
         EVERYBODY, takes="image/*"),
    Rule("GET", "/openapi.json", _elsewhere, "This document"),
    Rule("GET", "/socket", _elsewhere, "Websocket: what happens is pushed as JSON"),
    Rule("POST", "/inbox/events", _elsewhere, "Another inbox reports: event message, assign or close, signed", (),
         {"event": "string", "sender_id": "string?", "agent": "object?", "id": "string?", "text": "string?"}),
]  # fmt: skip
"""Every route for programs, also those that no rule runs."""


class Desk:
    """The desk's routes and what runs behind them; static files are mounted by the caller at /desk/files."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._guard = Guard(shop)
        self.push = Push(shop, self._guard)

    def routes(self) -> list[BaseRoute]:
        """Every route."""
        guard = self._guard
        document_route = guard.allow(*ROLES)(_documented)
        upload = Uploading(self._shop)
        return [
            *Login(self._shop).routes(),
            Route("/desk", lambda _: RedirectResponse("/desk/")),
            Route("/desk/", guard.page(*ROLES)(Page(self._shop).answer)),
            Route(f"{PREFIX}/openapi.json", document_route),
            Route(f"{PREFIX}/talks/{{sender}}/upload", guard.allow(*ROLES)(upload.answer), methods=["POST"]),
            *routes_of(self._shop, guard, RULES),
            self.push.route(),
        ]


async def _documented(_: Request) -> Response:
    return JSONResponse(document(DESCRIBED, "Xiaoer desk", push.__doc__ or ""))


def make_demo_agents(shop: Shop) -> None:
    """Agents of the demo shop, once, under one random password that is written into the data folder.

    A shop that the demo did not make gets none; there, ``python -m shop.agents`` makes them.
    """
    path = Path(shop.settings.data_dir) / LOGINS_FILE
    if not shop.settings.demo_pages or read_stamp(shop.settings) is None:
        return
    try:
        if shop.agents.all(active_only=False):
            return
        texts = json.loads((HERE / "texts.zh.json").read_text(encoding="utf-8"))
        password = secrets.token_urlsafe(9)
        for login, role, groups in DEMO_AGENTS:
            shop.agents.add(login, texts["demo_agents"][login], password, role, groups)
        for shortcut, title, text in texts["demo_canned"]:
            shop.desk.keep_canned(shortcut, title, text, None)
        lines = [f"{login}  {password}  {role}" for login, role, _groups in DEMO_AGENTS]
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        log.info("agents of the demo shop: %s", path)
    except (ShopError, OSError) as error:  # another process was faster, or the database is down: the desk still opens
        log.warning("no demo agents: %s", type(error).__name__)
