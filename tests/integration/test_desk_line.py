"""The desk's line breaks, falls silent or lies: nothing of a talk is missing afterwards. In a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.integration.test_desk_races import Held, choose, shows
from tests.integration.wire_pages import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
HURRY = "const set = window.setInterval; window.setInterval = (work, ms) => set(work, ms === 15000 ? 400 : ms)"


class Wire:
    """The desk's sockets, in the hands of a test."""

    def __init__(self, page: Page) -> None:
        self.opened: list[WebSocketRoute] = []
        self.deaf = False
        page.context.route_web_socket("**/desk/api/socket", self._take)

    def _take(self, socket: WebSocketRoute) -> None:
        server, at_first = socket.connect_to_server(), len(self.opened)
        self.opened.append(socket)
        server.on_message(lambda text: None if self.deaf and at_first == 1 else socket.send(text))

    def cut(self) -> None:
        """The page is told that its line is gone; it opens another one."""
        self.opened[-1].close()


@pytest.fixture
def shown(alone, alone_page):
    """A talk of mei's that is open before her, and the wire under it: (page, wire, sender)."""
    sender = alone.talk("在吗", holder="mei")
    page = alone_page(init=HURRY)
    wire = Wire(page)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-line", "online")
    choose(page, sender)
    shows(page, "在吗")
    yield page, wire, sender
    alone.shop.handoffs.close(alone.shop.handoffs.current(sender).id)


def test_words_of_a_cut_line_are_shown_though_later_ones_came_first(alone, shown):
    page, wire, sender = shown
    held = Held(page, re.compile("talks.list=queue"))
    wire.cut()
    alone.shop.messages.record_in(sender, "web", {"text": "断网时的话"})
    held.caught()
    alone.shop.messages.record_in(sender, "web", {"text": "恢复后的话"})
    shows(page, "恢复后的话")
    held.release()
    shows(page, "断网时的话")
    expect(page.locator("#talk .message.in .bubble")).to_have_text(["在吗", "断网时的话", "恢复后的话"])


def test_what_could_not_be_fetched_is_asked_for_again(alone, shown):
    page, wire, sender = shown
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        if len(refused) > 1:
            route.fallback()
        else:
            route.abort()

    page.route(f"**/desk/api/talks/{sender}/messages?after=*", refuse)
    wire.cut()
    alone.shop.messages.record_in(sender, "web", {"text": "断网时的话"})
    assert wait_for(page, lambda: refused)
    shows(page, "断网时的话")


def test_a_line_that_fell_silent_is_left_for_a_new_one(alone, shown):
    page, wire, sender = shown
    wire.opened, wire.deaf = wire.opened[:1], False
    wire.cut()
    assert wait_for(page, lambda: len(wire.opened) == 2)
    wire.deaf = True  # the second socket brings nothing any more, and nobody is told
    alone.shop.messages.record_in(sender, "web", {"text": "没人听见的话"})
    assert wait_for(page, lambda: len(wire.opened) > 2)
    shows(page, "没人听见的话")
