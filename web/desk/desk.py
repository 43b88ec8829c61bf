"""The agents' desk: its routes, put together."""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path

from starlette.routing import BaseRoute

from shop.demo.stamp import read_stamp
from shop.errors import ShopError
from shop.front import Shop
from web.desk.login import LOGINS_FILE, Login
from web.guard import Guard

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
DEMO_AGENTS = (
    ("xiaomei", "agent", ("presale", "order", "any")),
    ("xiaoqiang", "agent", ("aftersale", "complaint", "any")),
    ("zhuguan", "supervisor", ("any",)),
    ("admin", "admin", ("any",)),
)


def desk_routes(shop: Shop) -> list[BaseRoute]:
    """Every route of the desk; static files are mounted by the caller at /desk/files."""
    guard = Guard(shop)
    _ = guard
    return [*Login(shop).routes()]


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
        lines = [f"{login}  {password}  {role}" for login, role, _groups in DEMO_AGENTS]
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        log.info("agents of the demo shop: %s", path)
    except (ShopError, OSError) as error:  # another process was faster, or the database is down: the desk still opens
        log.warning("no demo agents: %s", type(error).__name__)
