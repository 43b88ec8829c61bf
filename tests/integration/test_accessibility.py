"""axe-core finds nothing serious on the desk and the dashboard, light and dark, wide and narrow. SHOTS keeps pictures."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from shop.states import OrderState
from tests.integration.browser import PHONE, axe, every_tab, shot
from tests.integration.test_desk_in_a_browser import customer

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def talk(tiny, pages):
    """A talk with all that a desk can show: words, a mood, a note, an order, a case of a phone."""
    if not tiny.shop.desk.canned(0, "axe"):
        tiny.shop.desk.keep_canned("axe", "问候", "您好", None)
    tiny.build.order(tiny.shop.customers.facts(1), state=OrderState.PAID)
    _shopper, sender = customer(tiny, pages)
    view = tiny.shop.handoffs.request(sender, 1, "anger", "any", 2)
    mei = next(one for one in tiny.shop.agents.all() if one.login == "xiaomei")
    tiny.shop.handoffs.accept(view.id, mei.name, mei.id)
    tiny.shop.desk.note(sender, mei.id, "请看看", [])
    yield sender
    tiny.shop.handoffs.close(view.id)


def look(page: Page, name: str) -> None:
    """Nothing serious, in light and in dark colours."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        shot(page, f"axe-{name}-{scheme}")
        assert (name, scheme, axe(page)) == (name, scheme, [])


def test_the_desk_has_no_serious_violation(tiny, desk, talk):
    agent = desk("xiaomei")
    look(agent, "desk-list")
    agent.goto(f"{tiny.web}/desk/#{talk}")
    expect(agent.locator(".message.note")).to_have_count(1)
    expect(agent.locator("#side .order").first).to_be_attached()
    agent.locator(".composer textarea").press_sequentially("/axe")
    expect(agent.locator(".popup [role=option]")).to_have_count(1)
    look(agent, "desk-talk")
    agent.locator(".composer textarea").fill("")
    agent.locator('[data-act="close"]').click()
    look(agent, "desk-close")
    agent.keyboard.press("Escape")
    for menu in ("team", "canned", "tickets", "keys"):
        agent.locator(f'[data-menu="{menu}"]').click()
        look(agent, f"desk-{menu}")
        agent.keyboard.press("Escape")
    agent.set_viewport_size(PHONE)
    look(agent, "desk-talk-narrow")
    agent.get_by_role("button", name="客户资料").click()
    look(agent, "desk-side-narrow")


def test_the_login_has_no_serious_violation(tiny, pages):
    look(pages(1, f"{tiny.web}/desk/login"), "login")


def test_the_dashboard_has_no_serious_violation(tiny, desk):
    boss = desk("admin")
    boss.goto(f"{tiny.web}/dashboard/")
    for name in every_tab(boss):
        look(boss, f"dashboard-{name}")
