"""New access tokens by force, of which WeChat gives 20 a day."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.api import NotDelivered, TokenCache
from bot.channels.gate import Gate
from bot.channels.wechat import FORCES_A_DAY, WeChatInput
from shop.errors import Erased


def test_a_token_is_made_anew_by_force_once_a_minute_and_twenty_times_a_day(shop, clock):
    connector = WeChatInput({"app_id": "wx1", "token": "t"}, Gate(shop))

    def may():
        try:
            asyncio.run(connector._may_force())
        except NotDelivered as fault:
            return fault.why
        return "yes"

    assert [may(), may()] == ["yes", "retry"]
    for _ in range(FORCES_A_DAY - 1):
        clock.on(seconds=61)
        assert may() == "yes"
    clock.on(seconds=61)
    assert may() == "retry"
    clock.on(days=1)
    assert may() == "yes"


def test_a_token_that_is_renewed_in_a_turn_whose_talk_is_erased_is_kept_for_all(shop):
    asked = []

    async def fetch(_bad):
        asked.append(1)
        return "fresh", 7200.0

    def refuse(_session):
        raise Erased("gone")

    tokens = TokenCache("wechat:wx1", shop.shared_values, fetch, Gate(shop).in_thread)
    with shop.database.only_while(refuse):
        assert asyncio.run(tokens.get()) == "fresh"
        with pytest.raises(Erased):
            shop.peers.free("wechat:ann")
    assert (asyncio.run(tokens.get()), asked) == ("fresh", [1])
