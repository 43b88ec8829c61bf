"""``python -m web``: the web server, by the settings."""

from __future__ import annotations

import sys

import uvicorn

from shop.errors import ShopError
from shop.front import open_shop
from web.app import create_app
from web.desk.desk import make_demo_agents


def main() -> int:
    """Serve until asked to stop; returns the exit code."""
    try:
        shop = open_shop()
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    settings = shop.settings
    make_demo_agents(shop)
    uvicorn.run(
        create_app(shop),
        host=settings.bind_host,
        port=settings.web_port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        ws="wsproto",  # uvicorn's own does not fit the websockets that Sanic pins
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
