"""How the web server is started."""

from __future__ import annotations

import asyncio

import pytest
import uvicorn

from shop.settings import Settings
from web.__main__ import server_options


@pytest.mark.parametrize(
    ("trusted", "peer", "client"),
    [
        ("127.0.0.1", "127.0.0.1", "203.0.113.9"),
        ("127.0.0.1", "10.0.0.5", "10.0.0.5"),
        ("127.0.0.1, 10.0.0.0/8", "10.0.0.5", "203.0.113.9"),
        ("", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_says_whose_request_it_is(trusted, peer, client):
    heard = []

    async def app(scope, receive, send):
        heard.append(scope["client"][0])

    options = server_options(Settings(trusted_proxies=trusted))
    config = uvicorn.Config(app, **{**options, "log_config": None})
    config.load()
    headers = [(b"x-forwarded-for", b"198.51.100.1, 203.0.113.9")]
    asyncio.run(config.loaded_app({"type": "http", "client": (peer, 1), "headers": headers}, None, None))
    assert heard == [client]
