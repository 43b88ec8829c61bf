"""The widget's line: backoff, a new token, the way back through a long history, motion, badge. SHOTS keeps pictures."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import datetime, timedelta, timezone

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.cut_line import CutLine
from tests.integration.browser import PHONE, shot
from tests.integration.wire_pages import field, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]
FIRST = datetime(2026, 3, 1, 4, 0, tzinfo=timezone.utc)
WATCHED = """() => {
  const manager = document.querySelector("xiaoer-chat").chat.connection.socket.io;
  window.tries = [];
  manager.on("reconnect_attempt", () => window.tries.push(performance.now()));
}"""


def long_history(wire, count: int) -> list[str]:
    """Messages of several days, numbered; their texts."""
    for place in range(count):
        moment = FIRST + timedelta(hours=place)
        wire.add("in" if place % 2 else "out", text=f"第 {place} 句", at=moment.isoformat())
    return [one["text"] for one in wire.history]


def words(page: Page) -> list[str]:
    return part(page, ".row:not(.welcome) .bubble:not(.dots)").all_inner_texts()


def test_the_line_is_tried_again_later_and_later_and_what_was_written_meanwhile_goes_out_once(wire, visit):
    page = visit()
    page.evaluate(WATCHED)
    page.context.set_offline(True)
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.io.engine.close()")
    expect(part(page, ".status")).to_have_attribute("data-state", "offline")
    for text in ("一", "二", "三"):
        field(page).fill(text)
        field(page).press("Enter")
    expect(part(page, ".from-me.sending")).to_have_count(3)
    began = page.evaluate("performance.now()")
    page.wait_for_function("tries.length >= 4", timeout=60_000)
    tries = page.evaluate("tries")
    waits = [after - before for before, after in itertools.pairwise(tries)]
    # 0.5, 1, 2, 4 seconds, each give or take a half: a busy machine only makes them longer
    assert all(wait >= least for wait, least in zip(waits, (480, 980, 1980), strict=False)), (began, waits)
    page.context.set_offline(False)
    expect(part(page, ".status")).to_have_attribute("data-state", "online", timeout=60_000)
    expect(part(page, ".sending")).to_have_count(0)
    expect(part(page, ".from-bot:not(.welcome)")).to_have_count(3)
    assert [one["text"] for one in wire.history if one["direction"] == "in"] == ["一", "二", "三"]
    assert len(wire.delivered) == len(set(wire.delivered)) == 3


def test_a_network_that_swallows_everything_for_a_while_loses_and_doubles_nothing(wire, visit):
    with CutLine(wire.port) as line:
        wire.server = line.address
        page = visit()
        line.cut()
        field(page).fill("有人吗")
        field(page).press("Enter")
        expect(part(page, ".from-me.sending")).to_have_count(1)
        wire.say(text="断网时的话")
        page.wait_for_timeout(500)
        line.mend()
        expect(part(page, ".from-bot:not(.welcome) .bubble")).to_have_text(
            ["断网时的话", "收到：有人吗"], timeout=60_000
        )
        expect(part(page, ".from-me")).to_have_count(1)
        expect(part(page, ".sending")).to_have_count(0)
        assert len(wire.delivered) == 1


def test_a_session_that_the_shop_did_not_give_is_asked_for_again(wire, visit):
    page = visit()
    wire.deaf = 1  # as while its database is away
    wire.tell("session_lost")
    assert wait_for(page, lambda: wire.all_heard("session_request")[1:])
    field(page).fill("还在吗")
    field(page).press("Enter")
    expect(part(page, ".from-bot:not(.welcome) .bubble")).to_have_text(["收到：还在吗"], timeout=60_000)
    assert len(wire.all_heard("session_request")) == 3


def test_a_token_that_is_over_is_asked_for_anew_and_the_talk_goes_on(wire, visit):
    body = base64.urlsafe_b64encode(json.dumps({"sub": "7"}).encode()).decode().rstrip("=")
    old, new = f"x.{body}.old", f"x.{body}.new"
    wire.settings = (
        f'{{token: "{old}", getToken: async () => {{ window.asked = (window.asked || 0) + 1; return "{new}"; }}}}'
    )
    page = visit()
    field(page).fill("我的订单")
    field(page).press("Enter")
    expect(part(page, ".from-bot:not(.welcome)")).to_have_count(1)
    wire.tell("session_state", {"token": "bad", "speaker": "bot"})
    assert wait_for(page, lambda: wire.all_heard("session_request")[1:])[0]["token"] == new
    expect(part(page, ".from-me")).to_have_count(1)  # the same customer: the same talk
    assert page.evaluate("asked") == 1


def test_without_a_new_token_the_customer_is_told_what_to_do(wire, visit):
    wire.settings = "{getToken: async () => { throw new Error('logged out'); }}"
    page = visit()
    wire.tell("session_state", {"token": "bad", "speaker": "bot"})
    expect(part(page, ".banner")).to_contain_text("登录状态已失效")


def test_scrolling_up_brings_earlier_messages_each_once_and_the_reader_stays_where_they_were(wire, visit):
    texts = long_history(wire, 120)
    page = visit()
    assert words(page) == texts[-50:]
    reading = part(page, ".row").filter(has_text="第 72 句")
    part(page, ".log").evaluate("one => one.scrollTop = 40")
    expect(part(page, ".bubble").first).to_have_text("第 20 句")
    reading.scroll_into_view_if_needed()
    assert reading.is_visible()
    part(page, ".log").evaluate("one => one.scrollTop = 0")
    expect(part(page, ".bubble").first).to_have_text("第 0 句")
    assert words(page) == texts
    expect(part(page, ".earlier")).to_have_count(0)
    days = part(page, ".day").all_inner_texts()
    assert len(days) == len(set(days)) == len({(FIRST + timedelta(hours=8 + n)).date() for n in range(120)})
    shot(page, "earlier")
    wire.say(text="新的一句")
    expect(part(page, ".bubble").last).to_have_text("新的一句")
    assert words(page) == [*texts, "新的一句"]


def test_what_is_being_read_does_not_move_when_earlier_messages_come(wire, visit):
    long_history(wire, 90)
    page = visit()
    part(page, ".log").evaluate("one => one.scrollTop = 30")
    place = """() => {
      const root = document.querySelector("xiaoer-chat").shadowRoot;
      const row = [...root.querySelectorAll(".row")].find((one) => one.textContent.includes("第 42 句"));
      return row.getBoundingClientRect().top - root.querySelector(".log").getBoundingClientRect().top;
    }"""
    before = page.evaluate(place)
    expect(part(page, ".bubble").first).to_have_text("第 0 句")
    assert abs(page.evaluate(place) - before) < 60  # the button and a day's line were above it


def test_earlier_messages_come_by_keyboard_too(wire, visit):
    long_history(wire, 60)
    page = visit()
    part(page, ".earlier").focus()
    page.keyboard.press("Enter")
    expect(part(page, ".bubble").first).to_have_text("第 0 句")
    assert page.evaluate("document.querySelector('xiaoer-chat').shadowRoot.activeElement.className") == "log"


def test_an_absence_of_more_than_a_page_of_messages_leaves_no_gap(wire, visit):
    wire.add(text="第一句")
    page = visit()
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.disconnect()")
    expect(part(page, ".status")).to_have_attribute("data-state", "offline")
    for place in range(130):
        wire.add(text=f"离开时第 {place} 句")
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.connect()")
    expect(part(page, ".bubble").last).to_have_text("离开时第 129 句")
    assert words(page) == ["第一句", *(f"离开时第 {place} 句" for place in range(130))]


@pytest.mark.parametrize(("motion", "animated"), [("reduce", False), ("no-preference", True)])
def test_who_wants_no_motion_gets_none(wire, visit, motion, animated):
    wire.answer = False
    page = visit(reduced_motion=motion)
    wire.tell("agent_typing", {"name": "小林"})
    dots = part(page, ".dots i").first
    expect(dots).to_be_attached()
    assert (dots.evaluate("one => getComputedStyle(one).animationName") != "none") == animated


def test_unread_messages_are_counted_on_the_closed_button_and_said_to_who_cannot_see(wire, visit):
    page = visit()
    page.evaluate("xiaoer.close()")
    for place in range(3):
        wire.say(text=f"第 {place} 句")
    expect(part(page, ".unread")).to_have_text("3")
    expect(part(page, ".launcher")).to_have_attribute("aria-label", "打开客服对话，3 条未读")
    part(page, ".launcher").click()
    expect(part(page, ".unread")).to_be_hidden()


def test_a_message_of_a_person_is_seen_at_once_also_after_a_picture(wire, visit):
    page = visit()
    field(page).fill("在吗")
    field(page).press("Enter")
    for place in range(12):
        wire.say("agent", text=f"第 {place} 句，" + "说得长一点。" * 12, agent={"name": "小林"})
    expect(part(page, ".from-agent")).to_have_count(12)
    page.wait_for_function("""() => {
      const log = document.querySelector("xiaoer-chat").shadowRoot.querySelector(".log");
      return log.scrollHeight - log.scrollTop - log.clientHeight < 4;
    }""")
    expect(part(page, ".jump")).to_be_hidden()


@pytest.mark.parametrize("mark", [True, False])
def test_what_a_person_says_after_ones_own_picture_is_in_sight(wire, visit, tmp_path, mark):
    file = tmp_path / "a.jpg"
    Image.new("RGB", (640, 480), "#69c").save(file)
    for place in range(6):
        wire.add("agent", text=f"第 {place} 句，" + "说得长一点。" * 8, agent={"name": "小林"})
    wire.answer = False
    wire.state = {
        "token": "none",
        "speaker": "agent",
        "handoff": {"id": 1, "state": "agent", "agent": {"name": "小林"}},
    }
    page = visit(PHONE)
    field(page).fill("看这张")
    field(page).press("Enter")
    expect(part(page, ".from-me")).to_have_count(1)
    expect(part(page, ".row.sending")).to_have_count(0)  # it stands in the history now
    if mark:
        wire.tell("read_mark", {"id": len(wire.history)})
        expect(part(page, ".read")).to_be_visible()
    part(page, "input[type=file][multiple]").set_input_files(str(file))
    part(page, ".send").click()
    expect(part(page, ".rising.up")).to_have_count(1)
    if mark:
        wire.tell("read_mark", {"id": len(wire.history) + 1})
    wire.say("agent", text="看到了", agent={"name": "小林"})
    wire.say("sys", text="本次服务已结束", custom={"type": "rating", "handoff_id": 1})
    expect(part(page, ".stars")).to_be_in_viewport()
    expect(part(page, ".jump")).to_be_hidden()


def test_what_the_bot_offered_is_over_when_a_person_comes(wire, visit):
    wire.answer = False
    page = visit()
    field(page).fill("转人工")
    field(page).press("Enter")
    wire.say(text="您排第 1 位", buttons=[{"title": "不等了", "payload": "不等了"}])
    expect(part(page, ".reply")).to_have_count(1)
    wire.say("sys", text="客服小林已接入", notice="accepted")
    expect(part(page, ".reply")).to_have_count(0)
