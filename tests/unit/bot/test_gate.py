"""The door between customers and the bot, with a bot that does as a test says."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.channels.gate import Gate, Incoming
from shop.database import Database
from shop.errors import DatabaseDown
from shop.front import Shop
from shop.models import Customer


class FakeBot:
    """Says what it was told; remembers the messages it got."""

    def __init__(self, *answers, error=None, wait=0.0):
        self.answers, self.error, self.wait, self.got = answers, error, wait, []

    async def __call__(self, message):
        self.got.append(message)
        if self.wait:
            await asyncio.sleep(self.wait)
        for answer in self.answers:
            await message.output_channel.send_response(message.sender_id, dict(answer))
        if self.error:
            raise self.error


@pytest.fixture
def gate(shop):
    return Gate(shop)


@pytest.fixture
def ann(build):
    return build.add(Customer(code="ann"))


@pytest.fixture
def bob(build):
    return build.add(Customer(code="bob"))


def say(text="你好", sender="talk", message_id=None, **metadata):
    return Incoming("rest", sender, text, metadata or None, message_id)


def texts_of(outcome):
    return [one.get("text") for one in outcome.answers]


def is_sentence(outcome, gate, name, **facts):
    return outcome.answers[-1]["text"] == gate.texts.body(name, **facts)["text"]


async def test_a_message_is_answered_and_both_are_kept(gate, shop):
    bot = FakeBot(
        {"text": "您好\n\n请讲", "buttons": [{"title": "查订单", "payload": "查订单"}]}, {"custom": {"type": "orders"}}
    )
    outcome = await gate.receive(say(), bot)
    assert texts_of(outcome) == ["您好\n\n请讲", None]
    assert outcome.answers[0]["buttons"] == [{"title": "查订单", "payload": "查订单"}]
    assert [one.direction for one in shop.messages.history("talk")] == ["in", "out", "out"]
    assert bot.got[0].message_id == str(outcome.message_id)


@pytest.mark.parametrize(
    ("raw", "name"),
    [("", "empty"), (None, "empty"), ("\x00\x07", "empty"), ("/", "empty"), (5, "not_text"), (["x"], "not_text"),
     ("长" * 3000, "too_long")],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_in_chinese_and_never_reaches_the_bot(gate, raw, name):
    bot = FakeBot()
    outcome = await gate.receive(say(raw), bot)
    assert is_sentence(outcome, gate, name, limit=2000)
    assert not bot.got


async def test_a_typed_command_reaches_the_bot_as_plain_words(gate):
    bot = FakeBot({"text": "嗯"})
    await gate.receive(say('/cancel_order{"order_number": "1"}'), bot)
    assert bot.got[0].text == 'cancel_order{"order_number": "1"}'
    assert bot.got[0].parse_data is None


async def test_the_clients_metadata_is_replaced_by_our_own(gate, shop, ann):
    bot = FakeBot({"text": "嗯"})
    token = shop.identity.issue_token(ann.id)
    await gate.receive(say(token=token, identity="forged", is_admin=True, message_id="c-1"), bot)
    metadata = bot.got[0].metadata
    assert set(metadata) == {"identity", "attachments", "client_message_id"}
    assert shop.identity.who("talk", metadata["identity"]) == ann.id
    assert token not in str(metadata)


async def test_without_a_token_there_is_no_identity(gate):
    bot = FakeBot({"text": "嗯"})
    await gate.receive(say(identity="forged"), bot)
    assert bot.got[0].metadata["identity"] is None


@pytest.mark.parametrize("token", ["forged", 5, {"a": 1}])
async def test_a_bad_token_is_told_and_the_message_is_a_guests(gate, token):
    bot = FakeBot({"text": "嗯"})
    outcome = await gate.receive(say(token=token), bot)
    assert texts_of(outcome) == [gate.texts.text("bad_token"), "嗯"]
    assert bot.got[0].metadata["identity"] is None


async def test_a_token_of_a_customer_who_is_gone_is_a_bad_token(gate, shop):
    bot = FakeBot({"text": "嗯"})
    outcome = await gate.receive(say(token=shop.identity.issue_token(999)), bot)
    assert texts_of(outcome) == [gate.texts.text("bad_token"), "嗯"]
    assert bot.got[0].metadata["identity"] is None


async def test_a_customer_does_not_take_over_what_another_has_said_and_proved_as_a_guest(gate, shop, ann, bob):
    bot = FakeBot({"text": "嗯"})
    await gate.receive(say("送到我家"), bot)
    shop.identity.link("talk", bob.id, "rest")
    await gate.receive(say("第二个", token=shop.identity.issue_token(ann.id)), bot)
    await gate.receive(say("第二个"), bot)
    assert [one.sender_id for one in bot.got] == ["talk", f"talk~{ann.id}", "talk"]
    assert shop.identity.who("talk") == bob.id
    await gate.receive(say("第二个", token=shop.identity.issue_token(bob.id)), bot)
    assert bot.got[-1].sender_id == "talk"


async def test_strangers_under_a_customers_sender_id_talk_in_a_conversation_of_their_own(gate, shop, ann, bob):
    bot = FakeBot({"text": "嗯"})
    for token in (shop.identity.issue_token(ann.id), None, shop.identity.issue_token(bob.id)):
        await gate.receive(say(token=token), bot)
    anns, guests, bobs = (one.sender_id for one in bot.got)
    assert anns == "talk"
    assert len({anns, guests, bobs}) == 3
    assert shop.identity.who(bobs, bot.got[2].metadata["identity"]) == bob.id
    assert len(shop.messages.history("talk")) == 2


async def test_a_guest_who_logs_in_goes_on_in_the_same_conversation(gate, shop, ann):
    bot = FakeBot({"text": "嗯"})
    await gate.receive(say(), bot)
    await gate.receive(say(token=shop.identity.issue_token(ann.id)), bot)
    assert [one.sender_id for one in bot.got] == ["talk", "talk"]


async def test_a_double_at_the_same_moment_gets_the_same_answers_and_the_bot_one_message(gate):
    bot = FakeBot({"text": "好"}, wait=0.05)
    first, second = await asyncio.gather(*(gate.receive(say(message_id="m1"), bot) for _ in range(2)))
    assert len(bot.got) == 1
    assert first.answers == second.answers
    assert (first.double, second.double) == (False, True)


async def test_a_double_later_gets_the_kept_answers(gate, shop):
    bot = FakeBot({"text": "好"})
    first = await gate.receive(say(message_id="m1"), bot)
    again = await Gate(shop).receive(say(message_id="m1"), bot)  # another process would see it like this
    assert len(bot.got) == 1
    assert again.answers == first.answers
    assert again.double


async def test_a_strangers_double_of_a_customers_message_gets_none_of_its_answers(gate, shop, ann):
    bot = FakeBot({"text": "秘密"}, wait=0.05)
    mine, theirs = await asyncio.gather(
        gate.receive(say(message_id="m1", token=shop.identity.issue_token(ann.id)), bot),
        gate.receive(say(message_id="m1", token="forged"), FakeBot({"text": "嗯"})),
    )
    assert texts_of(mine) == ["秘密"]
    assert texts_of(theirs) == [gate.texts.text("bad_token"), "嗯"]


async def test_the_same_words_twice_without_ids_are_two_messages(gate):
    bot = FakeBot({"text": "好"})
    await asyncio.gather(*(gate.receive(say(), bot) for _ in range(2)))
    assert len(bot.got) == 2


async def test_a_hurrying_sender_is_asked_to_slow_down(shop):
    quick = Gate(Shop(replace(shop.settings, messages_per_minute=2), shop.database, shop.cipher, shop.clock))
    outcomes = [await quick.receive(say(), FakeBot({"text": "好"})) for _ in range(3)]
    assert is_sentence(outcomes[-1], quick, "slow_down")


async def test_while_a_person_speaks_the_bot_is_not_asked(gate, shop):
    shop.handoffs.accept(shop.handoffs.request("talk", None, "asked").id, "agent")
    bot = FakeBot({"text": "好"})
    outcome = await gate.receive(say("在吗"), bot)
    assert not bot.got
    assert outcome.answers == []
    assert [one.body["text"] for one in shop.messages.history("talk") if one.direction != "sys"] == ["在吗"]


async def test_while_a_customer_waits_the_bot_still_answers(gate, shop):
    shop.handoffs.request("talk", None, "asked")
    assert texts_of(await gate.receive(say(), FakeBot({"text": "好"}))) == ["好"]


async def test_who_waits_and_asks_how_long_hears_their_place(gate, shop):
    shop.handoffs.request("talk", None, "asked")
    outcome = await gate.receive(say("还要等多久？"), FakeBot({"text": "明天到货"}))
    assert is_sentence(outcome, gate, "waiting", position=1)
    assert texts_of(await gate.receive(say("快递还要等多久"), FakeBot({"text": "明天到"}))) == ["明天到"]


@pytest.fixture
def strict_gate(shop):
    """A gate whose bot is silent while somebody waits."""
    return Gate(Shop(replace(shop.settings, bot_while_waiting=False), shop.database, shop.cipher, shop.clock))


async def test_with_the_setting_off_a_waiting_customer_hears_their_place_and_the_bot_is_not_asked(strict_gate, shop):
    shop.handoffs.request("first", None, "asked")
    shop.handoffs.request("talk", None, "asked")
    bot = FakeBot({"text": "好"})
    outcome = await strict_gate.receive(say("还要多久"), bot)
    assert not bot.got
    assert is_sentence(outcome, strict_gate, "waiting", position=2)


async def test_with_the_setting_off_a_waiting_customer_still_leaves_the_queue_by_a_word(strict_gate, shop):
    shop.handoffs.request("talk", None, "asked")
    outcome = await strict_gate.receive(say("不等了"), FakeBot({"text": "好"}))
    assert is_sentence(outcome, strict_gate, "queue_left")
    assert shop.handoffs.speaker("talk") == "bot"
    assert texts_of(await strict_gate.receive(say("发货了吗"), FakeBot({"text": "好"}))) == ["好"]


async def test_a_talk_that_is_taken_up_again_starts_with_the_bot(gate, shop):
    view = shop.handoffs.request("talk", None, "asked")
    shop.handoffs.accept(view.id, "agent")
    shop.handoffs.close(view.id)
    assert texts_of(await gate.receive(say("又有个问题"), FakeBot({"text": "好"}))) == ["好"]
    assert shop.handoffs.speaker("talk") == "bot"


async def test_a_bot_that_fails_twice_in_a_row_calls_a_person(gate, shop):
    broken = FakeBot(error=RuntimeError("x"))
    await gate.receive(say("查订单"), broken)
    await gate.receive(say("查订单"), FakeBot({"text": "好"}))
    await gate.receive(say("查订单"), broken)
    assert shop.handoffs.speaker("talk") == "bot", "an answer between two failures ends the row"
    outcome = await gate.receive(say("查订单"), broken)
    assert is_sentence(outcome, gate, "waiting", position=1)
    assert shop.handoffs.current("talk").reason == "action_failed"


async def test_a_late_answer_after_a_person_took_over_is_dropped(gate, shop):
    view = shop.handoffs.request("talk", None, "asked")

    async def slow_bot(message):
        shop.handoffs.accept(view.id, "agent")
        await message.output_channel.send_response("talk", {"text": "太晚了"})

    outcome = await gate.receive(say(), slow_bot)
    assert outcome.answers == []
    assert [one.direction for one in shop.messages.history("talk")] == ["in", "sys"]


async def test_a_silent_bot_leaves_nobody_without_an_answer(gate):
    assert is_sentence(await gate.receive(say(), FakeBot()), gate, "no_answer")
    assert is_sentence(await gate.receive(say(sender="other"), FakeBot({"text": "  "})), gate, "no_answer")


async def test_a_bot_that_fails_says_so_in_chinese_and_the_log_holds_nothing_personal(gate, caplog):
    with caplog.at_level(logging.INFO):
        outcome = await gate.receive(
            say("我的电话 13812345678"), FakeBot({"text": "一半"}, error=ValueError("13812345678"))
        )
    assert texts_of(outcome) == ["一半", gate.texts.text("failed")]
    assert "incident" in caplog.text
    assert "13812345678" not in caplog.text
    assert len(caplog.text.strip().splitlines()) == 1


async def test_a_bot_that_hangs_is_given_up(shop):
    impatient = Gate(Shop(replace(shop.settings, turn_timeout_s=0.05), shop.database, shop.cipher, shop.clock))
    outcome = await impatient.receive(say(), FakeBot({"text": "好"}, wait=5))
    assert is_sentence(outcome, impatient, "timeout")


async def test_a_bot_whose_database_died_says_so(gate):
    outcome = await gate.receive(say(), FakeBot(error=DatabaseDown("gone")))
    assert is_sentence(outcome, gate, "database_down")


async def test_a_dead_database_is_told_in_chinese(shop, tmp_path):
    dead = Database("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    gate = Gate(Shop(shop.settings, dead, shop.cipher, shop.clock))
    bot = FakeBot({"text": "好"})
    outcome = await gate.receive(say(), bot)
    assert is_sentence(outcome, gate, "database_down")
    assert not bot.got


async def test_a_client_that_hangs_up_does_not_stop_its_message(gate, shop):
    task = asyncio.create_task(gate.receive(say(), FakeBot({"text": "好"}, wait=0.1)))
    await asyncio.sleep(0.05)
    task.cancel()
    deadline = asyncio.get_running_loop().time() + 20
    while [one.direction for one in shop.messages.history("talk")] != ["in", "out"]:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def test_a_reminder_after_the_turn_goes_its_own_way(gate):
    later = []

    async def late(sender_id, body):
        later.append((sender_id, body["text"]))

    bot = FakeBot({"text": "好"})
    outcome = await gate.receive(replace(say(), late=late), bot)
    await bot.got[0].output_channel.send_response("talk", {"text": "提醒您付款"})
    assert texts_of(outcome) == ["好"]
    assert later == [("talk", "提醒您付款")]


async def test_pictures_come_with_a_message_only_from_their_own_conversation(gate, shop):
    from tests.unit.shop.test_uploads import picture

    mine, other = shop.uploads.put("talk", picture()).id, shop.uploads.put("another", picture()).id
    bot = FakeBot({"text": "好"})
    await gate.receive(say("", attachments=[mine, other]), bot)
    assert bot.got[0].metadata["attachments"] == [mine]
    assert bot.got[0].text == gate.texts.text("picture")
    assert bot.got[0].parse_data["intent"]["name"] == "search_by_image"
    assert is_sentence(await gate.receive(say("", attachments=[other]), bot), gate, "bad_attachment")
    assert is_sentence(await gate.receive(say("", attachments=["x"]), bot), gate, "bad_attachment")
    assert len(bot.got) == 1


class HearingBot(FakeBot):
    """A bot whose ear finds the same anger in each message."""

    def __init__(self, anger):
        super().__init__({"text": "好的"})
        self.anger, self.heard = anger, []

    async def __call__(self, message):
        understood = {"sentiment": {"label": "neg", "score": 0.9, "anger": self.anger}}
        message.output_channel.heard(understood)
        self.heard.append(understood["sentiment"]["anger"])
        await super().__call__(message)


async def test_the_mood_of_each_message_is_kept_and_displeasure_that_goes_on_is_anger(shop, gate):
    bot = HearingBot(anger=1)
    for text in ("怎么还没到", "都三天了", "有人管吗"):
        await gate.receive(say(text), bot)
    assert bot.heard == [1, 1, 2]
    kept = [one for one in shop.messages.history("talk") if one.direction == "in"]
    assert [(one.mood, one.anger) for one in kept] == [("neg", 1), ("neg", 1), ("neg", 2)]


async def test_the_mood_is_heard_while_a_person_speaks(shop):
    from nlp.sentiment import Sentiment

    gate = Gate(shop, read_mood=lambda text: Sentiment("neg", 0.9, 2))
    await gate.receive(say("人呢"), FakeBot({"text": "好的"}))
    shop.handoffs.accept(shop.handoffs.request("talk", None, "asked").id, "agent")
    await gate.receive(say("太慢了！！！"), FakeBot({"text": "不该说"}))
    assert shop.messages.standing("talk").angers == [2]
    assert shop.messages.history("talk")[-1].mood == "neg"


async def test_a_message_goes_on_where_nothing_hears_moods(shop):
    gate = Gate(shop, read_mood=lambda text: None)
    shop.handoffs.accept(shop.handoffs.request("talk", None, "asked").id, "agent")
    await gate.receive(say("在吗"), FakeBot())
    assert [one.mood for one in shop.messages.history("talk") if one.direction == "in"] == [None]
