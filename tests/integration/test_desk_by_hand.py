"""What agents do at the desk all day, each by itself, in real browsers. SHOTS=folder keeps pictures."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from shop.states import OrderState
from tests.integration.browser import fill_dialog
from tests.integration.test_desk_in_a_browser import customer, tell
from tests.integration.test_widget_in_a_browser import field, rows, say
from tests.integration.wire_pages import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def talk(tiny, pages, desk) -> Any:
    """A customer's page and an agent's desk in one talk: (shopper, agent, sender_id)."""
    shopper, sender = customer(tiny, pages)
    agent = desk()
    view = tiny.shop.handoffs.request(sender, 1, "asked")
    agent.goto(f"{tiny.web}/desk/#{sender}")
    agent.locator('[data-act="accept"]').click()
    expect(agent.locator('[data-act="close"]')).to_be_visible()
    yield shopper, agent, sender
    if tiny.shop.handoffs.current(sender) is not None:
        tiny.shop.handoffs.close(view.id)


def said_in(frame: dict[str, Any]) -> str | None:
    return frame["message"].get("text") if frame["type"] == "message" else None


def texts(tiny, sender: str) -> list[str]:
    return [str(one.body.get("text") or "") for one in tiny.shop.messages.history(sender, 0, 50)]


def test_words_come_by_push_without_the_page_asking(tiny, pages, desk):
    shopper, sender = customer(tiny, pages)
    agent = desk()
    frames: list[dict[str, Any]] = []
    tiny.shop.handoffs.request(sender, 1, "asked")
    agent.on("websocket", lambda line: line.on("framereceived", lambda text: frames.append(json.loads(text))))
    agent.goto(f"{tiny.web}/desk/#{sender}")
    agent.reload()  # the socket of this page is watched from its beginning
    agent.locator('[data-act="accept"]').click()
    expect(agent.locator('[data-act="close"]')).to_be_visible()
    say(shopper, "推送的一句")
    expect(agent.locator(".message.in", has_text="推送的一句")).to_have_count(1)
    told = wait_for(agent, lambda: [one for one in frames if said_in(one) == "推送的一句"])
    assert len(told) == 1
    tell(agent, "推送的回答")
    expect(rows(shopper).filter(has_text="推送的回答")).to_have_count(1)
    order = [text for text in texts(tiny, sender) if "推送" in text]
    assert order == ["推送的一句", "推送的回答"]
    tiny.shop.handoffs.close(tiny.shop.handoffs.current(sender).id)


def test_each_sees_the_other_type_and_read(talk):
    shopper, agent, _sender = talk
    tell(agent, "请问是哪个订单")
    expect(rows(shopper).last).to_contain_text("哪个订单")
    expect(agent.locator(".under")).to_have_text("客户已读")
    field(shopper).press_sequentially("在写")
    expect(agent.locator(".under")).to_have_text("对方正在输入…")
    field(shopper).press("Enter")
    expect(agent.locator(".message.in", has_text="在写")).to_have_count(1)
    expect(shopper.locator("xiaoer-chat .from-me .read")).to_have_text("已读")
    agent.locator(".composer textarea").press_sequentially("好的")
    expect(shopper.locator("xiaoer-chat .typing")).to_be_visible()


def test_a_colleague_who_is_mentioned_is_called(tiny, talk, desk):
    _shopper, agent, _sender = talk
    colleague = desk("xiaoqiang", which=0)
    box = agent.locator(".composer textarea")
    agent.keyboard.press("Alt+n")
    box.press_sequentially("请看 @小")
    agent.locator(".popup [role=option]", has_text="小强").click()
    box.press("Enter")
    expect(agent.locator(".message.note .bubble")).to_contain_text("@小强")
    expect(colleague.locator("#toasts")).to_contain_text("同事在备注里提到了您")


def test_a_product_is_found_and_sent_as_a_card(tiny, talk):
    shopper, agent, _sender = talk
    tiny.build.product("暖屋保温杯", stock=3)
    agent.get_by_role("button", name="商品", exact=True).click()
    agent.locator('dialog [name="q"]').fill("保温杯")
    agent.locator("dialog button.main").click()
    expect(agent.locator('dialog [name="code"]')).to_contain_text("暖屋保温杯")
    agent.locator("dialog button.main").click()
    expect(shopper.locator("xiaoer-chat .card-title")).to_have_text("暖屋保温杯")
    expect(agent.locator(".message.agent .card")).to_contain_text("暖屋保温杯")


PASTE = """(bytes) => {
  const data = new DataTransfer();
  const raw = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
  data.items.add(new File([raw], "screen.png", { type: "image/png" }));
  const field = document.querySelector(".composer textarea");
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_a_screenshot_is_pasted_into_the_talk(talk):
    shopper, agent, _sender = talk
    picture = io.BytesIO()
    Image.new("RGB", (80, 60), "blue").save(picture, "PNG")
    agent.evaluate(PASTE, base64.b64encode(picture.getvalue()).decode())
    expect(agent.locator(".message.agent .picture img")).to_have_count(1)
    expect(shopper.get_by_role("button", name="放大图片")).to_have_count(1)


def test_a_talk_is_taken_from_the_bot_and_given_back_by_keyboard(tiny, pages, desk):
    shopper, sender = customer(tiny, pages)
    agent = desk()
    agent.goto(f"{tiny.web}/desk/#{sender}")
    expect(agent.locator('[data-act="take_over"]')).to_be_visible()
    agent.keyboard.press("Alt+a")
    expect(agent.locator('[data-act="give_back"]')).to_be_visible()
    agent.keyboard.press("Alt+b")
    expect(agent.locator('[data-act="take_over"]')).to_be_visible()
    expect(shopper.locator("xiaoer-chat .stars")).to_be_visible()  # the notices of the end come by the feed
    say(shopper, "你好")
    expect(rows(shopper).last).to_contain_text("您好")
    agent.keyboard.press("Alt+3")
    expect(agent.get_by_role("tab", name=re.compile("全部"))).to_have_attribute("aria-selected", "true")
    agent.keyboard.press("Alt+ArrowDown")
    expect(agent.locator(".talk.current")).to_have_count(1)


def test_a_long_talk_is_read_from_its_beginning(tiny, talk):
    _shopper, agent, sender = talk
    for place in range(70):
        tiny.shop.messages.record_in(sender, "web", {"text": f"第 {place} 句话"})
    expect(agent.locator(".message.in", has_text="第 69 句话")).to_have_count(1)
    agent.reload()
    expect(agent.locator(".message.in", has_text="第 69 句话")).to_have_count(1)
    assert agent.locator(".message.in", has_text="第 3 句话").count() == 0
    first = agent.locator(".message.in", has_text="第 3 句话")
    for _ in range(20):  # what is drawn meanwhile may take the log back to its end, as for a person
        agent.locator(".log").evaluate("one => one.scrollTop = 0")
        agent.wait_for_timeout(500)
        if first.count():
            break
    expect(first).to_have_count(1)
    expect(agent.locator(".message", has_text="我是谁")).to_have_count(1)
    shown = [int(one.split()[1]) for one in agent.locator(".message.in .bubble", has_text="句话").all_inner_texts()]
    assert shown == list(range(70))
    expect(agent.locator(".earlier")).to_have_count(0)


def test_a_half_written_answer_waits_while_the_agent_looks_elsewhere(tiny, talk):
    _shopper, agent, sender = talk
    box = agent.locator(".composer textarea")
    box.fill("写了一半的回")
    agent.evaluate("location.hash = ''")
    agent.goto(f"{tiny.web}/desk/")
    agent.locator(f'[data-sender="{sender}"]').click()
    expect(box).to_have_value("写了一半的回")
    agent.reload()
    expect(box).to_have_value("写了一半的回")
    box.press("Enter")
    expect(agent.locator(".message.agent", has_text="写了一半的回")).to_have_count(1)
    agent.reload()
    expect(agent.locator(".message.agent", has_text="写了一半的回")).to_have_count(1)
    expect(box).to_have_value("")


def test_words_that_the_line_swallowed_survive_a_reload_and_go_out_once(tiny, talk):
    shopper, agent, sender = talk
    agent.route("**/messages", lambda route: route.abort())
    tell(agent, "没发出去的话")
    expect(agent.locator(".message.failed", has_text="没发出去的话")).to_have_count(1)
    agent.reload()
    expect(agent.locator(".message.pending", has_text="没发出去的话")).to_have_count(1)
    agent.unroute("**/messages")
    expect(rows(shopper).filter(has_text="没发出去的话")).to_have_count(1)
    expect(agent.locator(".message.pending")).to_have_count(0)
    expect(agent.locator(".message.agent", has_text="没发出去的话")).to_have_count(1)
    assert texts(tiny, sender).count("没发出去的话") == 1


def test_a_word_whose_receipt_got_lost_stands_in_the_talk_once(tiny, talk):
    shopper, agent, sender = talk

    def swallow(route) -> None:
        route.fetch()  # it arrived; nobody hears so
        route.abort()

    agent.route("**/messages", swallow, times=1)
    tell(agent, "到了没有回执")
    expect(rows(shopper).filter(has_text="到了没有回执")).to_have_count(1)
    expect(agent.locator(".message.pending")).to_have_count(0)
    expect(agent.locator(".message.agent", has_text="到了没有回执")).to_have_count(1)
    assert texts(tiny, sender).count("到了没有回执") == 1


def test_a_case_is_opened_and_withdrawn_and_a_parcel_looked_for_from_the_panel(tiny, talk):
    _shopper, agent, _sender = talk
    build = tiny.build
    facts = tiny.shop.customers.facts(1)
    got = build.order(facts, build.product("杯子").skus[0], state=OrderState.DELIVERED)
    moving = build.order(facts, build.product("台灯").skus[0], state=OrderState.SHIPPED)
    agent.reload()
    way = agent.locator(f'[data-order="{moving.number}"]')
    way.locator('[data-act="investigate"]').click()
    agent.locator("dialog button.main").click()
    expect(agent.locator("#toasts")).to_contain_text("已办好")
    agent.locator(f'[data-order="{got.number}"] [data-act="case"]').click()
    fill_dialog(agent, kind="return", reason="quality", text="杯口有裂纹")
    case = agent.locator("[data-case]").first
    expect(case).to_contain_text("退货退款 · 已提交")
    case.get_by_role("button", name="撤销售后").click()
    agent.locator("dialog button.main").click()
    expect(agent.locator("[data-case]").first).to_contain_text("已撤销")
    done = [line["action"] for line in tiny.shop.agents.audit_log()[:3]]
    assert done == ["withdraw_case", "open_case", "order_investigate"]
