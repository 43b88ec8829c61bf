"""The desk calls an agent who looks elsewhere: sound and notification, heard by stubs in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.integration.wire_pages import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
STUBS = """
window.notes = [];
window.beeps = 0;
document.hasFocus = () => window.looks === true;
window.Notification = class {
  static permission = "granted";
  constructor(title, options) { window.notes.push({ title, body: options.body, note: this }); }
};
const node = () => ({ connect: (next) => next, frequency: {}, gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} },
  start: () => (window.beeps += 1), stop() {} });
window.AudioContext = class {
  state = "running";
  currentTime = 0;
  createOscillator() { return node(); }
  createGain() { return node(); }
};
"""


def told(page) -> list[str]:
    return page.evaluate("notes.map((one) => one.body)")


def test_a_customer_who_begins_to_wait_is_heard_and_announced_and_a_click_leads_to_them(alone, alone_page):
    page = alone_page("mei", init=STUBS)
    page.locator("#lists").click()  # browsers allow sound after a touch
    sender = alone.talk("有人吗")
    assert wait_for(page, lambda: told(page) == ["有客户在排队：访客"])
    assert page.evaluate("beeps") >= 1
    page.evaluate("notes[0].note.onclick()")
    expect(page.locator("#talk .message.in .bubble")).to_have_text("有人吗")
    view = alone.shop.handoffs.current(sender)
    alone.shop.handoffs.accept(view.id, "mei", alone.staff["mei"].id)
    expect(page.locator('[data-act="close"]')).to_be_visible()
    before = page.evaluate("beeps")
    alone.shop.messages.record_in(sender, "web", {"text": "请快一点"})
    assert wait_for(page, lambda: "请快一点" in told(page))
    assert page.evaluate("beeps") > before
    page.evaluate("window.looks = true")
    seen = len(told(page))
    alone.shop.messages.record_in(sender, "web", {"text": "看着呢"})
    expect(page.locator("#talk .message.in .bubble").last).to_have_text("看着呢")
    assert len(told(page)) == seen, "who looks at the talk is not called"
    alone.shop.handoffs.close(view.id)
