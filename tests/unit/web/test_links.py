"""POST /link: a code for the customer whom the shop's page knows, and for nobody else."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.testclient import TestClient

from shop.front import Shop
from web.app import create_app
from web.links import PER_MINUTE

LINKS = "telegram=https://t.me/shop?start={code} wecom_kf=https://work.weixin.qq.com/kfid/k?scene_param={code} x=evil:"


@pytest.fixture
def client(shop):
    settings = dataclasses.replace(shop.settings, messenger_links=LINKS, allowed_origins="https://shop.example")
    return TestClient(create_app(Shop(settings, shop.database, shop.cipher, shop.clock)), base_url="http://localhost")


def test_a_customers_code_opens_the_messengers_and_links_them_once(client, shop, build):
    customer = build.customer()
    answer = client.post("/link", json={"token": shop.identity.issue_token(customer.id)})
    code, links = answer.json()["code"], answer.json()["links"]
    assert answer.headers["cache-control"] == "no-store"
    assert [one["channel"] for one in links] == ["telegram", "wecom_kf"]
    assert links[0]["url"] == f"https://t.me/shop?start={code}"
    assert shop.link_codes.redeem(code, "telegram:1", "telegram") == customer.id
    assert shop.identity.who("telegram:1") == customer.id


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"customer": 1}', b"[" * 9000, b"x" * 5000])
def test_a_body_of_another_form_is_refused(client, body):
    assert client.post("/link", content=body).status_code == 400


@pytest.mark.parametrize("token", ["", "x", None, 1, {"a": 1}])
def test_who_is_not_logged_in_gets_no_code(client, token):
    assert client.post("/link", json={"token": token}).status_code == 401


def test_a_customer_who_was_erased_gets_no_code(client, shop, build):
    customer = build.customer()
    token = shop.identity.issue_token(customer.id)
    shop.erasure.customer(customer.id)
    assert client.post("/link", json={"token": token}).status_code == 401


def test_nobody_collects_codes(client, shop, build):
    token = shop.identity.issue_token(build.customer().id)
    assert client.post("/link", json={"token": token}).status_code == 200
    assert any(client.post("/link", json={"token": token}).status_code == 429 for _ in range(20 * PER_MINUTE))


def test_only_the_shops_own_pages_may_ask_from_elsewhere(client):
    def allowed(origin):
        return client.options("/link", headers={"origin": origin}).headers.get("access-control-allow-origin")

    assert allowed("https://shop.example") == "https://shop.example"
    assert allowed("https://evil.example") is None
