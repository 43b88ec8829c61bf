"""A real Chromium for tests."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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
expect.set_options(timeout=15_000)  # a loaded machine is slow, not wrong
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
