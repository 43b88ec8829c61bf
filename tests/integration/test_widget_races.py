"""Answers that reach the chat window after the customer has changed; the fake wire holds them back."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import Page, expect

from tests.integration.wire_pages import field, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
SETTLED_MS = 400


def token(customer: int) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"sub": str(customer)}).encode()).decode().rstrip("=")
    return f"t.{body}.s"


def talk(wire, name: str, count: int) -> None:
    """What the server knows from now on: one conversation."""
    wire.history = []
    for place in range(count):
        wire.add("out", text=f"{name} 第 {place} 句")


def become(page: Page, customer: int) -> None:
    page.evaluate(f"xiaoer.setUser('{token(customer)}')")


def read_up(page: Page) -> None:
    """Scroll to the beginning."""
    part(page, ".log").evaluate("one => { one.scrollTop = 0; one.dispatchEvent(new Event('scroll')); }")


def is_held(page: Page, wire) -> None:
    assert wait_for(page, lambda: wire.hold == "")


def released(page: Page, wire) -> None:
    """Let the late answer go, and give the page time to use it."""
    wire.let_go.set()
    page.wait_for_timeout(SETTLED_MS)


def shows(page: Page, text: str):
    expect(part(page, ".row .bubble").filter(has_text=text)).to_have_count(1)


def of_the_other(page: Page) -> list[str]:
    return [one for one in part(page, ".row .bubble:not(.dots)").all_inner_texts() if "甲" in one]


def test_earlier_messages_of_the_customer_before_are_not_shown_to_the_next_one(wire, visit):
    talk(wire, "甲", 120)
    page = visit()
    shows(page, "甲 第 119 句")
    wire.hold = "history_request"
    read_up(page)
    is_held(page, wire)
    talk(wire, "乙", 120)
    become(page, 2)
    shows(page, "乙 第 119 句")
    released(page, wire)
    assert of_the_other(page) == []
    read_up(page)  # the next one's are fetched all the same
    shows(page, "乙 第 60 句")


def test_a_history_that_comes_late_is_not_shown_to_the_next_customer(wire, visit):
    page = visit()
    talk(wire, "甲", 3)
    wire.hold = "history_request"
    become(page, 1)
    is_held(page, wire)
    talk(wire, "乙", 3)
    become(page, 2)
    shows(page, "乙 第 2 句")
    released(page, wire)
    assert of_the_other(page) == []
    wire.say(text="乙又一句")  # and what is said now is heard
    shows(page, "乙又一句")


def test_a_receipt_that_comes_late_moves_no_mark_of_the_next_conversation(wire, visit):
    talk(wire, "甲", 40)
    page = visit()
    wire.hold = "user_uttered"
    field(page).fill("甲说的")
    field(page).press("Enter")
    is_held(page, wire)
    talk(wire, "乙", 3)
    become(page, 2)
    shows(page, "乙 第 2 句")
    wire.answer = False
    released(page, wire)
    asked = len(wire.all_heard("history_request"))
    wire.tell("session_lost")
    assert wait_for(page, lambda: len(wire.all_heard("history_request")) > asked)
    assert wire.all_heard("history_request")[-1]["after"] == 3


def test_what_waits_for_a_picture_is_not_said_by_the_next_customer(wire, visit):
    page = visit()
    wire.may_answer.clear()
    photo = {"name": "a.png", "mimeType": "image/png", "buffer": base64.b64decode(PIXEL)}
    part(page, "input[type=file][multiple]").set_input_files(photo)
    part(page, ".send").click()
    field(page).fill("甲的第二句")
    field(page).press("Enter")
    assert wait_for(page, lambda: wire.uploads)
    become(page, 2)
    expect(part(page, ".from-me")).to_have_count(0)
    field(page).fill("乙的话")
    field(page).press("Enter")
    shows(page, "收到：乙的话")  # it waits for no picture of another
    wire.may_answer.set()
    page.wait_for_timeout(SETTLED_MS)
    assert len(wire.delivered) == 1


def test_a_new_token_that_comes_late_does_not_bring_back_the_customer_before(wire, visit):
    wire.settings = f"{{token: '{token(1)}', getToken: () => new Promise((done) => (window.give = done))}}"
    page = visit()
    wire.tell("session_state", {"token": "bad"})
    page.wait_for_function("!!window.give")
    become(page, 2)
    assert wait_for(page, lambda: wire.all_heard("session_request")[-1]["token"] == token(2))
    page.evaluate(f"give('{token(1)}')")
    page.wait_for_timeout(SETTLED_MS)
    assert wire.all_heard("session_request")[-1]["token"] == token(2)


def test_who_types_on_right_after_sending_is_seen_typing(wire, visit):
    wire.state = {"token": "none", "speaker": "agent", "handoff": {"state": "agent", "agent": "小美"}}
    wire.answer = False
    page = visit()
    page.clock.install()  # no three seconds pass by themselves
    page.clock.pause_at(page.evaluate("Date.now() + 15000"))
    field(page).press_sequentially("您好")
    assert wait_for(page, lambda: len(wire.all_heard("user_typing")) == 1)
    page.clock.run_for(100)
    field(page).press("Enter")
    assert wait_for(page, lambda: wire.delivered)
    field(page).press_sequentially("还有")
    assert wait_for(page, lambda: len(wire.all_heard("user_typing")) == 2)


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
