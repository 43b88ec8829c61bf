"""The pages about service in a real Chromium, over a web server alone. SHOTS=folder keeps pictures."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from shop.front import Shop, open_shop
from shop.models import Conversation, Handoff, HandoffStep, Message
from shop.settings import Settings
from tests.integration.browser import PATIENCE_MS, PHONE, WIDE, log_in, shot, web_server
from web.app import create_app

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
PASSWORD = "a long password"
BEGIN = datetime(2025, 3, 3, 1, 0, tzinfo=timezone.utc)
EVIL = "<img src=x onerror=alert(1)>"


def filled(shop: Shop) -> None:
    """Two days of talks: thanked for, left, come back to, handed over; one dead letter."""
    shop.database.create_all()
    agent = shop.agents.add("boss", f"梅{EVIL}", PASSWORD, role="admin")
    body = shop.cipher.seal_json({"text": "x"})
    rows = []
    for number, (hours, intents) in enumerate(
        [(0, ["order_status", "thank"]), (1, ["ask_stock"]), (2, ["order_status"]), (20, ["return_goods", "complain"])]
    ):
        for at, intent in enumerate(intents):
            rows.append({
                "sender_id": f"talk-{number}", "direction": "in", "body_sealed": body, "intent": intent,
                "at": BEGIN + timedelta(hours=hours, minutes=at), "mood": "neg" if intent == "complain" else "neu",
                "anger": 2 if intent == "complain" else 0,
            })  # fmt: skip
    rows.append({**rows[-1], "sender_id": "talk-2", "at": BEGIN + timedelta(hours=9), "intent": "order_status"})
    asked = BEGIN + timedelta(hours=20, minutes=2)
    with shop.database.change() as session:
        session.add_all([Conversation(sender_id=f"talk-{one}", channel="web") for one in range(4)])
        session.execute(insert(Message.__table__), rows)
        row = Handoff(
            sender_id="talk-3", state="closed", reason="complaint", skill_group="complaint", created_at=asked,
            accepted_at=asked + timedelta(seconds=45), first_reply_at=asked + timedelta(seconds=65),
            closed_at=asked + timedelta(seconds=345), close_reason="solved", agent_id=agent.id, rating=5,
        )  # fmt: skip
        session.add(row)
        session.flush()
        for kind, seconds in (("accepted", 45), ("closed", 345)):
            session.add(
                HandoffStep(handoff_id=row.id, kind=kind, agent_id=agent.id, at=asked + timedelta(seconds=seconds))
            )
    letter = shop.outbox.post("wechat", "wechat:o1", [{"text": f"您的退款到了 {EVIL}"}], "bot", key="k")
    shop.outbox.bury(letter, "45015 quota")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Shop and address of a running web server."""
    shop = open_shop(Settings(data_dir=tmp_path_factory.mktemp("service"), secret_key="a secret for tests only"))
    filled(shop)
    with web_server(create_app(shop)) as address:
        yield shop, address
    shop.database.dispose()


@pytest.fixture
def visit(browser, served):
    opened, problems = [], []

    def make(size) -> Page:
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message) or dialog.dismiss())
        page.goto(f"{served[1]}/desk/login?next=/dashboard/")
        log_in(page, "boss", PASSWORD)
        expect(page.get_by_role("button", name="客服报表")).to_be_visible()
        return page

    yield make
    for one in opened:
        one.close()
    assert problems == []


def report(page: Page, part: str) -> None:
    page.locator("select[name=part]").select_option(part)
    page.locator("input[name=from]").fill("2025-03-01")
    page.locator("input[name=to]").fill("2025-03-08")
    page.get_by_role("button", name="查看").click()


def tile(page: Page, name: str):
    return page.locator(".tile").filter(has_text=name).locator("b")


@pytest.mark.parametrize(("size", "name"), [(WIDE, "wide"), (PHONE, "phone")])
def test_the_report_shows_its_figures_and_every_number_opens_its_talks(visit, size, name):
    page = visit(size)
    page.get_by_role("button", name="客服报表").click()
    report(page, "overview")
    expect(tile(page, "机器人解决率")).to_have_text("60.0%")  # thanked, left alone, and the one that came back
    expect(tile(page, "首次响应")).to_have_text("0:20")
    expect(tile(page, "处理时长")).to_have_text("5:00")
    shot(page, f"service-{name}")
    tile(page, "24 小时内又来").click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    expect(page.locator("#table tbody tr")).to_contain_text("talk-2")
    for part, first in (("reasons", "投诉"), ("groups", "投诉"), ("agents", EVIL), ("intents", "order_status")):
        report(page, part)
        expect(page.locator("#table tbody tr").first).to_contain_text(first)
        shot(page, f"service-{part}-{name}")
    page.locator("#table tbody tr").first.locator("td").first.click()
    expect(page.locator("#table h2")).to_contain_text("相关会话（3）")
    for part in ("mood", "hours"):
        report(page, part)
        expect(page.locator("#chart canvas")).to_be_visible()
        shot(page, f"service-{part}-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page itself never scrolls sideways"


COUNTS = ("handoffs", "accepted", "left", "timeout", "rated", "talks", "handed", "confirmed", "assumed", "taken_back")


def test_a_number_in_a_table_opens_just_the_talks_that_it_counts(visit):
    page = visit(WIDE)
    page.get_by_role("button", name="客服报表").click()
    seen = set()
    for part in ("overview", "reasons", "groups", "agents", "intents", "mood", "hours"):
        report(page, part)
        expect(page.locator("#note")).to_have_text("")  # what was asked for is there
        rows = page.locator("#table tbody tr")
        row = {"overview": rows.first, "intents": rows.filter(has=page.locator("[name=handed]")).last}.get(
            part, rows.last
        )
        picks = row.locator(".pick")
        for place in range(picks.count()):
            name, number = picks.nth(place).get_attribute("name"), picks.nth(place).inner_text()
            seen.add(name)
            picks.nth(place).click()
            head = page.locator("#table h2")
            expect(head).to_contain_text(f"（{number}）" if name in COUNTS else re.compile("（[1-9]"))
            page.locator("#table .back").click()
            expect(head).to_have_count(0)
            expect(picks.first).to_be_visible()
    assert seen >= {
        "talks",
        "confirmed",
        "handed",
        "accepted",
        "wait_s",
        "first_s",
        "handling_s",
        "rating",
        "rated",
        "messages",
        "negative",
        "anger",
    }


def test_a_dead_letter_is_shown_with_its_reason_and_sent_once_more(visit, served):
    page = visit(WIDE)
    page.get_by_role("button", name="未送达").click()
    expect(page.locator("#table tbody tr")).to_contain_text("45015 quota")
    expect(page.locator("#table tbody tr")).to_contain_text(EVIL)
    shot(page, "letters")
    page.get_by_role("button", name="重发").click()
    expect(page.locator("#table tbody tr")).to_have_count(0)
    assert served[0].outbox.counts()["wechat"] == {"waiting": 1}
    assert served[0].agents.audit_log()[0]["action"] == "letter_revived"


def test_what_nobody_could_answer_becomes_training_an_entry_or_nothing(visit):
    group = {
        "number": 3,
        "messages": 2,
        "texts": ["能刻字吗", EVIL],
        "keywords": ["刻字"],
        "kind": "intent",
        "target": "custom_made",
        "score": 0.8,
    }
    rows, asked = [group, {**group, "number": 4, "target": None, "score": None}], []

    def answer(route) -> None:
        if route.request.method == "POST":
            asked.append((route.request.url.rsplit("/", 1)[1], route.request.post_data_json))
            route.fulfill(json={"ok": True, "said": "2 messages went to engraving"})
        else:
            route.fulfill(json={"rows": rows})

    page = visit(WIDE)
    page.route(re.compile("/dashboard/api/unanswered"), answer)
    page.get_by_role("button", name="没答上的").click()
    groups = page.locator(".group")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text(EVIL)
    assert groups.locator("img").count() == 0
    groups.first.get_by_role("button", name="按建议收下").click()
    expect(page.locator("#note")).to_have_text("已处理")
    groups.nth(1).locator("input").fill("engraving")
    groups.nth(1).locator("textarea").fill("可以刻字")
    groups.nth(1).get_by_role("button", name="存为 FAQ").click()
    expect(page.locator("#note")).to_have_text("已处理")
    groups.nth(1).get_by_role("button", name="丢弃").click()
    expect(page.locator("#note")).to_have_text("已处理")
    faq = {"action": "take", "faq": "engraving", "answer": "可以刻字"}
    assert asked == [("3", {"action": "take"}), ("4", faq), ("4", {"action": "drop"})]


def test_a_late_answer_for_the_page_before_leaves_the_new_page_alone(visit):
    page = visit(WIDE)
    held = []
    page.route("**/dashboard/api/today?*", lambda route: held.append(route))
    page.get_by_role("button", name="今天").click()
    page.get_by_role("button", name="客服报表").click()
    shown = tile(page, "机器人解决率")
    expect(shown).to_be_visible()
    with page.expect_response("**/dashboard/api/today?*"):
        held[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert shown.is_visible()
