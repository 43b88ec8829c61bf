"""Pictures over HTTP, without a server."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest

from bot.channels.bodies import read_body
from bot.channels.gate import Gate
from bot.channels.web_http import SESSION_HEADER, WebHttp
from bot.channels.web_sessions import open_session


class Request:
    """As much of Sanic's request as an upload reads."""

    def __init__(self, session, body, content_type="image/png"):
        self.headers = {SESSION_HEADER.lower(): session, SESSION_HEADER: session, "content-type": content_type}
        self._parts = [body]
        self.stream = self

    async def read(self):
        return self._parts.pop() if self._parts else b""


async def upload(http, shop, body, content_type="image/png"):
    answer = await http._upload(Request(open_session(shop, None, None).proof, body, content_type))
    return answer.status, json.loads(answer.body)


async def test_a_body_over_the_limit_is_read_to_its_end_and_not_kept():
    request = Request("", b"x" * 10)
    request._parts = [b"x" * 10] * 5
    assert await read_body(request, 49) is None
    assert request._parts == []
    request._parts = [b"x" * 10] * 5
    assert await read_body(request, 50) == b"x" * 50


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary="x"']
)
@pytest.mark.parametrize("body", [b"x", b"--x", b'--x\r\nContent-Disposition: form-data; name="a"', b"--\xff--"])
async def test_a_damaged_form_is_refused_with_a_sentence(shop, content_type, body):
    gate = Gate(shop)
    status, said = await upload(WebHttp(gate), shop, body, content_type)
    assert (status, said) == (400, {"error": gate.texts.text("upload_empty")})


async def test_talks_go_on_while_many_pictures_wait_to_be_made_small(shop):
    go, busy = threading.Event(), []

    class Slow:
        def put(self, sender_id, raw):
            busy.append(sender_id)
            go.wait(20)
            raise OSError("no space left")

    shop.uploads = Slow()
    gate = Gate(shop)
    http = WebHttp(gate)
    tasks = [asyncio.create_task(upload(http, shop, b"picture")) for _ in range(20)]
    try:
        while not busy:
            await asyncio.sleep(0.01)
        begin = time.monotonic()
        await asyncio.wait_for(gate.in_thread(shop.messages.history, "talk"), 5)
        assert time.monotonic() - begin < 5
        assert len(busy) == 1
    finally:
        go.set()
    assert {status for status, _ in await asyncio.gather(*tasks)} == {500}
