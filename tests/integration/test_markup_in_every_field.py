"""Whatever people write anywhere is text everywhere: widget, desk, dashboard. A browser looks at it."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import update

from shop.models import Customer, Order, Product
from shop.states import OrderState
from tests.integration.browser import every_tab
from tests.integration.test_desk_in_a_browser import newest, tell
from tests.integration.test_widget_in_a_browser import rows, say, status

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]
EVIL = "<img src=x onerror=alert(1)>'\"&lt;b>"
WHO = 4  # the demo page lets one be this customer


def is_clean(page: Page, *texts: str) -> None:
    """These texts stand on the page as they are, and nothing of them became a part of it."""
    for text in texts:
        expect(page.get_by_text(text).first).to_be_attached()
    assert page.locator("img[src='x'], [onerror], main b b").count() == 0


@pytest.fixture(scope="module")
def evil(tiny):
    """A customer, a product, an order with its note and city, a canned reply, a ticket, an agent: all of markup."""
    shop, build = tiny.shop, tiny.build
    with shop.database.change() as session:
        session.merge(
            Customer(
                id=WHO, code=f"c{WHO}", name_sealed=shop.cipher.seal(EVIL), phone_sealed=shop.cipher.seal("13800000004")
            )
        )
    product = build.product(EVIL, stock=5)
    with shop.database.change() as session:
        session.execute(update(Product).where(Product.id == product.id).values(subtitle=EVIL))
    order = build.order(shop.customers.facts(WHO), product.skus[0], state=OrderState.PAID)
    with shop.database.change() as session:
        session.execute(update(Order).where(Order.id == order.id).values(city=EVIL))
    shop.orders.add_note(WHO, order.number, EVIL, key="evil")
    shop.desk.keep_canned("evil", EVIL, EVIL, None)
    shop.tickets.leave("somebody", WHO, EVIL, "13800000004")
    shop.agents.add("evil", EVIL[:28], "correct horse battery", "agent", ["any"])
    return order


def test_markup_in_names_words_notes_replies_and_files_stays_text(tiny, pages, desk, evil):
    shopper = pages(0, f"{tiny.web}/?customer={WHO}")
    expect(status(shopper)).to_have_attribute("data-state", "online")
    say(shopper, EVIL)
    expect(rows(shopper)).to_have_count(2)
    agent = desk("zhuguan")
    agent.get_by_role("tab", name=re.compile("全部")).click()
    agent.locator(f'[data-sender="{newest(tiny)}"]').click()
    agent.locator('[data-act="take_over"]').click()
    expect(agent.locator('[data-act="close"]')).to_be_visible()
    tell(agent, f"答 {EVIL}")
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "PNG")
    file = {"name": f"{EVIL.replace('/', '')}.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    agent.locator(".composer input[type=file]").set_input_files(file)
    expect(agent.locator(".message.agent .picture img")).to_have_count(1)
    box = agent.locator(f'[data-order="{evil.number}"]')
    box.get_by_role("button", name="发给客户").click()
    expect(agent.locator(".message.agent .card")).to_have_count(1)
    agent.locator(".composer button", has_text="备注").click()
    tell(agent, f"记 {EVIL}")
    expect(agent.locator(".message.note .bubble")).to_contain_text(f"记 {EVIL}")
    agent.locator(".composer textarea").press_sequentially("/evil")
    expect(agent.locator(".popup [role=option]")).to_contain_text(EVIL)
    is_clean(agent, f"答 {EVIL}", f"记 {EVIL}", f"{EVIL} 红", f"备注：{EVIL}")
    agent.locator(".composer textarea").fill("")
    for menu in ("canned", "tickets", "team"):
        agent.locator(f'[data-menu="{menu}"]').click()
        expect(agent.locator("dialog")).to_contain_text(EVIL[:28])
        is_clean(agent)
        agent.keyboard.press("Escape")
    agent.locator('[data-act="close"]').click()
    agent.locator('dialog [name="tags"]').fill("<img/src=x>")
    agent.locator("dialog button.main").click()
    expect(agent.locator("#side")).to_contain_text("<img/src=x>")
    is_clean(agent)
    expect(rows(shopper).filter(has_text=f"答 {EVIL}")).to_have_count(1)
    expect(shopper.locator("xiaoer-chat .card-title")).to_have_text(EVIL)
    assert shopper.locator("xiaoer-chat :is(img[src='x'], [onerror], .bubble b)").count() == 0
    is_clean(shopper)


def test_markup_in_the_shops_figures_stays_text_on_every_page_of_the_dashboard(tiny, pages, desk, evil):
    boss = desk("admin")
    boss.goto(f"{tiny.web}/dashboard/")
    for _ in every_tab(boss):
        is_clean(boss)
    boss.locator("#tabs button[name=sales]").click()
    boss.locator("#tools [name=group]").select_option("city")
    boss.locator("#tools [type=submit]").click()
    expect(boss.locator("#table")).to_contain_text(EVIL)
    boss.locator("#table tbody tr", has_text=EVIL).click()
    expect(boss.locator("#table")).to_contain_text(evil.number)
    is_clean(boss, EVIL)
