"""A customer's line of callbacks lives on whatever one of them does."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

from bot.channels.arrival import Arrival
from bot.channels.intake import Intake
from shop.channel_views import Kept


class Inbox:
    """Takes everything; fails in a way that nobody foresaw when the first is finished."""

    def __init__(self):
        self.taken, self.finished = 0, []

    def take(self, callbacks):
        first, self.taken = self.taken + 1, self.taken + len(callbacks)
        return [Kept(at, one.sender_id, one.external_id) for at, one in enumerate(callbacks, first)]

    def finish(self, kept, _answers):
        if kept.id == 1:
            raise KeyError("13812345678")
        self.finished.append(kept.id)


class Gate:
    """Answers every message with one sentence."""

    def __init__(self, inbox):
        nothing = SimpleNamespace(choice=lambda *_: None)
        self.texts = None
        self.shop = SimpleNamespace(inbox=inbox, peers=nothing)

    async def in_thread(self, work, *arguments):
        return work(*arguments)

    async def receive(self, _incoming, _handler):
        return SimpleNamespace(answers=[{"text": "yes"}])


async def test_a_callback_that_cannot_be_finished_does_not_mute_its_customer(caplog):
    woken = asyncio.Event()
    outgoing = SimpleNamespace(wake=lambda _: woken.set())
    inbox = Inbox()
    intake = Intake(SimpleNamespace(name=lambda: "wechat", settle_s=0.0, outgoing=outgoing), Gate(inbox), None)
    with caplog.at_level(logging.ERROR):
        await intake.accept([Arrival(peer="ann", external_id=str(at), text="hello", sent_at=at) for at in (1, 2)])
        await asyncio.wait_for(woken.wait(), 20)
    assert inbox.finished == [2]
    assert "callback 1" in caplog.text
    assert "138" not in caplog.text
