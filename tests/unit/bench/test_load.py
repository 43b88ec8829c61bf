"""The load script counts what it should count, and loads nobody else's server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.bench import load
from tests.bench.report import Row, print_table, rows_of

LINES = [load.Line("one", ("right",)), load.Line("two", ("right",)), load.Line("anything", ())]


class Server:
    """A REST channel that answers as it is told."""

    def __init__(self, answer: Any, delay_s: float = 0.0) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._answer = answer
        self._delay_s = delay_s

    async def __aenter__(self) -> Server:
        app = web.Application()
        app.router.add_post("/webhooks/rest/webhook", self._receive)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        await asyncio.sleep(self._delay_s)
        return self._answer(body)


def right(_body):
    return web.json_response([{"recipient_id": "x", "text": "the right answer"}])


def empty(_body):
    return web.json_response([])


def wrong(_body):
    return web.json_response([{"text": "slow down"}])


async def test_right_answers_are_timed_and_the_number_of_messages_is_bounded():
    async with Server(right, delay_s=0.02) as server:
        level = await load.measure(server.address, LINES, users=3, seconds=30, messages=20)
    assert level.errors == []
    assert 20 <= len(level.times_ms) <= 20 + 2  # what was under way when the bound was reached
    assert 20 <= level.p50 <= level.p95 < 1000
    assert level.rate == pytest.approx(len(level.times_ms) / level.seconds)


async def test_the_time_is_bounded():
    async with Server(right, delay_s=0.05) as server:
        level = await load.measure(server.address, LINES, users=2, seconds=0.3)
    assert 0.3 <= level.seconds < 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (wrong, "slow down"),
        (empty, "none"),
        (lambda _: web.Response(status=500, text="[]", content_type="application/json"), "status 500"),
        (lambda _: web.Response(text="no json", content_type="application/json"), "JSONDecodeError"),
    ],
)
async def test_an_answer_without_the_words_it_must_hold_is_an_error_and_not_timed(answer, said):
    async with Server(answer) as server:
        level = await load.measure(server.address, [load.Line("one", ("right",))], users=1, messages=3)
    assert level.times_ms == []
    assert len(level.errors) == 3
    assert said in level.errors[0]


async def test_a_server_that_is_not_there_is_an_error():
    level = await load.measure("http://127.0.0.1:9", LINES[:1], users=1, messages=1)
    assert len(level.errors) == 1


async def test_each_customer_has_a_conversation_and_a_token_and_begins_at_another_line():
    async with Server(right) as server:
        await load.measure(server.address, LINES, users=3, tokens=["a", "b", "c"], messages=1)
    first = server.bodies[:3]
    assert len({body["sender"] for body in first}) == 3
    assert sorted(body["metadata"]["token"] for body in first) == ["a", "b", "c"]
    assert sorted(any(line.say in body["message"] for body in first) for line in LINES) == [True, True, True]


@pytest.mark.parametrize(
    "address", ["http://example.com:80", "http://10.0.0.1:5005", "http://127.0.0.1.example.com:80"]
)
async def test_no_server_elsewhere_is_loaded(address):
    with pytest.raises(ValueError, match="this machine"):
        await load.measure(address, LINES, users=1)


def test_wording_varies_and_keeps_the_line():
    wording = load.Wording(1)
    said = {wording.of(load.Line("my orders", ())) for _ in range(50)}
    assert len(said) > 30
    assert all("my orders" in one for one in said)
    assert load.Wording(2).of(LINES[0]) == load.Wording(2).of(LINES[0])


@pytest.mark.parametrize("name", ["ours", "stock"])
def test_the_scripts_have_lines(name):
    assert len(load.script(name)) >= 5


def test_the_table_puts_both_bots_side_by_side(capsys):
    ours, stock = (load.Level(1, 2.0, [10.0, 20.0, 30.0]), load.Level(1, 2.0, [50.0]))
    print_table(
        [*rows_of("ours", [ours]), *rows_of("stock", [stock]), Row("memory", "ours", "1 MB")], {"memory": "≤ 2 MB"}
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("p50")][0][:5] == ["p50", "at", "1", "user", "20.0"]
    assert any(line.startswith("memory") and "1 MB" in line and "≤ 2 MB" in line for line in lines)
