"""An admin forgets a customer or a talk at the desk, in a real Chromium. SHOTS=folder keeps pictures."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from shop.models import Customer
from shop.states import OrderState
from tests.integration.browser import PHONE, WIDE, shot

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
SIZES = [(WIDE, "wide"), (PHONE, "phone")]


@pytest.fixture
def person(alone):
    """A customer with an order under way and a talk that waits: (customer_id, sender_id)."""
    build = alone.build
    customer = build.customer("欧阳小敏")
    build.order(customer, build.product("台灯", stock=3).skus[0], state=OrderState.PAID)
    return customer.id, alone.talk("我想注销账号", customer=customer.id)


def panel(page: Page, sender: str) -> None:
    """Open a talk's side panel."""
    page.goto(f"{page.url.split('#')[0]}#{sender}")
    expect(page.locator("#talk .message").first).to_be_visible()
    if page.viewport_size == PHONE:
        page.get_by_role("button", name="客户资料").click()
    expect(page.locator("#side h3").first).to_be_visible()


def fits(page: Page) -> None:
    """The open dialog stands on the screen whole, sideways."""
    box, width = page.locator("dialog").bounding_box(), page.viewport_size["width"]
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize(("size", "name"), SIZES)
def test_an_admin_forgets_a_customer_after_reading_what_goes_what_stays_and_what_is_under_way(
    alone, alone_page, person, size, name
):
    customer, sender = person
    page = alone_page("boss", size)
    panel(page, sender)
    page.locator("[data-erase=customer]").click()
    asked = page.locator("dialog")
    expect(asked).to_contain_text("会被删除")
    expect(asked).to_contain_text("会留下")
    assert asked.locator("li").count() >= 6
    fits(page)
    shot(page, f"erase-{name}")
    asked.get_by_role("button", name="取消").click()
    assert alone.shop.customers.facts(customer).id == customer  # nothing happened
    page.locator("[data-erase=customer]").click()
    page.locator("dialog .danger").click()
    expect(page.locator("dialog")).to_contain_text("1 个未完成的订单")
    fits(page)
    shot(page, f"erase-orders-{name}")
    with alone.shop.database.read() as session:
        assert session.get(Customer, customer).erased_at is None
    page.locator("dialog .danger").click()
    expect(page.locator("#toasts")).to_contain_text("已抹除")
    expect(page.locator("#talk .empty")).to_be_attached()
    expect(page.locator(f'[data-sender="{sender}"]')).to_have_count(0)
    shot(page, f"erased-{name}")
    with alone.shop.database.read() as session:
        assert session.get(Customer, customer).erased_at is not None
    assert alone.shop.messages.history(sender, 0, 10) == []
    line = alone.shop.agents.audit_log()[0]
    assert (line["action"], line["subject"]) == ("erase_customer", f"customer:{customer}")


@pytest.mark.parametrize(("size", "name"), SIZES)
def test_an_admin_forgets_one_talk_and_the_customer_stays(alone, alone_page, person, size, name):
    customer, sender = person
    page = alone_page("boss", size)
    panel(page, sender)
    page.locator("[data-erase=talk]").click()
    expect(page.locator("dialog")).to_contain_text("客户账号、订单和售后单")
    fits(page)
    shot(page, f"erase-talk-{name}")
    page.locator("dialog .danger").click()
    expect(page.locator("#toasts")).to_contain_text("已抹除")
    expect(page.locator(f'[data-sender="{sender}"]')).to_have_count(0)
    assert alone.shop.messages.history(sender, 0, 10) == []
    assert alone.shop.customers.facts(customer).name
    line = alone.shop.agents.audit_log()[0]
    assert line["action"] == "erase_talk"
    assert sender not in str(line)


def test_who_is_no_admin_is_not_offered_to_forget_anybody(alone, alone_page, person):
    page = alone_page("mei")
    panel(page, person[1])
    expect(page.locator("#side")).to_contain_text("台灯")
    assert page.locator("[data-erase]").count() == 0


def test_an_agent_whose_open_talk_is_erased_elsewhere_keeps_nothing_of_it(alone, alone_page):
    sender, other = alone.talk("忘掉我吧", holder="mei"), alone.talk("我还在", holder="mei")
    page = alone_page("mei")
    for one, words in ((other, "写给别人"), (sender, "写了一半")):
        page.locator(f'[data-sender="{one}"]').click()
        expect(page.locator(".composer textarea")).to_have_value("")
        page.locator(".composer textarea").fill(words)
    expect(page.locator(".message.in", has_text="忘掉我吧")).to_have_count(1)
    alone.shop.erasure.talk(sender)  # by another desk, or on the command line
    expect(page.locator("#toasts")).to_contain_text("这个会话已不存在")
    expect(page.locator("#talk .empty")).to_be_visible()
    expect(page.locator(f'[data-sender="{sender}"]')).to_have_count(0)
    expect(page.locator(f'[data-sender="{other}"]')).to_have_count(1)
    kept = page.evaluate("JSON.stringify(sessionStorage) + document.body.textContent")
    assert "写给别人" in kept
    assert not any(one in kept for one in ("写了一半", "忘掉我吧", sender))
    alone.shop.handoffs.close(alone.shop.handoffs.current(other).id)
