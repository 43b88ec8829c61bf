"""The web channel's events, without a server."""

from __future__ import annotations

from bot.channels.gate import Gate
from bot.channels.web import _Talk
from tests.unit.bot.test_gate import FakeBot


class FakeServer:
    """Remembers what was emitted, and the session of one connection."""

    def __init__(self):
        self.emitted, self.session = [], {}

    async def emit(self, name, data=None, **where):
        self.emitted.append((name, data))

    async def get_session(self, sid):
        return self.session

    async def save_session(self, sid, session):
        self.session = session

    async def enter_room(self, sid, room):
        pass


async def test_a_message_in_whose_middle_the_bot_was_stopped_is_not_met_with_silence_when_it_is_sent_again(shop):
    server, gate = FakeServer(), Gate(shop, double_wait_s=0.1)
    talk = _Talk(server, gate, FakeBot({"text": "嗯"}))
    await talk.session_request("sid")
    shop.messages.record_in(server.session["sender_id"], "web", {"text": "你好"}, "m-1")  # and then the process died
    told = await talk.user_uttered("sid", {"message": "你好", "message_id": "m-1"})
    assert told["double"]
    said = [data["text"] for name, data in server.emitted if name == "bot_uttered"]
    assert said == [gate.texts.text("no_answer")]


async def test_a_message_whose_talk_is_erased_in_mid_turn_is_not_met_with_silence_nor_kept(shop):
    server, gate = FakeServer(), Gate(shop)

    async def bot(message):
        shop.erasure.talk(message.sender_id)

    talk = _Talk(server, gate, bot)
    await talk.session_request("sid")
    assert await talk.user_uttered("sid", {"message": "你好", "message_id": "m-1"}) == {"ok": False}
    said = [data["text"] for name, data in server.emitted if name == "bot_uttered"]
    assert said == [gate.texts.text("erased")]
    assert not any(name == "user_echoed" for name, _ in server.emitted)
    assert shop.messages.history(server.session["sender_id"]) == []


async def test_a_message_that_was_answered_is_not_answered_again_when_it_is_sent_again(shop):
    server = FakeServer()
    talk = _Talk(server, Gate(shop), FakeBot({"text": "嗯"}))
    await talk.session_request("sid")
    for _ in range(2):
        await talk.user_uttered("sid", {"message": "你好", "message_id": "m-1"})
    assert [data["text"] for name, data in server.emitted if name == "bot_uttered"] == ["嗯"]
