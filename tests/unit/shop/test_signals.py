"""The feed of what other processes wrote."""

from __future__ import annotations

import pytest
from sqlalchemy import event, insert

from shop.models import Message
from shop.signals import LATE_S, Feed


class Ticks:
    """A monotonic clock that tests move on."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def ticks():
    return Ticks()


def write(shop, message_id, direction):
    row = {"id": message_id, "sender_id": "talk", "direction": direction, "body_sealed": "x", "at": shop.clock()}
    with shop.database.change() as session:
        session.execute(insert(Message), row)


def test_an_idle_look_does_not_read_the_bots_messages_again(shop, ticks):
    feed = Feed(shop, ("agent",), ticks)
    feed.start()
    for message_id in (5001, 5002, 5003):
        write(shop, message_id, "out")
    asked = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *call: asked.append((call[2], str(call[3]))))
    for _ in range(3):
        assert feed.poll() == []
        ticks.now += LATE_S + 1
    floors = [values for statement, values in asked if "direction" in statement and "message" in statement]
    assert "5003" not in floors[0]
    assert "5003" in floors[-1]
    write(shop, 5004, "agent")
    assert [one.id for one in feed.poll()] == [5004]
    assert feed.poll() == []


@pytest.mark.parametrize("after_s", [0.0, LATE_S - 1])
def test_a_row_that_a_slower_transaction_writes_under_a_lower_id_is_told(shop, ticks, after_s):
    if shop.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time: no id comes late")
    feed = Feed(shop, ("agent",), ticks)
    feed.start()
    write(shop, 5002, "out")
    assert feed.poll() == []
    ticks.now += after_s
    assert feed.poll() == []
    write(shop, 5001, "agent")
    assert [one.id for one in feed.poll()] == [5001]


def test_an_id_that_is_given_again_after_an_erasure_is_told(shop, ticks):
    feed = Feed(shop, ("agent",), ticks)
    write(shop, 5001, "agent")
    feed.start()
    with shop.database.change() as session:
        session.query(Message).filter_by(id=5001).delete()
    assert feed.poll() == []
    write(shop, 5001, "agent")
    assert [one.id for one in feed.poll()] == [5001]
