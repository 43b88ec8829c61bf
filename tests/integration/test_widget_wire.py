"""What the widget makes of everything that a server may tell it, in a real Chromium. SHOTS=folder keeps pictures."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.integration.browser import PHONE, shot
from tests.integration.wire_pages import CARDS, EVIL, field, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


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
