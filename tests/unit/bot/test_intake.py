"""A customer's line of callbacks lives on whatever one of them does."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from bot.channels.arrival import Arrival
from bot.channels.intake import Intake
from shop.channel_views import Kept
from shop.errors import DatabaseDown


class Inbox:
    """Takes everything; fails in a way that nobody foresaw when the first is finished."""

    def __init__(self):
        self.taken, self.finished, self.erased = 0, [], set()

    def take(self, callbacks):
        first, self.taken = self.taken + 1, self.taken + len(callbacks)
        return [Kept(at, one.sender_id, one.external_id) for at, one in enumerate(callbacks, first)]

    def while_kept(self, _kept):
        return nullcontext()

    def waits(self, kept):
        return kept.id not in self.erased

    def finish(self, kept, _answers):
        if kept.id == 1:
            raise KeyError("13812345678")
        self.finished.append(kept.id)


class Gate:
    """Answers every message with one sentence."""

    def __init__(self, inbox):
        nothing = SimpleNamespace(choice=lambda *_: None)
        self.texts, self.received = None, []
        self.shop = SimpleNamespace(inbox=inbox, peers=nothing)

    async def in_thread(self, work, *arguments):
        return work(*arguments)

    async def receive(self, incoming, _handler):
        self.received.append(incoming.text)
        return SimpleNamespace(answers=[{"text": "yes"}])


class SlowInbox(Inbox):
    """Takes what comes only when it may go on, or is down then."""

    def __init__(self, fault=None):
        super().__init__()
        self.asked, self.go_on, self.fault = threading.Event(), threading.Event(), fault

    def take(self, callbacks):
        self.asked.set()
        assert self.go_on.wait(30)
        if self.fault is not None:
            raise self.fault
        self.taken += 1  # the first is the one that can't be finished
        return super().take(callbacks)


def intake_of(inbox, woken, gate=None):
    outgoing = SimpleNamespace(wake=lambda _: woken.set())
    connector = SimpleNamespace(name=lambda: "wechat", settle_s=0.0, outgoing=outgoing)
    return Intake(connector, gate or Gate(inbox), None)


async def test_a_callback_whose_connection_ends_while_it_is_kept_is_answered_at_once():
    """No sweep runs here: it would find the callback after some seconds."""
    woken, answered, inbox = asyncio.Event(), asyncio.Event(), SlowInbox()
    intake = intake_of(inbox, woken)
    delivery = asyncio.create_task(intake.accept([Arrival(peer="ann", external_id="1", text="hello")], answered))
    await asyncio.to_thread(inbox.asked.wait, 30)
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    inbox.go_on.set()
    await asyncio.wait_for(woken.wait(), 20)
    assert inbox.finished == [2]
    await asyncio.wait_for(answered.wait(), 20)


async def test_what_cannot_be_kept_is_told_to_who_delivered_it():
    inbox = SlowInbox(DatabaseDown("down"))
    inbox.go_on.set()
    with pytest.raises(DatabaseDown):
        await intake_of(inbox, asyncio.Event()).accept([Arrival(peer="ann", external_id="1", text="hello")])


async def test_a_callback_that_cannot_be_finished_does_not_mute_its_customer(caplog):
    woken, inbox = asyncio.Event(), Inbox()
    intake = intake_of(inbox, woken)
    with caplog.at_level(logging.ERROR):
        await intake.accept([Arrival(peer="ann", external_id=str(at), text="hello", sent_at=at) for at in (1, 2)])
        await asyncio.wait_for(woken.wait(), 20)
    assert inbox.finished == [2]
    assert "callback 1" in caplog.text
    assert "13812345678" not in caplog.text


async def test_a_callback_that_was_erased_while_it_stood_in_line_reaches_nobody():
    woken, inbox = asyncio.Queue(), Inbox()
    inbox.erased.add(2)  # as soon as it stands in line
    gate = Gate(inbox)
    intake = intake_of(inbox, SimpleNamespace(set=lambda: woken.put_nowait(True)), gate)
    await intake.accept([Arrival(peer="ann", external_id=str(at), text=f"words {at}", sent_at=at) for at in (1, 2, 3)])
    for _ in range(2):  # the second and the third; the first can't be finished
        await asyncio.wait_for(woken.get(), 20)
    assert gate.received == ["words 1", "words 3"]
