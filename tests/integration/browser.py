"""A real Chromium for tests."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.types import ASGIApp

from tests.servers import free_port

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE_MS = 60_000  # a loaded machine is slow, not wrong
expect.set_options(timeout=PATIENCE_MS)
SHOTS = os.environ.get("SHOTS")  # a folder for screenshots
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def launched() -> Iterator[Browser]:
    """The browser, closed at the end; skips where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


@contextmanager
def web_server(app: ASGIApp) -> Iterator[str]:
    """The web server in a thread of its own; its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="wsproto"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive(), "the web server did not start"
        assert time.monotonic() < deadline, "the web server did not start within a minute"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def log_in(page: Page, login: str, password: str) -> None:
    """Fill the login and send it."""
    page.locator("#name").fill(login)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="登录").click()


def fill_dialog(page: Page, **values: str) -> None:
    """Fill the open dialog's fields by name and confirm."""
    for name, value in values.items():
        field = page.locator(f'dialog [name="{name}"]')
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("dialog button.main").click()


def every_tab(page: Page) -> Iterator[str]:
    """Open the dashboard's pages one after the other; each one's name once its figures are there."""
    tabs = page.locator("#tabs button")
    expect(tabs.first).to_be_visible()
    for place in range(tabs.count()):
        tabs.nth(place).click()
        expect(page.locator("#note")).not_to_contain_text("…", timeout=90_000)
        yield str(tabs.nth(place).get_attribute("name"))


def axe(page: Page) -> list[tuple[str, list[str]]]:
    """The serious and critical violations that axe-core finds on a page: rule and places."""
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None or not package.submodule_search_locations:
        pytest.skip("axe-core is not installed: pip install axe-playwright-python")
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate((Path(package.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })")
    bad = (one for one in found["violations"] if one["impact"] in ("serious", "critical"))
    return [(one["id"], [str(node["target"]) for node in one["nodes"]]) for one in bad]


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if SHOTS:
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
