"""The operators' dashboard in a real Chromium, on a wide screen and on a phone. SHOTS=folder keeps pictures."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from analytics.query import SHANGHAI
from shop.front import Shop
from shop.models import Order
from shop.sales_days import UNSOLD, bounds
from tests.demo_shops import copied
from tests.integration.browser import PHONE, WIDE, log_in, shot, web_server
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WORD = "a long password"
TABS = ("today", "sales", "stock", "plan", "forecast", "quality")
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def shop(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    now = demo_shop.clock()
    made = copied(demo_shop, tmp_path_factory.mktemp("dashboard"), lambda: now)
    for role in ("agent", "supervisor"):
        made.agents.add(role, role, WORD, role)
    return made


@pytest.fixture(scope="module")
def address(shop: Shop) -> Iterator[str]:
    with web_server(create_app(shop)) as found:
        yield found


@pytest.fixture
def opened(address: str, browser: Browser) -> Iterator[Open]:
    """Opens the dashboard as somebody; every page must end without an error of its script."""
    contexts, problems = [], []

    def go(size: dict[str, int] = WIDE, login: str = "supervisor") -> Page:
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="America/New_York")
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/dashboard/")
        log_in(page, login, WORD)
        return page

    yield go
    for one in contexts:
        one.close()
    assert problems == []


def settled(page: Page) -> Page:
    """The page when its figures are there."""
    expect(page.locator("#tools button").first).to_be_visible()
    expect(page.locator("#note")).not_to_have_text("正在计算…", timeout=60_000)
    return page


def tab(page: Page, name: str) -> Page:
    page.locator(f'#tabs [name="{name}"]').click()
    expect(page.locator(f'#tabs [name="{name}"]')).to_have_attribute("aria-current", "page")
    return settled(page)


def inked(page: Page, colour: tuple[int, int, int]) -> int:
    """Points of the chart in a colour, give or take: a chart that was never drawn has none."""
    picture = Image.open(io.BytesIO(page.locator("#chart").screenshot())).convert("RGB")
    return int((np.abs(np.asarray(picture, int) - np.array(colour)).max(2) < 40).sum())


BLUE = (29, 79, 216)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_shows_its_figures_and_fits_the_screen(opened: Open, size: dict[str, int]) -> None:
    page = settled(opened(size))
    for name in TABS:
        tab(page, name)
        shot(page, f"dashboard-{name}-{size['width']}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if name in ("today", "sales", "forecast"):
            expect(page.locator("#chart canvas")).to_be_visible()
            assert inked(page, BLUE) > 100
        else:
            expect(page.locator("#chart")).to_be_hidden()
        if name not in ("today", "stock"):  # perhaps nothing runs low
            expect(page.locator("tbody tr").first).to_be_visible()
    assert "undefined" not in page.locator("body").inner_text()


def test_a_number_opens_its_orders_and_they_are_as_many(opened: Open, shop: Shop) -> None:
    today = shop.clock().astimezone(SHANGHAI).date()
    start, end = bounds(str(today - timedelta(days=29)), str(today))
    sold = select(func.count(Order.id)).where(Order.created_at >= start, Order.created_at < end)
    with shop.database.read() as session:
        cities = dict(
            session.execute(
                select(Order.city, func.count(Order.id))
                .where(Order.created_at >= start, Order.created_at < end, Order.state.not_in(UNSOLD))
                .group_by(Order.city)
            ).all()
        )
        assert session.execute(sold).scalar_one() > 0
    city = max(cities, key=lambda one: cities[one])
    page = tab(settled(opened()), "sales")
    page.locator('[name="metric"]').select_option("orders")
    page.locator('[name="group"]').select_option("city")
    page.get_by_role("button", name="查看").click()
    line = page.locator("tbody tr", has=page.get_by_role("cell", name=city, exact=True))
    expect(line.locator("td").nth(1)).to_have_text(str(cities[city]))
    line.click()
    expect(page.locator("td.number").first).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(cities[city])
    assert set(page.locator("td.city").all_inner_texts()) == {city}
    page.get_by_role("button", name="返回").click()
    expect(page.locator("td.key").first).to_be_visible()
    expect(line).to_be_visible()


def test_the_last_seven_days_are_one_choice_and_a_wrong_span_is_told(opened: Open, shop: Shop) -> None:
    page = tab(settled(opened(PHONE)), "sales")
    page.locator('[name="quick"]').select_option("week")
    settled(page)
    today = shop.clock().astimezone(SHANGHAI).date()
    expect(page.locator('[name="to"]')).to_have_value(str(today))
    expect(page.locator('[name="from"]')).to_have_value(str(today - timedelta(days=6)))
    page.locator('[name="from"]').fill(str(today + timedelta(days=2)))
    page.get_by_role("button", name="查看").click()
    expect(page.locator("#note")).to_contain_text("输入有误")


def test_csv_and_picture_come_as_files(opened: Open, tmp_path: Path) -> None:
    page = tab(settled(opened()), "sales")
    with page.expect_download() as given:
        page.get_by_role("button", name="下载 CSV").click()
    given.value.save_as(tmp_path / "sales.csv")
    rows = list(csv.DictReader((tmp_path / "sales.csv").read_text("utf-8-sig").splitlines()))
    assert (len(rows), set(rows[0])) == (30, {"key", "value"})
    with page.expect_download() as given:
        page.get_by_role("button", name="下载图片").click()
    given.value.save_as(tmp_path / "sales.png")
    with Image.open(tmp_path / "sales.png") as picture:
        assert picture.size[0] > 1000


def test_an_agent_is_sent_back_to_the_login_and_told_why(opened: Open) -> None:
    page = opened(login="agent")
    expect(page).to_have_url(re.compile(r"/desk/login\?.*why=forbidden"))
