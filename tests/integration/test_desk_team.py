"""An overseer's desk: who has how much, looking on, giving talks to others; the admin's team; tickets. SHOTS keeps pictures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.browser import fill_dialog, shot

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]


def team_row(page: Page, name: str):
    """The team's dialog, opened, and an agent's line of it."""
    page.locator('[data-menu="team"]').click()
    return page.locator("dialog tbody tr").filter(has=page.locator("td:first-child").get_by_text(name, exact=True))


def test_an_overseer_sees_the_load_looks_on_and_gives_a_talk_to_another(alone, alone_page):
    shop, staff = alone.shop, alone.staff
    shop.agents.change(staff["mei"].id, capacity=2)
    shop.agents.set_status(staff["qiang"].id, "away")
    sender, other = (alone.talk(word, holder="mei") for word in ("第一位", "第二位"))
    boss, mei, qiang = (alone_page(login) for login in ("boss", "mei", "qiang"))
    row = team_row(boss, "mei")
    expect(row).to_contain_text("2 / 2")
    expect(row.locator(".full")).to_have_count(1)
    shot(boss, "team")
    boss.keyboard.press("Escape")
    boss.get_by_role("tab", name="全部").click()
    boss.locator(f'[data-sender="{sender}"]').click()
    expect(boss.locator('[data-act="whisper"]')).to_be_visible()
    shop.messages.record_in(sender, "web", {"text": "主管看得到吗"})
    expect(boss.locator(".message.in", has_text="主管看得到吗")).to_have_count(1)
    expect(boss.locator(".composer button.main")).to_be_disabled()  # who speaks takes the talk over first
    boss.locator('[data-act="transfer"]').click()
    fill_dialog(boss, target=f"agent:{staff['qiang'].id}", note="你接着聊")
    expect(qiang.locator("#toasts")).to_contain_text("新会话")
    qiang.locator(f'[data-sender="{sender}"]').click()
    expect(qiang.locator(".message.note")).to_contain_text("你接着聊")
    expect(mei.locator(f'[data-sender="{sender}"]')).to_have_count(0)
    expect(mei.locator(f'[data-sender="{other}"]')).to_have_count(1)
    expect(team_row(boss, "mei")).to_contain_text("1 / 2")
    for one in (sender, other):
        shop.handoffs.close(shop.handoffs.current(one).id)


def test_an_admin_changes_what_an_agent_takes_and_logs_out(alone, alone_page):
    page = alone_page("boss")
    team_row(page, "qiang").locator('[data-act="change"]').click()
    form = page.locator("dialog").last
    expect(form.locator('[name="role"]')).to_have_count(1)
    form.get_by_label("综合").uncheck()
    for group in ("售前", "投诉"):
        form.get_by_label(group).check()
    form.locator('[name="capacity"]').fill("7")
    shot(page, "change-agent")
    form.locator("button.main").click()
    row = page.locator("dialog tbody tr", has_text="qiang")
    expect(row).to_contain_text("0 / 7")
    expect(row).to_contain_text("售前、投诉")
    changed = alone.shop.agents.get(alone.staff["qiang"].id)
    assert (changed.groups, changed.capacity, changed.name) == (("presale", "complaint"), 7, "qiang")
    assert alone.shop.agents.audit_log()[0]["action"] == "change_agent"
    alone.shop.agents.change(changed.id, groups=["any"])
    page.locator("dialog tbody tr", has_text="boss").locator('[data-act="change"]').click()
    expect(form.locator('[name="capacity"]')).to_be_visible()
    expect(form.locator('[name="role"]')).to_have_count(0)  # nobody changes their own
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator('[data-menu="logout"]').click()
    expect(page).to_have_url(re.compile("/desk/login"))
    page.goto(f"{alone.address}/desk/")
    expect(page).to_have_url(re.compile("/desk/login"))


def test_a_message_that_was_left_is_counted_at_once_called_back_and_settled(alone, alone_page):
    page = alone_page("mei")
    count = page.locator('[data-menu="tickets"] .count')
    expect(count).to_be_hidden()
    ticket = alone.shop.tickets.leave("somebody", None, "请晚上回电", "13800001234")
    expect(count).to_have_text("1")
    page.locator('[data-menu="tickets"]').click()
    box = page.locator("dialog .box")
    expect(box).to_contain_text("138****1234")
    box.get_by_role("button", name="查看").click()
    expect(box).to_contain_text("13800001234")
    line = alone.shop.agents.audit_log()[0]
    assert (line["action"], line["subject"]) == ("reveal_phone", f"ticket:{ticket}")
    box.get_by_role("button", name="处理完成").click()
    page.locator("dialog").last.locator("textarea").fill("已回电")
    page.locator("dialog").last.locator("button.main").click()
    expect(box).to_have_count(0)
    expect(count).to_be_hidden()
    assert alone.shop.tickets.all("done")[0]["outcome"] == "已回电"


def test_the_panel_sums_a_talk_up_draws_its_mood_and_offers_answers_to_edit(alone, alone_page):
    customer = alone.build.customer("欧阳小敏", level=3)
    sender = alone.talk(
        "在吗", "我的快递三天没动了，单号 2026112000000012", "怎么开发票", holder="mei", customer=customer.id
    )
    said = alone.shop.messages.history(sender)
    for message, (mood, anger) in zip(
        [one for one in said if one.direction == "in"], (("neu", 0), ("neg", 2), ("pos", 0)), strict=True
    ):
        alone.shop.messages.set_mood(message.id, mood, anger)
    page = alone_page("mei")
    page.locator(f'[data-sender="{sender}"]').click()
    summary = page.locator("#side .summary")
    expect(summary).to_contain_text("铂金")
    expect(summary).to_contain_text("2026112000000012")
    expect(summary).to_contain_text("快递三天没动")
    assert summary.locator("dt").count() <= 5
    expect(page.locator("#side .mood")).to_have_attribute("aria-label", re.compile("满意"))
    points = page.locator("#side .mood polyline").get_attribute("points").split()
    heights = [float(one.split(",")[1]) for one in points]
    assert heights[1] < heights[0] < heights[2]  # angry is up, content is down
    chips = page.locator(".chips button")
    expect(chips.first).to_contain_text("发票")
    assert chips.count() <= 3
    words = chips.first.get_attribute("title")
    chips.first.click()
    expect(page.locator(".composer textarea")).to_have_value(words)
    assert len(alone.shop.messages.history(sender)) == len(said), "it is edited before it is sent"
    alone.shop.handoffs.close(alone.shop.handoffs.current(sender).id)
