"""A customer's page and an agent's desk in real browsers, as the people before them use them."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.integration.browser import fill_dialog, log_in


def photo(colour: str, name: str = "photo.jpg") -> dict[str, Any]:
    """A picture as a file chooser takes it."""
    target = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(target, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": target.getvalue()}


class People:
    """Opens pages in browsers that share nothing; ``close`` ends them and tells what went wrong in them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._contexts: list[BrowserContext] = []

    def page(self, browser: Browser, size: dict[str, int], phone: bool = False) -> Page:
        """An empty page of its own."""
        touch = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2} if phone else {}
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", **touch)
        context.set_default_timeout(60_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda one: self.problems.append(f"a dialog: {one.message}") or one.dismiss())
        return page

    def close(self) -> None:
        """End all pages."""
        for one in self._contexts:
            one.close()


class CustomerPage:
    """The shop's page with the chat window open; ``token`` says who looks at it."""

    def __init__(self, page: Page, web: str, token: str) -> None:
        self.page = page
        page.add_init_script(f"window.xiaoerSettings = {json.dumps({'token': token})}")
        page.goto(f"{web}/?customer=guest")
        if not self.part(".panel").is_visible():
            self.part(".launcher").click()
        self.is_online()

    def part(self, place: str) -> Locator:
        """A part of the widget."""
        return self.page.locator(f"xiaoer-chat {place}")

    def is_online(self) -> None:
        """Wait until the line stands."""
        expect(self.part(".status")).to_have_attribute("data-state", "online", timeout=60_000)

    def say(self, text: str) -> None:
        """Type and send."""
        self.part(".writing textarea").fill(text)
        self.part(".writing textarea").press("Enter")

    def hears(self, text: str | re.Pattern[str]) -> Locator:
        """Wait for the shop's words; exactly one message of them."""
        row = self.part(".row:not(.from-me):not(.typing)").filter(has_text=text)
        expect(row).to_have_count(1, timeout=60_000)
        return row

    def send_picture(self, file: dict[str, Any]) -> None:
        """Choose a picture and send it."""
        self.part("input[type=file][multiple]").set_input_files(file)
        expect(self.part(".preview img")).to_have_count(1)
        self.part(".send").click()
        expect(self.part(".rising.up").last).to_be_visible()

    def said(self) -> list[str]:
        """Everything in the window, in order: words, notices, cards, pictures, who speaks."""
        return self.page.evaluate(SAID)

    def settled(self) -> list[str]:
        """The same once nothing is under way."""
        expect(self.part(".row.sending")).to_have_count(0)
        expect(self.part(".row.failed")).to_have_count(0)
        return self.said()

    def reload_loses_nothing(self, in_order: bool = True) -> None:
        """Reload; the window must hold what it held, in the same order unless a broken line let words cross."""
        before, how = self.settled(), list if in_order else sorted
        self.page.reload()
        self.is_online()
        within(self.page, lambda: how(self.said()) == how(before), lambda: f"before {before}, after {self.said()}")


SAID = """() => {
  const root = document.querySelector("xiaoer-chat").shadowRoot;
  const told = [...root.querySelectorAll(".log .row:not(.welcome):not(.typing)")].map((row) => {
    const words = [...row.querySelectorAll(".bubble, .notice-line, .card-title, .form-title, .thanks, .reply")];
    return [row.className.replace(/ *(sending|failed)/g, ""), ...words.map((one) => one.textContent),
      ...[...row.querySelectorAll("img.picture")].map(() => "picture")].join("|");
  });
  const banner = root.querySelector(".banner");
  return [...told, banner.hidden ? "" : banner.textContent];
}"""


class AgentPage:
    """The desk as an agent who has logged in; ``web`` is its address."""

    def __init__(self, page: Page, web: str, login: str, password: str, status: str = "away") -> None:
        self.page = page
        self.web = web
        page.goto(f"{web}/desk/")
        log_in(page, login, password)
        self.is_online()
        page.locator("#status").select_option(status)

    def is_online(self) -> None:
        """Wait until the line stands."""
        expect(self.page.locator("body")).to_have_attribute("data-line", "online", timeout=60_000)

    def act(self, name: str) -> None:
        """Press a button of the talk's head."""
        self.page.locator(f'.talk-head [data-act="{name}"]').click()

    def say(self, text: str) -> None:
        """Type and send."""
        box = self.page.locator(".composer textarea")
        box.fill(text)
        box.press("Enter")

    def hears(self, text: str) -> Locator:
        """Wait for the customer's words; exactly one message of them."""
        message = self.page.locator(".message.in", has_text=text)
        expect(message).to_have_count(1, timeout=60_000)
        return message

    def dialog(self, **values: str) -> None:
        """Fill the open dialog's fields by name and confirm."""
        fill_dialog(self.page, **values)

    def said(self) -> list[str]:
        """Everything in the talk, in order."""
        return self.page.evaluate(TOLD)

    def reload_loses_nothing(self) -> None:
        """Reload; the talk must hold what it held, and may be answered as before."""
        expect(self.page.locator(".message.pending")).to_have_count(0)
        before = self.said()
        self.page.reload()
        self.is_online()
        within(self.page, lambda: self.said() == before, lambda: f"before {before}, after {self.said()}")


TOLD = """() => [
  ...[...document.querySelectorAll("#talk .log .message")].map((one) => [one.className,
    ...[...one.querySelectorAll(".bubble, .card strong, .sys span")].map((part) => part.textContent),
    one.classList.contains("sys") ? one.textContent : "",
    ...[...one.querySelectorAll(".picture img")].map(() => "picture")].join("|")),
  ...[...document.querySelectorAll(".talk-head [data-act]")].map((one) => one.dataset.act),
]"""


def within(page: Page, true: Any, words: Any, seconds: int = 60) -> None:
    """Wait until something is true, or fail with words."""
    for _ in range(seconds * 10):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError(words())
