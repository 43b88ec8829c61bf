"""Sessions of WeChat customer service between the bot, this desk and WeCom's own staff."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from bot.channels.api import NotDelivered
from bot.channels.arrival import sender_of
from bot.channels.wecom_staff import Staff
from tests.fakes.registry import FAKES
from tests.integration.light import LightBot
from tests.waiting import until

SENDER = sender_of("wecom_kf", "7")


@contextmanager
def light(tmp_path, **more):
    """A customer who has written once; (bot, platform)."""
    with LightBot(tmp_path, {"wecom_kf": FAKES["wecom_kf"]}, again_s=0.2, **more) as bot:
        platform = bot.platforms["wecom_kf"]
        platform.say("7", "再见")
        platform.wait("7", 1)
        yield bot, platform


def texts(platform):
    return [one.text for one in platform.to("7")]


def current(bot):
    return bot.shop.handoffs.current(SENDER)


def test_a_new_session_is_taken_by_the_bot_once_and_again_after_its_end(tmp_path):
    with light(tmp_path) as (_, platform):
        platform.say("7", "我是谁")
        platform.wait("7", 2)
        assert platform.moves == [("7", 1)]
        platform.staff_ends("7")
        platform.say("7", "再见")
        platform.wait("7", 3)
        assert platform.moves == [("7", 1)] * 2


def test_a_session_is_known_to_all_processes(tmp_path):
    """Another one hears of its end; this one takes the next."""
    with light(tmp_path) as (bot, platform):
        until(lambda: bot.shop.peers.get(SENDER).has_session)
        other = Staff(bot.connectors["wecom_kf"])
        calls = len(platform.calls)
        bot.run(other.open(bot.shop.peers.get(SENDER)))
        assert not [path for path, _ in platform.calls[calls:] if "service_state" in path]
        platform.states["7"] = 4
        bot.run(other.pulled(platform.ended("7")))
        platform.say("7", "再见")
        platform.wait("7", 2)
        assert platform.moves == [("7", 1)] * 2


def test_an_answer_goes_out_where_wecom_neither_moves_a_session_nor_says_how_it_stands(tmp_path):
    async def untold(_peer):
        raise NotDelivered("dead", "95007")

    with light(tmp_path) as (bot, platform):
        until(lambda: bot.shop.peers.get(SENDER).has_session)
        bot.shop.peers.note_session(SENDER, False)  # and the session is the bot's already: no move is allowed
        bot.connectors["wecom_kf"].state = untold
        platform.say("7", "再见")
        platform.wait("7", 2)
        assert bot.shop.outbox.dead_letters() == []


@pytest.mark.parametrize(("servicer", "state", "name"), [("servicer", 3, "servicer"), ("queue", 2, "企业微信客服")])
def test_who_asks_for_a_person_is_handed_to_wecoms_staff_and_comes_back(tmp_path, servicer, state, name):
    with light(tmp_path, servicer=servicer) as (bot, platform):
        bot.shop.handoffs.request(SENDER, None, "asked")
        platform.wait("7", 2)
        assert "转接" in texts(platform)[1]
        assert platform.states["7"] == state
        until(lambda: current(bot).state.value == "agent")
        assert (current(bot).agent, current(bot).agent_id) == (name, None)
        if state == 2:
            platform.staff_takes("7")
            until(lambda: current(bot).agent == "servicer")
        until(lambda: len(bot.shop.messages.history(SENDER)) == 3)  # the announcement is kept after it was sent
        platform.say("7", "取消订单")  # the staff reads it, the bot does not
        until(lambda: len(bot.shop.messages.history(SENDER)) == 4)
        platform.staff_says("7", "马上为您取消")
        until(lambda: len(bot.shop.messages.history(SENDER)) == 5)
        kept = [(one.direction, one.body["text"]) for one in bot.shop.messages.history(SENDER)]
        assert kept[3:] == [("in", "取消订单"), ("agent", "马上为您取消")]
        platform.staff_ends("7")
        until(lambda: current(bot) is None)
        platform.say("7", "我是谁")
        platform.wait("7", 3)
        assert texts(platform)[2] == "您还没有登录。"
        assert len(bot.got) == 2  # the bot heard the first word and the last
        assert bot.shop.outbox.dead_letters() == []


def test_a_customer_whom_wecom_does_not_take_waits_at_this_desk_until_somebody_there_is_on_duty(tmp_path):
    with light(tmp_path, servicer="servicer") as (bot, platform):
        platform.on_duty.clear()
        bot.shop.handoffs.request(SENDER, None, "asked")
        until(lambda: any(code == 95014 and "trans" in path for path, code in platform.calls))
        assert current(bot).state.value == "waiting"
        platform.on_duty.add("servicer")
        until(lambda: current(bot).state.value == "agent")
        assert platform.states["7"] == 3


def test_without_the_setting_a_person_of_this_desk_answers_in_the_bots_session(tmp_path):
    with light(tmp_path) as (bot, platform):
        helper = bot.shop.agents.add("li", "小李", "a long password", "agent")
        view = bot.shop.handoffs.request(SENDER, None, "asked")
        bot.shop.handoffs.accept(view.id, helper.name, helper.id)
        bot.shop.desk.speak(SENDER, helper, {"text": "我来帮您"}, "d1")
        until(lambda: any("我来帮您" in one for one in texts(platform)))
        assert platform.states["7"] == 1


def test_a_session_that_wecoms_staff_took_by_themselves_is_left_to_them(tmp_path):
    """Their event may come late: the refused message tells it too. What is not the bot's waits for its end."""
    with light(tmp_path) as (bot, platform):
        platform.states["7"] = 3
        platform.say("7", "我是谁")
        until(lambda: current(bot) is not None and current(bot).state.value == "agent")
        until(lambda: not bot.shop.outbox.waiting(SENDER))
        bot.shop.outbox.post("wecom_kf", SENDER, [{"text": "券已到账"}], "campaign")
        until(lambda: bot.shop.outbox.counts()["wecom_kf"].get("held") == 1)
        platform.staff_ends("7", is_told=False)  # and the look now and then finds it
        until(lambda: current(bot) is None)
        platform.say("7", "再见")
        platform.wait("7", 3)
        assert texts(platform) == ["再见，欢迎再来。", "券已到账", "再见，欢迎再来。"]
        assert bot.shop.outbox.dead_letters() == []


def test_words_and_answers_of_one_page_are_kept_in_their_order_and_the_bot_answers_none(tmp_path):
    with light(tmp_path) as (bot, platform):
        platform.staff_takes("7")
        until(lambda: current(bot) is not None)
        platform.page = 10
        platform.queue += [
            platform.message("7", "text", content="能退吗"),
            {**platform.message("7", "text", 5, content="可以"), "servicer_userid": "servicer"},
            platform.message("7", "text", content="谢谢"),
        ]
        platform.staff_ends("7")
        until(lambda: current(bot) is None)
        kept = [(one.direction, one.body["text"]) for one in bot.shop.messages.history(SENDER)]
        assert kept[2:] == [("in", "能退吗"), ("agent", "可以"), ("in", "谢谢")]
        assert len(bot.got) == 1
        platform.say("7", "我是谁")
        platform.wait("7", 2)


def test_a_session_that_ended_is_not_written_into_until_the_customer_writes(tmp_path):
    with light(tmp_path) as (bot, platform):
        platform.staff_ends("7")
        bot.shop.outbox.post("wecom_kf", SENDER, [{"text": "券已到账"}], "campaign")
        until(lambda: bot.shop.outbox.counts()["wecom_kf"].get("held") == 1)
        platform.say("7", "我是谁")
        platform.wait("7", 3)
        assert texts(platform)[1:] == ["券已到账", "您还没有登录。"]
