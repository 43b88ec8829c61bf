"""POST /events: stored with consent, checked, and never more than a person does."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from shop.impressions import Shown
from shop.models import BehaviourEvent
from web.app import create_app
from web.events import MOST_BYTES, MOST_EVENTS, PER_MINUTE


@pytest.fixture
def client(shop) -> TestClient:
    return TestClient(create_app(shop), base_url="http://localhost")


@pytest.fixture
def product(build):
    return build.product()


def rows(shop) -> list:
    with shop.database.read() as session:
        return list(session.query(BehaviourEvent).order_by(BehaviourEvent.id))


def sent(client, *events, **more):
    return client.post("/events", json={"consent": True, "session": "s1", "events": list(events), **more})


def test_a_consenting_customers_view_is_stored_with_its_time(client, shop, build, product):
    customer = build.customer(consent=True)
    answer = sent(
        client, {"kind": "view", "product": product.code, "age_s": 30}, token=shop.identity.issue_token(customer.id)
    )
    assert answer.json() == {"stored": 1, "ignored": 0}
    row = rows(shop)[0]
    assert (row.customer_id, row.kind, row.product_id, row.session) == (customer.id, "view", product.id, "s1")
    assert (shop.clock() - row.at).total_seconds() == 30


def test_without_consent_nothing_is_stored(client, shop, build, product):
    event = {"kind": "view", "product": product.code}
    assert sent(client, event, consent=False).json() == {"stored": 0, "ignored": 1}
    assert sent(client, event, consent="yes").json()["stored"] == 0
    silent = build.customer(consent=False)
    assert sent(client, event, token=shop.identity.issue_token(silent.id)).json()["stored"] == 0
    assert rows(shop) == []


def test_a_guest_is_counted_without_a_name(client, shop, product):
    assert sent(client, {"kind": "search", "query": "给13812345678的礼物"}).json()["stored"] == 1
    row = rows(shop)[0]
    assert (row.customer_id, row.query) == (None, "给138****5678的礼物")
    assert row.session not in ("", "s1")


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "steal", "product": "p"}, {"kind": "view"}, {"kind": "view", "product": "unknown"}, {"kind": ["view"]},
        {"kind": "rate", "product": "p", "rating": 9}, {"kind": "rate", "product": "p"}, {"kind": "rate", "product": "p", "rating": "5"},
        {"kind": "view", "product": "p", "age_s": -5}, {"kind": "view", "product": "p", "age_s": 1e9},
        {"kind": "view", "product": "p", "age_s": True}, {"kind": "search", "query": {"a": 1}}, {},
    ],
)  # fmt: skip
def test_what_cannot_be_is_ignored_and_the_rest_stored(client, shop, build, bad):
    product = build.product(code="p")
    answer = sent(client, bad, {"kind": "cart", "product": product.code})
    assert answer.json() == {"stored": 1, "ignored": 1}
    assert [row.kind for row in rows(shop)] == ["cart"]


@pytest.mark.parametrize("body", [b"", b"[]", b"no json", b'{"events": 5}', b'{"events": [1]}', b"[" * 5000])
def test_a_body_of_another_form_is_refused(client, shop, body):
    assert client.post("/events", content=body).status_code == 400


def test_a_forged_token_is_refused(client, shop, product):
    assert sent(client, {"kind": "view", "product": product.code}, token="x.y.z").status_code == 401
    assert rows(shop) == []


def test_too_much_is_refused(client, shop, product):
    event = {"kind": "view", "product": product.code}
    assert sent(client, *[event] * (MOST_EVENTS + 1)).status_code == 429
    assert client.post("/events", content=json.dumps({"events": [], "x": "y" * MOST_BYTES})).status_code == 413
    codes = {sent(client, *[event] * MOST_EVENTS).status_code for _ in range(PER_MINUTE // MOST_EVENTS + 40)}
    assert codes == {200, 429}


def test_only_the_shops_own_pages_may_send_from_elsewhere(client, shop):
    own = shop.settings.origins[0]
    assert client.options("/events", headers={"Origin": own}).headers["access-control-allow-origin"] == own
    assert (
        "access-control-allow-origin"
        not in client.options("/events", headers={"Origin": "http://evil.example"}).headers
    )


def test_a_view_from_a_recommended_list_is_its_click(client, shop, build, product):
    shown = shop.impressions.record(None, "page", [Shown(product.id, 1.0, "blend", "v1", "popular")])
    sent(client, {"kind": "view", "product": product.code, "list": shown})
    assert [one.clicked for one in shop.impressions.outcomes(shop.clock())] == [True]
