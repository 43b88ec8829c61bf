"""Messages that nobody could answer: masked, sealed, settled once, forgotten in time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shop.models import Unanswered


def test_open_messages_come_oldest_first(shop, clock):
    for text in ("能刻字吗", "可以代写贺卡吗"):
        shop.unanswered.record(text, "ask_gift", 0.2)
        clock.on(minutes=1)
    found = shop.unanswered.open()
    assert [one.text for one in found] == ["能刻字吗", "可以代写贺卡吗"]
    assert (found[0].intent, found[0].confidence) == ("ask_gift", 0.2)
    assert [one.text for one in shop.unanswered.open(limit=1)] == ["可以代写贺卡吗"]


def test_what_is_left_of_phones_is_masked_and_all_is_sealed(shop):
    shop.unanswered.record("打13812345678 或写 ann@example.com", "inform", 0.1)
    assert shop.unanswered.open()[0].text == "打138****5678 或写 a***@example.com"
    with shop.database.read() as session:
        assert "138****5678" not in session.execute(select(Unanswered.text_sealed)).scalar()


def test_nothing_is_kept_of_an_empty_message(shop):
    assert shop.unanswered.record("  ", "inform", 0.1) is None
    assert shop.unanswered.open() == []


def test_a_message_is_settled_once(shop):
    ids = [shop.unanswered.record(f"问题{place}", "inform", 0.1) for place in range(3)]
    assert shop.unanswered.settle(ids[:2], "taken") == 2
    assert shop.unanswered.settle(ids[:2], "dropped") == 0
    assert [one.id for one in shop.unanswered.open()] == ids[2:]
    assert shop.unanswered.settle([], "taken") == 0
    with pytest.raises(ValueError, match="lost"):
        shop.unanswered.settle(ids, "lost")


def test_old_messages_are_forgotten(shop, clock):
    shop.unanswered.record("旧", "inform", 0.1)
    clock.on(days=181)
    shop.unanswered.record("新", "inform", 0.1)
    assert shop.unanswered.purge() == 1
    assert [one.text for one in shop.unanswered.open()] == ["新"]
