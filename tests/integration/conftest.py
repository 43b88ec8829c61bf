"""The tiny bot's servers, once for all tests of the channels; the widget over a wire that the test holds."""

from __future__ import annotations

from typing import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.browser import ARGUMENTS, CHROMIUM, PATIENCE_MS, PHONE, WIDE, launched, log_in
from tests.integration.chat import ChatBot
from tests.integration.desk_alone import PASSWORD, DeskAlone, desk_server
from tests.integration.fake_wire import FakeWire
from tests.integration.tiny import TinyBot
from tests.integration.wire_pages import part


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyBot]:
    with TinyBot(tmp_path_factory.mktemp("tiny")) as bot:
        yield bot


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatBot]:
    """The tiny bot with every messaging channel, each over its simulated platform."""
    with ChatBot(tmp_path_factory.mktemp("chat")) as bot:
        yield bot


@pytest.fixture(scope="module")
def browser():
    yield from launched()


@pytest.fixture(scope="module")
def wire_server():
    with FakeWire() as made:
        yield made


@pytest.fixture
def wire(wire_server):
    wire_server.forget()
    wire_server.suggestions, wire_server.settings, wire_server.attributes = [], "", "data-open"
    wire_server.upload_status, wire_server.answer = 200, True
    wire_server.body, wire_server.server = "", ""
    wire_server.may_answer.set()
    return wire_server


@pytest.fixture
def visit(wire, browser: Browser):
    """Opens the page with the widget; every page must end without an error."""
    contexts, problems = [], []

    def go(size=WIDE, init: str = "", **options) -> Page:
        touch = {"has_touch": True, "is_mobile": True} if size is PHONE else {}
        context = browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", permissions=["clipboard-read", "clipboard-write", "microphone"],
            **touch, **options,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        if init:
            page.add_init_script(init)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(wire.address)
        if size is PHONE:
            page.locator("xiaoer-chat .launcher").tap()
        expect(part(page, ".status")).to_have_attribute("data-state", "online", timeout=PATIENCE_MS)
        return page

    yield go
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def browsers(browser):
    """Two browsers: the customer's and the agent's share nothing."""
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield [browser, other]
    other.close()


@pytest.fixture
def pages(browsers):
    opened, problems = [], []

    def make(which: int, address: str, width=1280, height=800) -> Page:
        context = browsers[which].new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}") or dialog.dismiss())
        page.goto(address)
        return page

    yield make
    for one in opened:
        one.close()
    assert problems == []


@pytest.fixture(scope="module")
def logins(tiny):
    """Login and password of the demo's agents, by login."""
    lines = (tiny.folder / "data" / "desk-logins.txt").read_text().splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


@pytest.fixture
def desk(tiny, pages, logins):
    def open_desk(login="xiaomei", which=1, **size) -> Page:
        page = pages(which, f"{tiny.web}/desk/", **size)
        log_in(page, login, logins[login])
        expect(page.locator("body")).to_have_attribute("data-line", "online")
        return page

    return open_desk


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    with desk_server(tmp_path_factory.mktemp("desk")) as served:
        yield served


@pytest.fixture
def alone_page(alone, browser):
    """Opens the desk of ``alone`` for an agent; every page must end without an error."""
    opened, problems = [], []

    def make(login: str = "mei", size=WIDE, init: str = "", **options) -> Page:
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        if init:
            page.add_init_script(init)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{alone.address}/desk/")
        log_in(page, login, PASSWORD)
        expect(page.locator("body")).to_have_attribute("data-line", "online")
        return page

    yield make
    for one in opened:
        one.close()
    assert problems == []
