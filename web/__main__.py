"""``python -m web``: the web server, by the settings."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from shop.errors import ShopError
from shop.front import open_shop
from shop.settings import Settings
from web.app import create_app
from web.desk.desk import make_demo_agents


def main() -> int:
    """Serve until asked to stop; returns the exit code."""
    try:
        shop = open_shop()
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    make_demo_agents(shop)
    uvicorn.run(create_app(shop), **server_options(shop.settings))
    return 0


def server_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told."""
    return {
        "host": settings.bind_host,
        "port": settings.web_port,
        "log_level": settings.log_level.lower(),
        "access_log": False,
        "server_header": False,
        "forwarded_allow_ips": settings.trusted_proxies,
        "ws": "wsproto",  # uvicorn's own does not fit the websockets that Sanic pins
    }


if __name__ == "__main__":
    sys.exit(main())
