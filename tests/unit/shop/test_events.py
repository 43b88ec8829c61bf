"""Behaviour is stored only with consent."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shop import sales_days
from shop.errors import BadValue
from shop.events import Behaviour
from shop.front import Shop
from shop.models import BehaviourEvent, VisitDay
from tests.builders import Builder


def _rows(shop: Shop) -> list[Any]:
    with shop.database.read() as session:
        return list(session.query(BehaviourEvent).order_by(BehaviourEvent.id))


def test_a_consenting_customer_is_recorded(shop: Shop, build: Builder) -> None:
    customer, product = build.customer(consent=True), build.product()
    assert shop.events.record(customer.id, "s1", "rate", product.id, rating=5)
    row = _rows(shop)[0]
    assert (row.customer_id, row.session, row.kind, row.product_id, row.rating, row.at) == (
        customer.id, "s1", "rate", product.id, 5, shop.clock(),
    )  # fmt: skip


@pytest.mark.parametrize("erased", [False, True])
def test_without_consent_nothing_is_recorded(shop: Shop, build: Builder, erased: bool) -> None:
    customer = build.customer(consent=erased, erased_at=shop.clock() if erased else None)
    assert not shop.events.record(customer.id, "s1", "view")
    assert not shop.events.record(10**9, "s1", "view")
    assert _rows(shop) == []


def test_a_guest_counts_but_leads_to_nobody(shop: Shop) -> None:
    assert shop.events.record(None, "device-1234", "search", query="给13812345678充值")
    row = _rows(shop)[0]
    assert (row.customer_id, row.query) == (None, "给138****5678充值")
    assert re.fullmatch("[0-9a-f]{16}", row.session)


def test_the_days_guests_are_counted_and_two_days_are_not_linked(shop: Shop) -> None:
    midnight = datetime(2025, 3, 9, 16, tzinfo=timezone.utc)  # of Asia/Shanghai
    for ago in (timedelta(minutes=1), timedelta(minutes=-1)):
        for guest in range(5):
            for kind in ("view", "cart"):
                shop.events.record(None, f"device-{guest}", kind, at=midnight - ago)
    shop.events.record(None, "device-0", "buy", at=midnight + timedelta(hours=1))
    sales_days.refresh(shop)
    with shop.database.read() as session:
        days = [(one.day, one.visitors, one.buyers) for one in session.query(VisitDay).order_by(VisitDay.day)]
    assert days == [("2025-03-09", 5, 0), ("2025-03-10", 5, 1)]
    assert len({row.session for row in _rows(shop)}) == 10


def test_many_events_are_stored_in_one_go_and_only_the_consented_ones(shop: Shop, build: Builder) -> None:
    yes, no = build.customer(consent=True), build.customer()
    events = [Behaviour(who, "s", "view") for who in (yes.id, no.id, None) for _ in range(700)]
    assert shop.events.record_many(iter(events)) == 1400
    assert {row.customer_id for row in _rows(shop)} == {yes.id, None}
    assert shop.events.record_many([]) == 0


@pytest.mark.parametrize("bad", [{"kind": "steal"}, {"kind": "rate", "rating": 6}, {"kind": "rate", "rating": 0}])
def test_one_bad_event_stores_none(shop: Shop, bad: dict[str, Any]) -> None:
    with pytest.raises(BadValue):
        shop.events.record_many([Behaviour(None, "", "view"), Behaviour(None, "", **bad)])
    assert _rows(shop) == []
