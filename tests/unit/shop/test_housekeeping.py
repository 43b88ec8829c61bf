"""Housekeeping: what has run out ends by itself, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from shop.errors import DatabaseDown
from shop.housekeeping import tidy
from shop.models import IdempotencyKey, Order, VerifyTry
from shop.states import OrderState


def test_an_unpaid_order_lapses_when_its_time_is_over_and_a_fresh_one_stays(shop, build, clock):
    late = build.order(build.customer(), state=OrderState.PENDING_PAYMENT, ago=timedelta())
    clock.on(minutes=shop.settings.payment_timeout_minutes - 1)
    assert tidy(shop)["unpaid orders"] == 0
    clock.on(minutes=2)
    other = build.customer(phone="13900001111")
    fresh = build.order(other, state=OrderState.PENDING_PAYMENT, ago=timedelta())
    assert tidy(shop)["unpaid orders"] == 1
    with shop.database.read() as session:
        states = dict(session.execute(select(Order.number, Order.state)).all())
    assert states == {late.number: "cancelled", fresh.number: "pending_payment"}


def test_old_keys_and_tries_go_and_new_ones_stay(shop, clock):
    with shop.database.change() as session:
        session.add(IdempotencyKey(key="old", operation="x", result={}, at=clock.now))
        session.add(VerifyTry(subject="s", at=clock.now))
    clock.on(days=8)
    with shop.database.change() as session:
        session.add(IdempotencyKey(key="new", operation="x", result={}, at=clock.now))
        session.add(VerifyTry(subject="s", at=clock.now))
    assert tidy(shop) == {
        "unpaid orders": 0,
        "planned prices": 0,
        "uploads": 0,
        "keys": 1,
        "tries": 1,
        "unanswered messages": 0,
        "signals": 0,
        "callbacks": 0,
        "sent messages": 0,
        "days of sales": 0,
    }
    with shop.database.read() as session:
        assert session.execute(select(IdempotencyKey.key)).scalars().all() == ["new"]
        assert session.execute(select(func.count(VerifyTry.id))).scalar() == 1


@pytest.mark.parametrize("error", [DatabaseDown("gone"), OSError("no space left"), ValueError("13812345678")])
def test_a_chore_that_fails_does_not_stop_the_others(shop, build, clock, caplog, error):
    class Broken:
        def purge(self) -> int:
            raise error

    build.order(build.customer(), state=OrderState.PENDING_PAYMENT)
    clock.on(hours=2)
    shop.uploads = Broken()
    done = tidy(shop)
    assert (done["unpaid orders"], "uploads" in done) == (1, False)
    assert "uploads" in caplog.text
    assert "13812345678" not in caplog.text
