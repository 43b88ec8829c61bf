"""Not too many messages, and one at a time."""

from __future__ import annotations

import asyncio

from bot.channels.pace import RateLimit, Turnstile


def test_a_sender_who_hurries_is_stopped_until_the_window_has_passed():
    now = [0.0]
    rate = RateLimit(3, 60, lambda: now[0])
    assert [rate.admits("a") for _ in range(4)] == [True, True, True, False]
    assert rate.admits("b")
    now[0] = 60.1
    assert rate.admits("a")


def test_the_limit_forgets_senders_that_were_quiet_longest():
    rate = RateLimit(1, 60, lambda: 0.0, senders=2)
    for sender in "abc":
        assert rate.admits(sender)
    assert rate.admits("a")
    assert not rate.admits("c")


async def test_messages_of_a_conversation_go_one_after_the_other_in_order():
    turnstile, seen = Turnstile(), []

    async def one(place: int) -> None:
        async with turnstile.turn("talk"):
            seen.append(("in", place))
            await asyncio.sleep(0.001)
            seen.append(("out", place))

    await asyncio.gather(*(one(place) for place in range(5)))
    assert seen == [(way, place) for place in range(5) for way in ("in", "out")]
    assert not turnstile._locks


async def test_conversations_do_not_wait_for_each_other():
    turnstile, order = Turnstile(), []

    async def quick() -> None:
        async with turnstile.turn("quick"):
            order.append("quick")

    async with turnstile.turn("slow"):
        await asyncio.wait_for(quick(), 1)
        order.append("slow")
    assert order == ["quick", "slow"]
