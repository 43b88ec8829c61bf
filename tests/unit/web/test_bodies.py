"""What is longer than allowed is not read to its end."""

from __future__ import annotations

from starlette.requests import Request

from web.bodies import read_body


def request(parts):
    parts = iter(parts)

    async def receive():
        return {"type": "http.request", "body": next(parts), "more_body": True}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def test_an_endless_body_without_a_length_is_given_up_at_the_limit():
    read = []

    def endless():
        while True:
            read.append(100)
            yield b"x" * 100

    assert await read_body(request(endless()), 1000) is None
    assert sum(read) == 1100
