"""The proof that nothing else changed can fail: every kind of change is seen."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from shop.front import Shop
from shop.models import Brand, Customer
from tests.builders import Builder
from tests.e2e.harness import Answer
from tests.e2e.snapshot import difference, snapshot


def test_rows_that_came_went_and_changed_are_seen_with_their_columns(shop: Shop, build: Builder):
    first, second = build.brand("青禾"), build.brand("云步")
    customer = build.customer()
    before = snapshot(shop.database)
    assert difference(before, snapshot(shop.database)) == {}
    third = build.brand("山居")
    with shop.database.change() as session:
        session.execute(delete(Brand).where(Brand.id == second.id))
        session.execute(update(Customer).where(Customer.id == customer.id).values(points=7))
    changes = difference(before, snapshot(shop.database))
    assert set(changes) == {"brand", "customer"}
    assert set(changes["brand"].added) == {(third.id,)}
    assert set(changes["brand"].removed) == {(second.id,)}
    assert first.id not in {key[0] for key in changes["brand"].changed}
    assert changes["customer"].changed == {(customer.id,): {"points": (0, 7)}}


def test_an_answer_that_lacks_a_fact_fails_its_test():
    answer = Answer(200, ({"text": "订单已取消", "buttons": [{"title": "确认", "payload": "确认"}]},), "取消")
    answer.has("已取消").has_no("¥").offers("确认")
    with pytest.raises(AssertionError, match="退回"):
        answer.has("退回")
    with pytest.raises(AssertionError):
        answer.has_no("已取消")
    with pytest.raises(AssertionError):
        answer.offers("不用了")
