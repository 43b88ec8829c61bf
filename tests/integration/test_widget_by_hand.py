"""What a customer and a page do with the widget, in a real Chromium. SHOTS=folder keeps pictures."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.browser import PHONE, WIDE, axe, shot
from tests.integration.wire_pages import CARDS, field, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


def test_suggestions_follow_the_typing_and_the_keys(wire, visit):
    wire.suggestions = [
        {"kind": "category", "title": "sj 手机", "say": "有哪些手机"},
        {
            "kind": "product",
            "title": "sj 屿客 Note 12 5G 手机",
            "say": "屿客 Note 12",
            "price_fen": 129900,
            "detail": "大电池护眼直屏",
        },
        {
            "kind": "order",
            "title": "sj 澄星 S9 影像手机",
            "say": "订单 20261120 到哪了",
            "state": "shipped",
            "detail": "20261120",
        },
        {"kind": "question", "title": "sj 手机怎么保修", "say": "手机怎么保修"},
    ]
    page = visit()
    field(page).press_sequentially("sj")
    options = part(page, "[role=option]")
    expect(options).to_have_count(4)
    expect(options.nth(1)).to_contain_text("¥1299")
    expect(options.nth(2)).to_contain_text("运输中")
    field(page).press("ArrowDown")
    field(page).press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert field(page).get_attribute("aria-activedescendant") == "suggestion-1"
    shot(page, "suggestions")
    field(page).press("Escape")
    expect(options).to_have_count(0)
    expect(part(page, ".panel")).to_be_visible()  # the first Esc closes the list only
    field(page).press_sequentially(" ")
    field(page).press("Backspace")
    expect(options).to_have_count(4)
    field(page).press("ArrowUp")
    field(page).press("Enter")
    expect(part(page, ".from-me .bubble")).to_have_text("手机怎么保修")
    expect(field(page)).to_have_value("")
    expect(options).to_have_count(0)
    field(page).press_sequentially("sj")
    expect(options).to_have_count(4)
    field(page).press("Enter")  # without a choice the words themselves are sent
    expect(part(page, ".from-me .bubble").last).to_have_text("sj")


def test_the_page_opens_closes_listens_and_changes_the_customer(wire, visit):
    wire.settings = json.dumps(
        {"title": "屿客客服", "texts": {"greeting": "欢迎光临"}, "position": "left", "open": False}
    )
    wire.attributes = ""
    init = "addEventListener('xiaoer:ready', (e) => { window.told = []; for (const n of ['open','close','message','state']) e.detail.on(n, (d) => window.told.push(n)); })"
    page = visit(init=init)
    expect(part(page, ".panel")).to_be_hidden()
    assert part(page, ".launcher").bounding_box()["x"] < 100
    page.evaluate("xiaoer.open()")
    expect(part(page, "h2")).to_have_text("屿客客服")
    expect(part(page, ".welcome .bubble")).to_have_text("欢迎光临")
    page.evaluate("xiaoer.close()")
    wire.say(text="有新消息")
    expect(part(page, ".unread")).to_have_text("1")
    page.evaluate("xiaoer.toggle()")
    expect(part(page, ".unread")).to_be_hidden()
    assert [one for one in page.evaluate("told") if one != "state"] == ["open", "close", "message", "open"]
    before = len(wire.all_heard("session_request"))
    wire.history.clear()
    token = "x." + "eyJzdWIiOiAiNyJ9" + ".y"  # {"sub": "7"}
    page.evaluate("token => xiaoer.setUser({ token })", token)
    asked = wait_for(page, lambda: wire.all_heard("session_request")[before:])
    assert (asked[0]["session_id"], asked[0]["token"]) == (None, token)
    expect(part(page, ".row:not(.welcome)")).to_have_count(0)
    page.evaluate("xiaoer.reset()")
    assert wait_for(page, lambda: wire.all_heard("session_request")[before + 1 :])[0]["session_id"] is None


def test_english_is_a_second_language(wire, visit):
    wire.attributes = 'data-open data-locale="en"'
    page = visit()
    expect(field(page)).to_have_attribute("placeholder", "Write a message")
    expect(part(page, ".status")).to_have_text("Online, here to help")


def test_the_pages_theme_and_side_win_over_the_systems(wire, visit):
    wire.attributes = 'data-open data-theme="dark" data-position="left"'
    page = visit(color_scheme="light")
    surface = part(page, ".head").evaluate("one => getComputedStyle(one).backgroundColor")
    assert surface == "rgb(34, 30, 27)"
    assert part(page, ".panel").bounding_box()["x"] < 100


def test_a_text_is_copied_by_a_button(wire, visit):
    page = visit()
    wire.say(text="订单号 2026112000000012")
    part(page, ".from-bot:not(.welcome) .line").hover()
    part(page, ".from-bot:not(.welcome) .copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == "订单号 2026112000000012"


def test_days_are_divided_and_emoji_go_where_the_cursor_is(wire, visit):
    wire.add(text="去年的话", at="2024-11-03T02:00:00+00:00")
    wire.add(text="今天的话")
    page = visit()
    expect(part(page, ".day")).to_have_count(2)
    expect(part(page, ".day").first).to_contain_text("2024")
    expect(part(page, ".day").last).to_contain_text("今天")
    field(page).fill("好的")
    part(page, "[aria-label='表情']").click()
    part(page, ".emoji button").nth(2).click()
    assert len(field(page).input_value()) > 2
    page.keyboard.press("Escape")
    expect(part(page, ".emoji")).to_be_hidden()
    expect(part(page, ".panel")).to_be_visible()


def test_a_picture_that_could_not_go_up_says_why_and_goes_up_again(wire, visit, tmp_path):
    from PIL import Image

    file = tmp_path / "a.png"
    Image.new("RGB", (300, 200), "#c96").save(file)
    wire.upload_status = 413
    page = visit()
    part(page, "input[type=file][multiple]").set_input_files(str(file))
    part(page, ".send").click()
    expect(part(page, ".notice")).to_have_text("图片太大了")
    expect(part(page, ".failed .retry")).to_be_visible()
    shot(page, "upload-failed")
    wire.upload_status = 200
    part(page, ".retry").click()
    expect(part(page, ".rising")).to_have_class(re.compile("up"))
    expect(part(page, ".failed")).to_have_count(0)
    part(page, ".rising .zoom").click()
    expect(part(page, ".viewer img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(part(page, ".viewer")).to_be_hidden()
    expect(part(page, ".panel")).to_be_visible()


RECOGNISER = """window.SpeechRecognition = window.webkitSpeechRecognition = class {
  start() { setTimeout(() => this.onresult({results: [[{transcript: '我的订单'}]]}), 50); }
  stop() { this.onresult({results: [[{transcript: '我的订单到哪了'}]]}); this.onend(); }
}"""


def hold(page: Page, milliseconds: int):
    box = part(page, ".mic").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(milliseconds)
    page.mouse.up()


def test_what_the_browser_heard_stands_in_the_field_and_is_not_sent(wire, visit):
    page = visit(init=RECOGNISER)
    hold(page, 200)
    expect(field(page)).to_have_value("我的订单到哪了")
    expect(part(page, ".from-me")).to_have_count(0)


def test_where_the_browser_hears_nothing_the_server_listens_to_a_wave_file(wire, visit):
    wire.attributes = 'data-open data-voice="server"'
    page = visit()
    hold(page, 1500)
    expect(field(page)).to_have_value("我的订单到哪了")
    wave = wire.all_heard("speech")[0]
    assert (wave[:4], wave[8:12], wave[22:24], wave[24:28]) == (
        b"RIFF",
        b"WAVE",
        b"\x01\0",
        (16000).to_bytes(4, "little"),
    )
    assert len(wave) > 16_000
    wire.speech = (501, {"error": "语音识别没有开启"})
    hold(page, 1500)
    expect(part(page, ".notice")).to_have_text("语音识别没有开启")
    wire.speech = (200, {"text": "我的订单到哪了"})


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_axe_finds_no_serious_violation(wire, visit, size, scheme):
    wire.add(text="您好 https://example.com/a", buttons=[{"title": "看看商品", "payload": "商品"}])
    wire.add("in", text="有什么商品")
    wire.add(text="为您找到：", custom={"type": "products", "items": CARDS})
    wire.add("agent", text="您好，我是小林", agent={"name": "小林"})
    wire.add("sys", text="本次服务已结束", custom={"type": "rating", "handoff_id": 1})
    wire.add("sys", text="请留言", custom={"type": "leave_message"})
    wire.suggestions = [{"kind": "question", "title": "包邮吗", "say": "包邮吗"}]
    wire.state = {"token": "bad", "speaker": "waiting", "handoff": {"state": "waiting", "position": 2, "wait_s": 60}}
    page = visit(size, color_scheme=scheme, reduced_motion="reduce")
    expect(part(page, ".form")).to_have_count(2)
    field(page).press_sequentially("包")
    expect(part(page, "[role=option]")).to_have_count(1)
    field(page).press("ArrowDown")
    shot(page, f"all-{size['width']}-{scheme}")
    assert axe(page) == []
    part(page, "[aria-label='表情']").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_widget_is_ready_within_a_second_of_processor_time(wire, visit):
    page = visit()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()
    expect(part(page, ".status")).to_have_attribute("data-state", "online")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    shown = page.evaluate("performance.getEntriesByName('xiaoer:interactive')[0].startTime")
    print(
        f"launcher after {shown:.0f} ms by the wall clock, {metrics['TaskDuration'] * 1000:.0f} ms of the main thread"
    )
    assert metrics["TaskDuration"] <= 1.0
