"""Behaviour on the shop's pages: noted with consent only, sent in batches; the card's link into the cart."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.integration.browser import shot
from tests.integration.wire_pages import CARDS, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]
PAGE = """<article data-xiaoer-view="PH001" data-xiaoer-list="l1"><h2>手机</h2>
<button id="cart" data-xiaoer-cart="PH001">加入购物车</button></article>
<form id="find" data-xiaoer-search="q" onsubmit="return false"><label>找 <input name="q"></label></form>"""


def told(wire) -> list[dict]:
    return [event for body in wire.events for event in body["events"]]


def test_without_consent_nothing_is_noted_kept_or_sent(wire, visit):
    wire.body = PAGE
    page = visit()
    page.locator("#cart").click()
    page.evaluate("xiaoer.track('view', {product: 'PH002'})")
    page.wait_for_timeout(2500)  # longer than a batch waits
    assert wire.events == []
    assert page.evaluate("sessionStorage.getItem('xiaoer:visit')") is None


def test_with_consent_views_searches_and_carts_are_sent_in_one_batch(wire, visit):
    wire.body, wire.attributes = PAGE, 'data-open data-consent="granted"'
    page = visit()
    page.locator("#find input").fill("蓝牙耳机")
    page.locator("#find input").press("Enter")
    page.locator("#cart").click()
    page.evaluate("xiaoer.track('rate', {product: 'PH001', rating: 5})")
    page.evaluate("xiaoer.track('steal', {product: 'PH001'})")
    assert wait_for(page, lambda: len(told(wire)) >= 4)
    kinds = [
        {key: one[key] for key in ("kind", "product", "query", "rating", "list") if key in one} for one in told(wire)
    ]
    assert kinds == [
        {"kind": "view", "product": "PH001", "list": "l1"},
        {"kind": "search", "query": "蓝牙耳机"},
        {"kind": "cart", "product": "PH001"},
        {"kind": "rate", "product": "PH001", "rating": 5},
    ]
    body = wire.events[0]
    assert body["consent"] is True
    assert len(body["session"]) >= 16
    assert all(0 <= one["age_s"] < 60 for one in told(wire))


def test_consent_is_given_and_taken_back_by_the_page_and_remembered(wire, visit):
    wire.body = PAGE
    page = visit()
    page.evaluate("xiaoer.consent(true)")
    assert wait_for(page, lambda: told(wire))[0]["kind"] == "view"
    page.reload()
    assert wait_for(page, lambda: len(told(wire)) == 2)
    page.evaluate("xiaoer.consent(false)")
    page.locator("#cart").click()
    page.wait_for_timeout(2500)
    assert len(told(wire)) == 2
    assert page.evaluate("[localStorage.getItem('xiaoer:consent'), sessionStorage.getItem('xiaoer:visit')]") == [
        None,
        None,
    ]


def test_what_was_noted_just_before_the_page_is_left_arrives(wire, visit):
    wire.body, wire.attributes = PAGE, 'data-open data-consent="granted"'
    page = visit()
    page.locator("#cart").click()
    page.goto("about:blank")
    assert wait_for(page, lambda: len(told(wire)) >= 2)
    assert [one["kind"] for one in told(wire)] == ["view", "cart"]


def test_the_cart_link_of_a_card_is_drawn_and_followed_and_noted(wire, visit):
    wire.attributes = 'data-open data-consent="granted"'
    page = visit()
    link = {"title": "加入购物车", "url": f"{wire.address}/?cart=PH007"}
    evil = {"title": "坏", "url": "javascript:window.broken=1"}
    items = [{**CARDS[0], "code": "PH007", "link": link}, {**CARDS[1], "code": "PH008", "link": evil}]
    wire.say(text="给您推荐：", custom={"type": "products", "items": items})
    drawn = part(page, ".card a.link")
    expect(drawn).to_have_count(1)
    expect(drawn).to_have_attribute("rel", "noopener noreferrer")
    shot(page, "cart-link")
    with page.context.expect_page() as opened:
        drawn.click()
    assert opened.value.url.endswith("/?cart=PH007")
    part(page, ".card .small").first.click()
    assert wait_for(page, lambda: len(told(wire)) >= 2)
    assert {(one["kind"], one["product"]) for one in told(wire)} >= {("cart", "PH007"), ("view", "PH007")}
