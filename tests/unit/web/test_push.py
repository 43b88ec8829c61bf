"""Open desks: sockets that take nothing, or whose session has ended, are closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from web.desk.push import Push
from web.guard import COOKIE, Guard

PASSWORD = "correct horse"
PATIENCE_S = 30


class Socket:
    """A browser's end that takes the first word only; if stalled, not even a goodbye."""

    def __init__(self, token: str, stalled: bool) -> None:
        self.headers: dict[str, str] = {}
        self.cookies = {COOKIE: token}
        self.stalled = stalled
        self.sent: list[str] = []
        self.closing: list[int] = []

    async def accept(self) -> None:
        """Take the connection."""

    async def send_text(self, text: str) -> None:
        """Take one word."""
        if self.sent:
            await asyncio.Event().wait()
        self.sent.append(text)

    async def receive_text(self) -> str:
        """Say nothing."""
        await asyncio.Event().wait()
        return ""

    async def close(self, code: int) -> None:
        """Hear the goodbye."""
        self.closing.append(code)
        if self.stalled:
            await asyncio.Event().wait()


@pytest.fixture
def mei(shop):
    shop.settings = replace(shop.settings, desk_poll_s=0.02)
    return shop.agents.add("mei", "mei", PASSWORD)


def until_closed(push, shop, sockets, do):
    """Open the sockets, do something again and again until the server has let go of all of them."""

    async def run():
        async with push.running():
            lines = [asyncio.create_task(push.route().endpoint(one)) for one in sockets]
            while not all(one.sent for one in sockets):
                await asyncio.sleep(0.01)
            while not all(one.done() for one in lines):
                do()
                await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))


@pytest.mark.parametrize("stalled", [False, True])
def test_a_socket_that_takes_nothing_is_closed_and_let_go(shop, mei, stalled):
    socket = Socket(shop.agents.open_session(mei.id), stalled)
    push = Push(shop, Guard(shop), slow_s=0.05)
    until_closed(push, shop, [socket], lambda: shop.signals.send("", "staff", {}))
    assert socket.closing == [1013]


def test_sockets_of_an_ended_session_are_closed_though_one_takes_no_goodbye(shop, mei):
    sockets = [Socket(shop.agents.open_session(mei.id), stalled) for stalled in (True, False, True)]
    push = Push(shop, Guard(shop), slow_s=0.05, check_s=0.02)
    until_closed(push, shop, sockets, lambda: shop.agents.revoke(mei.id))
    assert [one.closing for one in sockets] == [[4401]] * 3
