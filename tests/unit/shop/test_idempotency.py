"""A change happens once for each key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shop.errors import OutOfStock
from shop.front import Shop
from shop.idempotency import forget, once
from shop.models import Category, IdempotencyKey
from shop.models.base import utc_now


def _add(shop: Shop, key: str, subject: str = "1", fail: bool = False) -> dict[str, Any]:
    with shop.database.change() as session:

        def change() -> dict[str, Any]:
            row = Category(code=f"made-{session.query(Category).count()}", name="鞋")
            session.add(row)
            session.flush()
            if fail:
                raise OutOfStock("no")
            return {"id": row.id, "pair": (1, 2)}

        return once(session, "add", subject, key, change)


def _count(shop: Shop, model: Any = Category) -> int:
    with shop.database.read() as session:
        return int(session.query(model).count())


def test_the_second_call_with_a_key_changes_nothing_and_answers_the_same(shop: Shop) -> None:
    first = _add(shop, "k")
    assert _add(shop, "k") == first
    assert _count(shop) == 1


def test_the_same_key_for_another_subject_is_another_change(shop: Shop) -> None:
    assert _add(shop, "k", "1") != _add(shop, "k", "2")
    assert _count(shop) == 2


def test_after_an_error_nothing_is_remembered_and_the_key_may_be_used_again(shop: Shop) -> None:
    with pytest.raises(OutOfStock):
        _add(shop, "k", fail=True)
    assert (_count(shop), _count(shop, IdempotencyKey)) == (0, 0)
    _add(shop, "k")
    assert _count(shop) == 1


@pytest.mark.parametrize("key", ["x" * 5000, "emoji 🎁", "nul \x00 and \ud800", ""])
def test_any_text_serves_as_a_key(shop: Shop, key: str) -> None:
    assert _add(shop, key) == _add(shop, key)
    assert _count(shop) == 1


def test_long_keys_that_differ_at_their_end_are_two(shop: Shop) -> None:
    _add(shop, "x" * 300 + "1")
    _add(shop, "x" * 300 + "2")
    assert _count(shop) == 2


def test_old_keys_can_be_forgotten(shop: Shop) -> None:
    _add(shop, "k")
    with shop.database.change() as session:
        assert forget(session, utc_now() - timedelta(days=1)) == 0
        assert forget(session, utc_now() + timedelta(seconds=1)) == 1
    assert _count(shop, IdempotencyKey) == 0
