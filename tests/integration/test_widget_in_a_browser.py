"""The widget in a real Chromium, against real servers. SHOTS=folder keeps pictures."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.integration.browser import PATIENCE_MS, shot

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def context(browser: Browser):
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(tiny, context) -> Page:
    problems: list[str] = []
    made = context.new_page()
    made.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto(f"{tiny.web}/?customer=1")
    expect(status(made)).to_have_attribute("data-state", "online")
    yield made
    assert problems == []


def status(page: Page):
    return page.locator("xiaoer-chat .status")


def field(page: Page):
    return page.locator("xiaoer-chat .writing textarea")


def rows(page: Page):
    return page.locator("xiaoer-chat .row:not(.typing):not(.welcome)")


def say(page: Page, text: str):
    field(page).fill(text)
    field(page).press("Enter")


def photo() -> bytes:
    target = io.BytesIO()
    Image.effect_noise((2400, 1800), 80).convert("RGB").save(target, "JPEG", quality=92)
    return target.getvalue()


def test_a_customer_is_known_talks_and_finds_the_talk_again_after_a_reload(page):
    say(page, "我是谁")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(1)).to_contain_text("您是第 1 位顾客。")
    say(page, "有什么商品")
    expect(page.locator("xiaoer-chat .card")).to_have_count(2)
    expect(page.locator("xiaoer-chat .card").first).to_contain_text("¥59.00")
    shot(page, "wide")
    words = page.locator("xiaoer-chat .row:not(.welcome) :is(.bubble, .card)")
    before = words.all_inner_texts()
    page.reload()
    expect(words).to_have_count(len(before))
    assert words.all_inner_texts() == before
    shot(page, "wide-reloaded")


def test_a_button_shows_its_title_and_says_its_payload(page):
    say(page, "你好")
    page.locator("xiaoer-chat .reply", has_text="看看商品").click()
    expect(page.locator("xiaoer-chat .from-me").last).to_contain_text("有什么商品")
    expect(page.locator("xiaoer-chat .card")).to_have_count(2)
    expect(page.locator("xiaoer-chat .reply")).to_have_count(0)


def test_html_from_anybody_stays_text_and_web_addresses_become_links(tiny, page):
    evil = "<img src=x onerror=alert(1)><b>粗</b> https://example.com/a?b=1。"
    say(page, evil)
    bubble = page.locator("xiaoer-chat .from-me .bubble").last
    expect(bubble).to_have_text(evil)
    assert bubble.locator("img, b").count() == 0
    expect(bubble.locator("a")).to_have_attribute("href", "https://example.com/a?b=1")
    expect(bubble.locator("a")).to_have_attribute("rel", "noopener noreferrer")


def test_enter_while_an_input_method_composes_sends_nothing(page):
    field(page).fill("ni hao")
    field(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(rows(page)).to_have_count(0)
    field(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    expect(rows(page)).to_have_count(0)
    field(page).press("Shift+Enter")
    expect(field(page)).to_have_value("ni hao\n")
    field(page).press("Enter")
    expect(rows(page)).to_have_count(2)
    expect(field(page)).to_have_value("")


def test_dots_show_while_the_bot_thinks(page):
    say(page, "慢慢来")
    expect(page.locator("xiaoer-chat .typing")).to_be_visible()
    expect(rows(page).last).to_contain_text("让您久等了。")
    expect(page.locator("xiaoer-chat .typing")).to_have_count(0)


def test_a_photo_is_shown_first_then_sent_and_there_again_after_a_reload(page):
    page.locator("xiaoer-chat input[type=file][multiple]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    expect(page.locator("xiaoer-chat .preview img")).to_have_count(1)
    shot(page, "wide-preview")
    page.locator("xiaoer-chat .send").click()
    expect(rows(page).last).to_contain_text("收到 1 张图片。")
    shot(page, "wide-photo")
    page.reload()
    picture = page.locator("xiaoer-chat .from-me img.picture")
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    page.wait_for_function(
        "document.querySelector('xiaoer-chat').shadowRoot.querySelector('img.picture').naturalWidth === 1600"
    )


def test_a_file_that_is_no_picture_is_refused_before_it_is_sent(page):
    page.locator("xiaoer-chat input[type=file][multiple]").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    expect(page.locator("xiaoer-chat .notice")).to_contain_text("不是图片")
    expect(page.locator("xiaoer-chat .preview")).to_have_count(0)


def test_escape_closes_gives_the_focus_back_and_unread_messages_are_counted(page):
    say(page, "慢慢来")
    field(page).press("Escape")
    expect(page.locator("xiaoer-chat .panel")).to_be_hidden()
    assert page.evaluate("document.querySelector('xiaoer-chat').shadowRoot.activeElement.className") == "launcher"
    expect(page.locator("xiaoer-chat .unread")).to_have_text("1")
    page.locator("xiaoer-chat .launcher").click()
    expect(page.locator("xiaoer-chat .unread")).to_be_hidden()
    expect(rows(page).last).to_contain_text("让您久等了。")


def test_the_talk_is_read_aloud_and_every_control_has_a_name(page):
    log = page.locator("xiaoer-chat [role=log]")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("dialog", name="小二客服")).to_be_visible()
    for name in ("收起客服对话", "发送", "发送图片"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(1)


def test_another_customer_on_the_same_browser_sees_nothing_of_the_first(tiny, page):
    say(page, "我是谁")
    expect(rows(page)).to_have_count(2)
    for other in ("2", "guest"):
        page.goto(f"{tiny.web}/?customer={other}")
        expect(status(page)).to_have_attribute("data-state", "online")
        expect(rows(page)).to_have_count(0)
    page.goto(f"{tiny.web}/?customer=1")
    expect(rows(page)).to_have_count(2)


def test_a_message_written_while_the_line_is_down_is_sent_when_it_is_back(tiny, page, context):
    # Setting the browser offline leaves open sockets alone, so the widget's own is closed as a broken line would be.
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.disconnect()")
    expect(status(page)).to_have_attribute("data-state", "offline")
    say(page, "再见")
    expect(page.locator("xiaoer-chat .from-me")).to_have_class(re.compile("sending"))
    page.evaluate("document.querySelector('xiaoer-chat').chat.connection.socket.connect()")
    expect(rows(page).last).to_contain_text("再见，欢迎再来。")
    expect(rows(page)).to_have_count(2)


def test_on_a_phone_the_talk_fills_the_screen(tiny, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
                                  reduced_motion="reduce", locale="zh-CN")  # fmt: skip
    page = context.new_page()
    try:
        page.goto(f"{tiny.web}/?customer=2")
        expect(page.locator("xiaoer-chat .panel")).to_be_hidden()
        shot(page, "phone-closed")
        page.locator("xiaoer-chat .launcher").tap()
        expect(status(page)).to_have_attribute("data-state", "online")
        box = page.locator("xiaoer-chat .panel").bounding_box()
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
        say(page, "有什么商品")
        expect(page.locator("xiaoer-chat .card")).to_have_count(2)
        shot(page, "phone")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for button in page.locator(
            "xiaoer-chat .head button, xiaoer-chat .tools-row button, xiaoer-chat .writing button"
        ).all():
            size = button.bounding_box()
            assert min(size["width"], size["height"]) >= 44
    finally:
        context.close()


def test_dark_colours_follow_the_system_and_texts_stay_readable(tiny, browser):
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme, locale="zh-CN")
        page = context.new_page()
        try:
            page.goto(f"{tiny.web}/?customer=2")
            say(page, "你好")
            expect(page.locator("xiaoer-chat .reply").first).to_be_visible()
            shot(page, scheme)
            for place in (".from-me .bubble", ".from-bot .bubble", ".reply", ".who h2", ".status"):
                ratio = page.evaluate(CONTRAST, place)
                assert ratio >= 4.5, (scheme, place, ratio)
        finally:
            context.close()


CONTRAST = """(place) => {
  const element = document.querySelector("xiaoer-chat").shadowRoot.querySelector(place);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((one) => one / 255).map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  let ground = element;
  while (numbers(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const [a, b] = [light(numbers(getComputedStyle(element).color)), light(numbers(getComputedStyle(ground).backgroundColor))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
