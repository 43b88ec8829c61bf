"""People's words on their way to the channels: nothing is lost, nothing takes the rest with it."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from bot.channels.delivery import Delivery
from bot.channels.gate import Gate
from shop.database import Database
from shop.errors import DatabaseDown
from shop.front import Shop
from shop.models import Message


class Channel:
    """Remembers what it took; refuses these texts once."""

    def __init__(self, *refused):
        self.refused, self.took = list(refused), []

    async def send(self, _sender_id, message):
        text = message.body["text"]
        if text in self.refused:
            self.refused.remove(text)
            raise OSError("down")
        self.took.append(text)


def made(shop, channel, look_s):
    delivery = Delivery(Gate(shop), look_s)
    delivery.register("rest", channel.send)
    return delivery


def says(shop, *texts):
    shop.messages.record_in("talk", "rest", {"text": "hello"})
    for text in texts:
        shop.messages.record_out("talk", {"text": text}, direction="agent")


async def test_a_message_that_failed_holds_no_other_up_and_is_tried_again(shop):
    channel = Channel("one")
    delivery = made(shop, channel, look_s=0.0)
    await delivery.look()
    says(shop, "one", "two")
    await delivery.look()
    await delivery.look()
    assert sorted(channel.took) == ["one", "two"]
    await delivery.look()
    assert len(channel.took) == 2


async def test_many_words_at_once_cost_as_many_queries_as_one(shop):
    channel = Channel()
    delivery = made(shop, channel, look_s=1000.0)
    await delivery.look()
    seen = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    counts = []
    for texts in (["one"], [f"word {at}" for at in range(20)]):
        says(shop, *texts)
        seen.clear()
        await delivery.look()
        counts.append(len(seen))
    assert len(channel.took) == 21
    assert counts[0] == counts[1]


async def test_a_message_that_the_left_overs_bring_before_the_feed_is_handed_out_once(shop):
    channel = Channel()
    delivery = made(shop, channel, look_s=0.0)
    await delivery.look()
    says(shop, "one")
    await delivery._left_over()
    await delivery.look()
    assert channel.took == ["one"]


async def test_a_message_that_cannot_be_opened_keeps_no_other_back(shop):
    channel = Channel()
    delivery = made(shop, channel, look_s=1000.0)
    await delivery.look()
    says(shop, "one", "two")
    with shop.database.change() as session:
        first = session.query(Message).filter_by(direction="agent").order_by(Message.id).first()
        first.body_sealed = "damaged"
    await delivery.look()
    assert channel.took == ["two"]


async def test_a_listener_that_fails_keeps_no_message_back(shop):
    channel = Channel()
    delivery = made(shop, channel, look_s=1000.0)

    async def broken(_heard):
        raise KeyError("x")

    delivery.listen(broken)
    await delivery.look()
    says(shop, "one")
    shop.signals.send("talk", "typing")
    shop.signals.send("talk", "typing")
    await delivery.look()
    assert channel.took == ["one"]


async def test_what_was_written_while_no_process_ran_is_delivered_once(shop):
    channel = Channel()
    says(shop, "one")
    delivery = made(shop, channel, look_s=0.0)
    await delivery.look()
    await delivery.look()
    assert channel.took == ["one"]


async def test_without_a_database_a_look_says_so_and_the_next_one_is_as_good(shop):
    dead = Shop(shop.settings, Database("postgresql+psycopg2://nobody@127.0.0.1:9/none"), shop.cipher, shop.clock)
    delivery = Delivery(Gate(dead))
    for _ in range(2):
        with pytest.raises(DatabaseDown):
            await delivery.look()
