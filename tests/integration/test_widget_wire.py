"""What the widget makes of everything that a server may tell it, in a real Chromium. SHOTS=folder keeps pictures."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.browser import PHONE, WIDE, launched, shot
from tests.integration.fake_wire import ROOT, FakeWire

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]
AXE = ROOT / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"
EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>"\'>&amp;'


@pytest.fixture(scope="module")
def browser():
    yield from launched()


@pytest.fixture(scope="module")
def server():
    with FakeWire() as made:
        yield made


@pytest.fixture
def wire(server):
    server.forget()
    server.suggestions, server.settings, server.attributes = [], "", "data-open"
    server.upload_status, server.answer = 200, True
    return server


@pytest.fixture
def visit(wire, browser: Browser):
    """Opens the page with the widget; every page must end without an error."""
    contexts, problems = [], []

    def go(size=WIDE, init: str = "", **options) -> Page:
        touch = {"has_touch": True, "is_mobile": True} if size is PHONE else {}
        context = browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", permissions=["clipboard-read", "clipboard-write", "microphone"],
            **touch, **options,
        )  # fmt: skip
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        if init:
            page.add_init_script(init)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(wire.address)
        if size is PHONE:
            page.locator("xiaoer-chat .launcher").tap()
        expect(part(page, ".status")).to_have_attribute("data-state", "online", timeout=20_000)
        return page

    yield go
    for context in contexts:
        context.close()
    assert problems == []


def part(page: Page, place: str):
    return page.locator(f"xiaoer-chat {place}")


def field(page: Page):
    return part(page, ".writing textarea")


CARDS = [
    {"title": f"屿客 Note {n} 5G 手机", "price": "¥1299 起", "badge": "有货", "lines": ["大电池护眼直屏", "评分 4.8（231 条评价）"],
     "buttons": [{"title": "看详情", "payload": f"屿客 Note {n}"}]}
    for n in range(1, 6)
]  # fmt: skip


def test_the_queue_and_the_person_are_told_in_the_banner_and_the_customer_may_leave(wire, visit):
    page = visit()
    wire.tell(
        "session_state", {"speaker": "waiting", "handoff": {"id": 1, "state": "waiting", "position": 2, "wait_s": 190}}
    )
    expect(part(page, ".banner")).to_contain_text("您排第 2 位")
    expect(part(page, ".banner")).to_contain_text("3 分钟")
    shot(page, "banner-waiting")
    wire.tell(
        "session_state", {"speaker": "waiting", "handoff": {"id": 1, "state": "waiting", "position": 1, "wait_s": None}}
    )
    expect(part(page, ".banner")).to_contain_text("您排第 1 位")
    part(page, ".banner button").click()
    assert wait_for(page, lambda: wire.all_heard("queue_leave"))
    wire.tell("session_state", {"speaker": "agent", "handoff": {"id": 1, "state": "agent", "agent": {"name": "小林"}}})
    wire.say("sys", text="客服小林为您服务", notice="accepted")
    wire.say("agent", text="您好，我是小林，我来看一下。", agent={"name": "小林"})
    expect(part(page, ".banner")).to_have_text("人工客服 小林 已接入")
    expect(part(page, ".notice-line")).to_have_text("客服小林为您服务")
    expect(part(page, ".from-agent .speaker")).to_have_text("小林")
    shot(page, "banner-agent")
    wire.tell("session_state", {"speaker": "bot", "handoff": {"id": 1, "state": "closed"}})
    expect(part(page, ".banner")).to_be_hidden()


def wait_for(page: Page, found, within_ms: int = 10_000):
    for _ in range(within_ms // 50):
        if found():
            return found()
        page.wait_for_timeout(50)
    return found()


def test_a_person_who_types_and_reads_is_seen_and_is_told_that_the_customer_does(wire, visit):
    wire.answer = False
    wire.state = {
        "token": "none",
        "speaker": "agent",
        "handoff": {"id": 1, "state": "agent", "agent": {"name": "小林"}},
    }
    page = visit()
    field(page).fill("在")
    assert wait_for(page, lambda: wire.all_heard("user_typing"))
    field(page).press("Enter")
    expect(part(page, ".from-me")).not_to_have_class(re.compile("sending"))
    wire.tell("read_mark", {"id": wire.history[-1]["id"]})
    expect(part(page, ".from-me .read")).to_have_text("已读")
    wire.tell("agent_typing", {"name": "小林"})
    expect(part(page, ".typing")).to_be_visible()
    expect(part(page, "[role=status].unseen").first).to_have_text("小林正在输入")
    wire.say("agent", text="在的", agent={"name": "小林"})
    expect(part(page, ".typing")).to_have_count(0)
    assert wait_for(page, lambda: [one["id"] for one in wire.all_heard("user_read")]) == [wire.history[-1]["id"]]


def test_a_talk_is_rated_once_also_after_a_reload(wire, visit):
    page = visit()
    wire.say("sys", text="本次人工服务已结束", notice="closed", custom={"type": "rating", "handoff_id": 7})
    expect(part(page, ".primary")).to_be_disabled()
    part(page, ".stars input").nth(3).check(force=True)
    expect(part(page, ".word")).to_have_text("满意")
    part(page, ".form textarea").fill("很耐心")
    shot(page, "rating")
    part(page, ".primary").click()
    expect(part(page, ".thanks")).to_have_text("谢谢您的评价")
    assert wire.all_heard("rate_talk")[0].items() >= {"handoff_id": 7, "rating": 4, "comment": "很耐心"}.items()
    page.reload()
    expect(part(page, ".thanks")).to_have_text("谢谢您的评价")
    expect(part(page, ".stars")).to_have_count(0)


def test_a_message_is_left_for_later_with_a_phone_to_call_back(wire, visit):
    page = visit(PHONE)
    wire.say("sys", text="现在没有客服在线", custom={"type": "leave_message"})
    part(page, ".form textarea").fill("发票抬头开错了")
    part(page, ".form input").fill("13800000000")
    shot(page, "leave-message-phone")
    part(page, ".primary").click()
    expect(part(page, ".thanks")).to_be_visible()
    assert wire.all_heard("leave_message")[0].items() >= {"text": "发票抬头开错了", "phone": "13800000000"}.items()


def test_products_stand_in_a_row_that_buttons_and_keys_move(wire, visit):
    page = visit()
    wire.say(text="为您找到 5 件商品：", custom={"type": "products", "items": CARDS})
    row = part(page, ".sideways")
    expect(part(page, ".sideways .card")).to_have_count(5)
    expect(part(page, ".step.back")).to_be_hidden()
    shot(page, "carousel")
    part(page, ".step.on").click()
    page.wait_for_function(
        "document.querySelector('xiaoer-chat').shadowRoot.querySelector('.sideways').scrollLeft > 100"
    )
    expect(part(page, ".step.back")).to_be_visible()
    row.evaluate("one => one.scrollLeft = 0")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('xiaoer-chat').shadowRoot.querySelector('.sideways').scrollLeft > 0")


def test_orders_beyond_five_unfold_and_parcels_show_their_way(wire, visit):
    page = visit(PHONE)
    order = {"title": "柔白 高速吹风机 H2", "subtitle": "月光白", "price": "¥399", "badge": "运输中", "lines": ["11月20日 09:12  2026112000000012"],
             "buttons": [{"title": "选这个", "payload": "2026112000000012"}]}  # fmt: skip
    wire.say(text="这是您最近的订单：", custom={"type": "orders", "items": [order] * 7})
    expect(part(page, ".card")).to_have_count(5)
    part(page, ".more button").tap()
    expect(part(page, ".card")).to_have_count(7)
    parcel = {"title": "极兔 JT0000012", "subtitle": "预计 11月25日 送达", "badge": "正在派送",
              "lines": ["11月24日 08:10 快递员正在派件", "11月24日 05:32 到达杭州余杭站", "11月23日 21:00 离开嘉兴"]}  # fmt: skip
    wire.say(text="包裹到这儿了：", custom={"type": "parcel", "items": [parcel]})
    expect(part(page, ".of-parcel .card-lines li")).to_have_count(3)
    shot(page, "parcel-phone")
    part(page, ".of-orders .small").first.tap()
    expect(part(page, ".from-me .bubble")).to_have_text("2026112000000012")


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


def test_messages_of_a_cut_line_arrive_once_after_a_reload(wire, visit):
    page = visit()
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.disconnect()")
    expect(part(page, ".status")).to_have_attribute("data-state", "offline")
    for text in ("第一句", "第二句"):
        field(page).fill(text)
        field(page).press("Enter")
    expect(part(page, ".from-me.sending")).to_have_count(2)
    shot(page, "offline")
    wire.say(text="您不在的时候到的")
    page.reload()
    expect(part(page, ".from-me .bubble")).to_have_text(["第一句", "第二句"])
    expect(part(page, ".from-bot:not(.welcome) .bubble")).to_have_text(
        ["您不在的时候到的", "收到：第一句", "收到：第二句"]
    )
    expect(part(page, ".sending")).to_have_count(0)
    page.reload()
    expect(part(page, ".from-me .bubble")).to_have_text(["第一句", "第二句"])
    assert len(wire.delivered) == len(set(wire.delivered)) == 2


def test_a_message_whose_receipt_got_lost_is_shown_once(wire, visit):
    page = visit()
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.disconnect()")
    expect(part(page, ".status")).to_have_attribute("data-state", "offline")
    field(page).fill("到了吗")
    field(page).press("Enter")
    unsent = page.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('xiaoer:unsent'))[1]")
    wire.add("in", text="到了吗", message_id=json.loads(unsent)[0]["id"])  # it had arrived, and was answered
    wire.add(text="到了")
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.connect()")
    expect(part(page, ".from-bot:not(.welcome) .bubble")).to_have_text(["到了"])
    expect(part(page, ".from-me")).to_have_count(1)
    expect(part(page, ".sending")).to_have_count(0)
    assert wire.delivered == []


def test_markup_in_any_field_is_shown_as_text(wire, visit):
    page = visit()
    card = {"title": EVIL, "subtitle": EVIL, "badge": EVIL, "price": EVIL, "lines": [EVIL], "picture": 'x" onerror="window.broken=1',
            "buttons": [{"title": EVIL, "payload": EVIL}]}  # fmt: skip
    wire.say(text=EVIL, buttons=[{"title": EVIL, "payload": EVIL}])
    for kind in ("products", "orders", EVIL):
        wire.say(text=EVIL, custom={"type": kind, "text": EVIL, "items": [card, card]})
    wire.say("agent", text=EVIL, agent={"name": EVIL}, image=EVIL, attachments=[EVIL])
    wire.say("sys", text=EVIL, custom={"type": "rating", "handoff_id": EVIL})
    wire.tell("session_state", {"speaker": "agent", "handoff": {"state": "agent", "agent": {"name": EVIL}}})
    wire.tell("agent_typing", {"name": EVIL})
    expect(part(page, ".notice-line")).to_have_text(EVIL)
    expect(part(page, ".banner")).to_contain_text(EVIL)
    wire.suggestions = [{"kind": EVIL, "title": EVIL, "say": EVIL, "detail": EVIL, "picture": EVIL}]
    page.wait_for_timeout(300)
    assert page.evaluate("window.broken") is None
    assert part(page, "script").count() == 0


def test_odd_payloads_break_nothing(wire, visit):
    page = visit()
    for odd in (None, 7, "text", [], {}, {"text": 5}, {"custom": 3}, {"custom": {"items": 4}}, {"custom": {"items": [None, 3, {}]}},
                {"buttons": "x"}, {"buttons": [None, {}]}, {"attachments": "x"}, {"agent": 4, "text": "a"}, {"at": "yesterday", "text": "b"}):  # fmt: skip
        wire.tell("bot_uttered", odd)
    for odd in (None, 3, {}, {"handoff": 3}, {"handoff": {}}, {"speaker": 5}):
        wire.tell("session_state", odd)
        wire.tell("agent_typing", odd)
        wire.tell("read_mark", odd)
    wire.say(text="还在")
    expect(part(page, ".from-bot .bubble:not(.dots)").last).to_have_text("还在")


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
    assert asked[0] == {"session_id": None, "token": token}
    expect(part(page, ".row:not(.welcome)")).to_have_count(0)
    page.evaluate("xiaoer.reset()")
    assert wait_for(page, lambda: wire.all_heard("session_request")[before + 1 :])[0]["session_id"] is None


def test_english_is_a_second_language(wire, visit):
    wire.attributes = 'data-open data-locale="en"'
    page = visit()
    expect(field(page)).to_have_attribute("placeholder", "Write a message")
    expect(part(page, ".status")).to_have_text("Online, here to help")


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
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: cd web/widget && npm ci")
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
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })")
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
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
