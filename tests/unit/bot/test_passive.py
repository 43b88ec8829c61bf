"""Answers in the callback's own response, when WeChat hangs up or the database is away meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bot.channels.arrival import Arrival
from bot.channels.passive import Passive
from shop.channel_views import Kept
from shop.errors import DatabaseDown

MESSAGE = {"FromUserName": "ann", "ToUserName": "shop"}
ARRIVAL = Arrival(peer="ann", external_id="m1", text="hello")


class Account:
    """An account without rights; its outbox gives each word once, and only when the test lets it go on."""

    def __init__(self, is_answered=True, **credentials):
        self.credentials, self.crypt, self.is_answered = credentials, None, is_answered
        self.outbox, self.taken, self.go_on = ["the answer"], asyncio.Event(), asyncio.Event()
        self.fault = None
        self.kept = []
        self.gate = SimpleNamespace(in_thread=self.in_thread, texts=SimpleNamespace(text=lambda name: name))
        self.outgoing = SimpleNamespace(in_one_text=lambda *_: self.outbox.pop() if self.outbox else "")
        self.intake = SimpleNamespace(accept=self.accept)

    async def accept(self, arrivals, answered):
        new = [Kept(1, "wechat:ann", one.id) for one in arrivals if one.id not in self.kept]
        self.kept += [one.external_id for one in new]
        if new and self.is_answered:
            answered.set()
        return new

    async def in_thread(self, work, *arguments):
        words = "" if self.fault is not None else work(*arguments)
        self.taken.set()
        await self.go_on.wait()
        if self.fault is not None:
            raise self.fault
        return words


def words_of(reply):
    return reply.body.decode()


async def test_what_was_taken_when_wechat_hung_up_is_given_to_the_next_delivery():
    account = Account()
    passive = Passive(account)
    first = asyncio.create_task(passive.answer(None, MESSAGE, ARRIVAL))
    await account.taken.wait()  # the words are marked as sent
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(passive.answer(None, MESSAGE, ARRIVAL))
    await asyncio.sleep(0)
    account.go_on.set()
    assert "the answer" in words_of(await second)
    assert "the answer" in words_of(await passive.answer(None, MESSAGE, ARRIVAL))


@pytest.mark.parametrize("hung_up", [False, True])
async def test_what_could_not_be_taken_is_tried_again_by_the_next_delivery(hung_up):
    account = Account()
    account.fault = DatabaseDown("down")
    passive = Passive(account)
    first = asyncio.create_task(passive.answer(None, MESSAGE, ARRIVAL))
    await account.taken.wait()
    if hung_up:
        first.cancel()
    account.go_on.set()
    with pytest.raises(asyncio.CancelledError if hung_up else DatabaseDown):
        await first
    for _ in range(5):  # the taking ends
        await asyncio.sleep(0)
    account.fault = None
    assert "the answer" in words_of(await passive.answer(None, MESSAGE, ARRIVAL))


@pytest.mark.parametrize(("is_answered", "said"), [(True, "success"), (False, "still_working")])
async def test_only_who_has_no_answer_yet_is_asked_to_ask_again(is_answered, said):
    account = Account(is_answered, passive_wait_s=0.01)
    account.outbox.clear()
    account.go_on.set()
    passive = Passive(account)
    replies = [await passive.answer(None, MESSAGE, ARRIVAL) for _ in range(3)]
    assert [one.status for one in replies] == ([200] * 3 if is_answered else [504, 504, 200])
    assert said in words_of(replies[-1])
