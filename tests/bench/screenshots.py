"""The README's pictures of widget and desk, taken in a whole talk with a running demo shop (`make run` first).

    python -m tests.bench.screenshots [--into web/screenshots] [--customer 1]

The report's picture has made-up talks: SHOTS=folder pytest tests/integration/test_service_in_a_browser.py, service-wide.png.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from shop.settings import ROOT, load_settings
from tests.integration.browser import ARGUMENTS, CHROMIUM, PHONE, fill_dialog, log_in

WIDE = {"width": 1440, "height": 900}
GAP_PX = 20


def part(page: Page, place: str) -> Locator:
    """A part of the widget."""
    return page.locator(f"xiaoer-chat {place}")


def opened(browser: Browser, size: dict[str, int], address: str) -> Page:
    """A page of its own."""
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=size is PHONE)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(address)
    return page


def widget(browser: Browser, size: dict[str, int], address: str) -> Page:
    """The shop's page with the widget open and online."""
    page = opened(browser, size, address)
    if not part(page, ".panel").is_visible():
        part(page, ".launcher").click()
    expect(part(page, ".status")).to_have_attribute("data-state", "online")
    return page


def ask(page: Page, text: str) -> None:
    """Say something and wait for the bot's whole answer."""
    answers = part(page, ".row.from-bot:not(.typing):not(.welcome)")
    before = answers.count()
    part(page, ".writing textarea").fill(text)
    part(page, ".writing textarea").press("Enter")
    expect(answers.nth(before)).to_be_visible()
    page.wait_for_timeout(1500)


def take(page: Page, path: Path) -> Path:
    """A picture of the page, once its pictures are there."""
    page.wait_for_timeout(800)
    page.screenshot(path=str(path))
    Image.open(path).convert("RGB").save(path, optimize=True)
    return path


def talk(customer: Page, agent: Page, into: Path) -> None:
    """Anger, the queue, a person, an order's note and card, the end and the rating."""
    ask(customer, "我的订单到哪了")
    ask(customer, "怎么还没发货，气死我了，垃圾店铺")
    ask(customer, "转人工")
    expect(part(customer, ".banner")).to_contain_text("您排第")
    shots = [take(customer, into / "queue.png")]
    agent.get_by_role("tab", name=re.compile("排队")).click()
    agent.locator("[data-sender]").last.click()
    agent.locator('[data-act="accept"]').click()
    expect(agent.locator('[data-act="close"]')).to_be_visible()
    box = agent.locator(".composer textarea")
    box.fill("您好，我是客服小美，让您久等了。我看到您的订单还没有发出，已经帮您催仓库。")
    box.press("Enter")
    expect(part(customer, ".from-agent")).to_have_count(1)
    part(customer, ".writing textarea").fill("好的，那送货前给我打个电话")
    part(customer, ".writing textarea").press("Enter")
    expect(agent.locator(".message.in", has_text="打个电话")).to_have_count(1)
    order = agent.locator(".order", has=agent.locator('[data-act="note"]')).last
    order.locator('[data-act="note"]').click()
    fill_dialog(agent, text="送货前打电话")
    expect(order).to_contain_text("送货前打电话")
    order.get_by_role("button", name="发给客户").click()
    box.fill("已经备注好了，您看一下。")
    box.press("Enter")
    expect(part(customer, ".from-agent")).to_have_count(3)
    agent.locator("#toasts .toast").last.wait_for(state="detached")
    shots.append(take(customer, into / "person.png"))
    agent.locator("#side").evaluate("one => one.scrollTop = 0")
    take(agent, into / "desk.png")
    agent.locator('[data-act="close"]').click()
    fill_dialog(agent, tags="催单")
    part(customer, ".stars input").nth(4).check(force=True)
    shots.append(take(customer, into / "rating.png"))
    beside(shots, into / "people-phone.png")


def beside(shots: list[Path], path: Path) -> None:
    """Pictures in one row; the single ones are deleted."""
    images = [Image.open(one).convert("RGB") for one in shots]
    wide = sum(one.width for one in images) + GAP_PX * (len(images) - 1)
    row = Image.new("RGB", (wide, images[0].height), "white")
    for place, one in enumerate(images):
        row.paste(one, (place * (one.width + GAP_PX), 0))
    row.save(path, optimize=True)
    for shot in shots:
        shot.unlink()


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.screenshots", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "web" / "screenshots")
    parser.add_argument("--customer", default="1")
    asked = parser.parse_args()
    settings = load_settings()
    web = f"http://localhost:{settings.web_port}"
    lines = (Path(settings.data_dir) / "desk-logins.txt").read_text(encoding="utf-8").splitlines()
    logins = {line.split()[0]: line.split()[1] for line in lines}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        shop = f"{web}/?customer={asked.customer}"
        page = widget(browser, WIDE, shop)
        ask(page, "那个快递怎么一直没动")
        take(page, asked.into / "widget.png")
        page = widget(browser, PHONE, shop)
        part(page, ".writing textarea").press_sequentially("sj")
        expect(part(page, "[role=option]").first).to_be_visible()
        take(page, asked.into / "widget-phone.png")
        agent = opened(browser, WIDE, f"{web}/desk/")
        log_in(agent, "xiaomei", logins["xiaomei"])
        expect(agent.locator("body")).to_have_attribute("data-line", "online")
        agent.locator("#status").select_option("away")
        talk(widget(browser, PHONE, shop), agent, asked.into)
        browser.close()


if __name__ == "__main__":
    main()
