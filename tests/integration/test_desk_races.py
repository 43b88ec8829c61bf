"""Answers that reach the desk too late, in a real Chromium: a route holds them back until the page has gone on."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from shop.states import OrderState
from tests.integration.browser import fill_dialog
from tests.integration.wire_pages import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]


class Held:
    """Holds back the first answer to an address; it says how things stood when it was asked for."""

    def __init__(self, page: Page, address: str | re.Pattern[str], method: str = "GET") -> None:
        self._page, self._method = page, method
        self._route: Route | None = None
        self._answer: Any = None
        page.route(address, self._take)

    def _take(self, route: Route) -> None:
        if self._answer is not None or route.request.method != self._method:
            route.fallback()
            return
        self._answer, self._route = route.fetch(), route

    def caught(self) -> Held:
        """Wait until it is asked for."""
        assert wait_for(self._page, lambda: self._route)
        return self

    def release(self, status: int | None = None, body: Any = None) -> None:
        """Let it through, or another answer in its place, and give the page time to use it."""
        assert self._route is not None
        if status is None:
            self._route.fulfill(response=self._answer)
        else:
            self._route.fulfill(status=status, json=body)
        self._page.evaluate("() => new Promise((done) => setTimeout(done, 300))")


def talk_of(sender: str) -> str:
    return f"**/desk/api/talks/{sender}"


def choose(page: Page, sender: str) -> None:
    page.locator(f'[data-sender="{sender}"]').click()


def shows(page: Page, word: str) -> None:
    expect(page.locator("#talk .message.in .bubble", has_text=word)).to_have_count(1)


@pytest.fixture
def two(alone, alone_page):
    """Two talks of mei's and her page: (page, first, second)."""
    first, second = alone.talk("甲的话", holder="mei"), alone.talk("乙的话", holder="mei")
    yield alone_page(), first, second
    for sender in (first, second):
        view = alone.shop.handoffs.current(sender)
        if view is not None:
            alone.shop.handoffs.close(view.id)


def test_a_late_refusal_of_the_talk_before_leaves_the_new_one_alone(two):
    page, first, second = two
    held = Held(page, talk_of(first))
    choose(page, first)
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    held.release(404, {"error": "not_found"})
    shows(page, "乙的话")


def test_a_talk_that_is_opened_again_is_not_set_back_by_its_first_answer(alone, two):
    page, first, second = two
    held = Held(page, talk_of(first))
    choose(page, first)
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    alone.shop.messages.record_in(first, "web", {"text": "甲又说"})
    expect(page.locator(f'[data-sender="{first}"] .last')).to_have_text("甲又说")  # it was pushed
    choose(page, first)
    shows(page, "甲又说")
    held.release()
    shows(page, "甲又说")


def test_words_that_are_said_while_a_talk_opens_stand_in_it(alone, two):
    page, first, _second = two
    held = Held(page, talk_of(first))
    choose(page, first)
    held.caught()
    alone.shop.messages.record_in(first, "web", {"text": "开门时说的"})
    expect(page.locator(f'[data-sender="{first}"] .last')).to_have_text("开门时说的")  # it was pushed
    held.release()
    shows(page, "甲的话")
    shows(page, "开门时说的")


def test_nothing_of_the_talk_before_can_be_pressed_while_the_next_one_opens(alone, two):
    page, first, second = two
    choose(page, second)
    expect(page.locator('[data-act="close"]')).to_be_visible()
    expect(page.locator("#side h3").first).to_be_visible()
    held = Held(page, talk_of(first))
    choose(page, first)
    held.caught()
    assert page.locator("#talk [data-act], #talk textarea, #side button").count() == 0
    held.release()
    expect(page.locator('[data-act="close"]')).to_be_visible()
    assert alone.shop.handoffs.current(second).state.value == "agent"


def test_notes_of_the_talk_before_do_not_stand_in_the_next_one(alone, two):
    page, first, second = two
    choose(page, first)
    shows(page, "甲的话")
    held = Held(page, talk_of(first))
    alone.shop.desk.note(first, alone.staff["boss"].id, "只关甲的备注")
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    held.release()
    assert page.locator(".message.note").count() == 0
    choose(page, first)
    expect(page.locator(".message.note")).to_contain_text("只关甲的备注")


def test_a_note_that_is_kept_late_stands_in_its_own_talk_only(two):
    page, first, second = two
    choose(page, first)
    shows(page, "甲的话")
    held = Held(page, f"{talk_of(first)}/notes", "POST")
    page.keyboard.press("Alt+n")
    page.locator(".composer textarea").fill("备注慢了")
    page.keyboard.press("Enter")
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    held.release()
    assert page.locator(".message.note").count() == 0
    choose(page, first)
    expect(page.locator(".message.note")).to_have_count(1)


def test_a_note_that_was_refused_late_is_nobody_elses_draft(two):
    page, first, second = two
    choose(page, first)
    shows(page, "甲的话")
    held = Held(page, f"{talk_of(first)}/notes", "POST")
    page.keyboard.press("Alt+n")
    page.locator(".composer textarea").fill("说甲的事")
    page.keyboard.press("Enter")
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    held.release(503, {"error": "database_down"})
    expect(page.locator("#toasts .bad")).to_be_visible()
    page.reload()
    shows(page, "乙的话")
    expect(page.locator(".composer textarea")).to_have_value("")
    choose(page, first)
    shows(page, "甲的话")
    expect(page.locator(".composer textarea")).to_have_value("说甲的事")
    expect(page.locator('.composer [aria-pressed="true"]')).to_have_count(1)  # still a note, no reply


def test_a_picture_that_goes_up_slowly_goes_to_the_customer_for_whom_it_was_chosen(alone, two):
    page, first, second = two
    choose(page, first)
    shows(page, "甲的话")
    held = Held(page, f"{talk_of(first)}/upload", "POST")
    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "orange").save(photo, "JPEG")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    page.locator(".composer input[type=file]").set_input_files(file)
    held.caught()
    choose(page, second)
    shows(page, "乙的话")
    held.release()
    sent = wait_for(
        page, lambda: [one for one in alone.shop.messages.history(first, 0, 9) if one.body.get("attachments")]
    )
    assert len(sent) == 1
    assert page.locator(".message .picture").count() == 0


def test_a_dialog_is_about_the_talk_over_which_it_was_opened(alone, two):
    page, first, second = two
    choose(page, first)
    page.locator('[data-act="close"]').click()
    page.evaluate(f"location.hash = '{second}'")  # as a click on a notification
    shows(page, "乙的话")
    fill_dialog(page, reason="solved")
    assert wait_for(page, lambda: alone.shop.handoffs.current(first) is None)
    assert alone.shop.handoffs.current(second) is not None


def test_the_panel_does_not_go_back_to_an_older_answer(alone, alone_page):
    customer = alone.build.customer()
    order = alone.build.order(customer, alone.build.product("台灯", stock=3).skus[0], state=OrderState.PAID)
    page = alone_page()
    sender = alone.talk("改备注", holder="mei", customer=customer.id)
    choose(page, sender)
    box = page.locator(f'[data-order="{order.number}"]')
    expect(box).to_be_visible()
    held = Held(page, f"{talk_of(sender)}/side")
    for words in ("旧备注", "新备注"):
        box.locator('[data-act="note"]').click()
        fill_dialog(page, text=words)
        held.caught()
    expect(box).to_contain_text("新备注")
    held.release()
    expect(box).to_contain_text("新备注")
    alone.shop.handoffs.close(alone.shop.handoffs.current(sender).id)


def test_a_list_that_comes_late_does_not_bring_back_a_talk_that_a_colleague_took(alone, alone_page):
    page = alone_page()
    sender = alone.talk("排队的")
    queue = page.get_by_role("tab", name=re.compile("排队"))
    queue.click()
    expect(page.locator(f'[data-sender="{sender}"]')).to_have_count(1)
    held = Held(page, "**/desk/api/talks?list=all")
    page.get_by_role("tab", name="全部").click()
    held.caught()
    view = alone.shop.handoffs.current(sender)
    alone.shop.handoffs.accept(view.id, "boss", alone.staff["boss"].id)
    expect(page.locator(f'[data-sender="{sender}"]')).to_have_count(0)
    held.release()
    assert page.locator(f'[data-sender="{sender}"]').count() == 0
    queue.click()
    assert page.locator(f'[data-sender="{sender}"]').count() == 0
    alone.shop.handoffs.close(view.id)


def test_a_talk_that_did_not_open_says_so_and_opens_when_it_is_tried_again(two):
    page, first, second = two
    broken = [False]

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json={"error": "database_down"}) if broken[0] else route.fallback()

    page.route(re.compile(f"/desk/api/talks/({first}|{second})$"), refuse)
    choose(page, second)
    shows(page, "乙的话")
    broken[0] = True
    choose(page, second)
    expect(page.locator("#toasts .bad")).to_be_visible()
    shows(page, "乙的话")  # what was shown of it stays
    choose(page, first)
    expect(page.locator("#talk .empty")).to_contain_text("数据库暂时连不上")
    assert page.locator("#talk .message").count() == 0
    broken[0] = False
    page.locator('[data-act="retry"]').click()
    shows(page, "甲的话")
    expect(page.locator('[data-act="close"]')).to_be_visible()


def test_a_button_of_the_panel_that_is_being_pressed_outlives_a_redraw(alone, alone_page):
    customer = alone.build.customer()
    order = alone.build.order(customer, alone.build.product("水杯", stock=3).skus[0], state=OrderState.PAID)
    page = alone_page()
    sender = alone.talk("排队的", customer=customer.id)
    page.get_by_role("tab", name=re.compile("排队")).click()
    choose(page, sender)
    reveal = page.locator("#side").get_by_role("button", name="查看").element_handle()
    page.locator('[data-act="accept"]').click()
    expect(page.locator(f'[data-order="{order.number}"] [data-act="note"]')).to_be_visible()  # it was drawn anew
    assert reveal.evaluate("node => node.isConnected")
    reveal.click()
    expect(page.locator("#side")).to_contain_text("13812345678")
    alone.shop.handoffs.close(alone.shop.handoffs.current(sender).id)
