"""Answers in the callback's own response, when WeChat hangs up, the time is over, or the database is away."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bot.channels.arrival import Arrival
from bot.channels.passive import Passive
from shop.channel_views import Delivered, Kept
from shop.errors import DatabaseDown

MESSAGE = {"FromUserName": "ann", "ToUserName": "shop"}
ARRIVAL = Arrival(peer="ann", external_id="m1", text="hello")


class Request:
    """A delivery whose connection ends when a test says so."""

    def __init__(self, is_gone=False, is_stuck=False):
        self.is_gone, self.is_stuck, self.responded, self.got = is_gone, is_stuck, False, b""
        self.transport = SimpleNamespace(
            is_closing=lambda: self.is_gone, get_write_buffer_size=lambda: int(self.is_stuck)
        )

    async def respond(self, reply):
        async def send(end_stream):
            if self.is_stuck:
                self.is_gone = True
            self.got = reply.body

        self.responded = True
        return SimpleNamespace(send=send)


class Account:
    """An account without rights, as two processes of it share it: inbox and outbox."""

    def __init__(self, is_answered=True, **credentials):
        self.credentials, self.crypt, self.is_answered = credentials, None, is_answered
        self.waits, self.is_held, self.fault = ["the answer"], False, None
        self.times, self.words_given = 0, None
        self.slow = asyncio.Event()
        self.slow.set()
        inbox = SimpleNamespace(
            delivered=self.delivered, given=lambda *_: self.words_given, give=self.give, is_done=lambda *_: is_answered
        )
        self.gate = SimpleNamespace(
            in_thread=self.in_thread, texts=SimpleNamespace(text=lambda name: name), shop=SimpleNamespace(inbox=inbox)
        )
        self.outgoing = SimpleNamespace(
            begin_text=self.begin, end_text=self.end, one_text=self.one_text, text_sent=self.waits.remove
        )
        self.intake = SimpleNamespace(accept=self.accept)

    def name(self):
        return "wechat"

    async def in_thread(self, work, *arguments):
        if work == self.one_text:
            await self.slow.wait()
        return work(*arguments)

    async def accept(self, arrivals, answered):
        if self.is_answered:
            answered.set()
        return [Kept(1, "wechat:ann", one.id) for one in arrivals]

    def delivered(self, _channel, _external_id):
        self.times += 1
        return Delivered(self.times, self.words_given)

    def give(self, _channel, _external_id, words):
        self.words_given = words

    def begin(self, _sender):
        is_free, self.is_held = not self.is_held, True
        return is_free

    def end(self, _sender):
        self.is_held = False

    def one_text(self, _sender, _more):
        if self.fault is not None:
            raise self.fault
        return Words(self.waits[0]) if self.waits else None


class Words(str):
    """A text of the outbox."""

    @property
    def words(self):
        return str(self)


async def given(passive, request=None, arrival=ARRIVAL):
    """Status and words of one delivery."""
    request = request or Request()
    reply = await passive.answer(request, MESSAGE, arrival)
    return (200, request.got.decode()) if reply is None else (reply.status, reply.body.decode())


async def test_an_answer_is_marked_as_sent_when_it_was_written_out_and_given_again_by_any_process():
    account = Account()
    assert "the answer" in (await given(Passive(account)))[1]
    assert (account.waits, account.is_held) == ([], False)
    assert "the answer" in (await given(Passive(account)))[1]  # another process: nothing in its memory


@pytest.mark.parametrize("gone", [{"is_gone": True}, {"is_stuck": True}])
@pytest.mark.parametrize("before", [0, 2])
async def test_what_wechat_did_not_wait_for_waits_for_the_next_delivery_or_message(gone, before):
    account = Account()
    account.times = before  # 2: this one is the last
    await given(Passive(account), Request(**gone))
    assert (account.waits, account.words_given, account.is_held) == (["the answer"], None, False)
    following = Arrival(peer="ann", external_id="m2", text="and?")
    assert "the answer" in (await given(Passive(account), arrival=following))[1]


async def test_a_connection_that_ends_while_the_words_are_looked_up_takes_nothing_along():
    account, request = Account(), Request()
    account.slow.clear()
    passive = Passive(account)
    delivery = asyncio.create_task(passive.answer(request, MESSAGE, ARRIVAL))
    while not account.is_held:
        await asyncio.sleep(0)
    request.is_gone = True
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    account.slow.set()
    while account.is_held:
        await asyncio.sleep(0)
    assert "the answer" in (await given(passive))[1]


@pytest.mark.parametrize(("before", "late"), [(0, (504, "")), (2, (200, "success"))])
async def test_nothing_is_written_when_the_time_is_nearly_over(before, late):
    account = Account()
    account.times = before
    passive = Passive(account)
    passive.latest_s = -1.0
    assert await given(passive) == late
    assert (account.waits, account.words_given) == (["the answer"], None)


async def test_what_could_not_be_looked_up_is_tried_again_by_the_next_delivery():
    account = Account()
    account.fault = DatabaseDown("down")
    passive = Passive(account)
    with pytest.raises(DatabaseDown):
        await given(passive)
    account.fault = None
    assert "the answer" in (await given(passive))[1]


@pytest.mark.parametrize(("is_answered", "said"), [(True, "success"), (False, "still_working")])
async def test_only_who_has_no_answer_yet_is_asked_to_ask_again(is_answered, said):
    account = Account(is_answered, passive_wait_s=0.01)
    account.waits.clear()
    passive = Passive(account)
    replies = [await given(passive) for _ in range(3)]
    assert [status for status, _ in replies] == ([200] * 3 if is_answered else [504, 504, 200])
    assert said in replies[-1][1]
