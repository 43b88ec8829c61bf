"""The REST channel, without a server."""

from __future__ import annotations

import json

from bot.channels.gate import Gate
from bot.channels.rest import RestInput
from bot.channels.web_sessions import open_session
from shop.models import Customer
from tests.unit.bot.test_gate import FakeBot


async def post(channel, bot, **content):
    answer = await channel._answer(json.dumps(content).encode(), bot)
    return json.loads(answer.body)


async def test_who_knows_the_id_of_a_browsers_conversation_cannot_speak_in_it(shop, build):
    gate, bot = Gate(shop), FakeBot({"text": "嗯"})
    ann = build.add(Customer(code="ann"))
    browser = open_session(shop, None, None).sender_id
    shop.identity.link(browser, ann.id, "web")
    (answer,) = await post(RestInput(gate), bot, sender=browser, message="我的订单")
    assert answer["text"] == gate.texts.text("bad_sender")
    assert answer["recipient_id"] != browser
    assert bot.got == []
    assert shop.messages.history(browser) == []


async def test_a_client_may_choose_an_id_that_only_looks_a_little_like_ours(shop):
    bot = FakeBot({"text": "嗯"})
    for sender in ("w-shop", "wx-0a", "shell", "me"):
        assert (await post(RestInput(Gate(shop)), bot, sender=sender, message="你好"))[0]["recipient_id"] == sender
