"""WeChat's plain and compatible modes, and answers in the callback's own response; without Rasa."""

from __future__ import annotations

import asyncio
import io
import time
import wave

import pytest
from sqlalchemy import select, update

from bot.channels.api import NotDelivered
from bot.channels.web_speech import Speech
from bot.channels.wechat_menu import set_menu
from shop.models import ChannelInbox
from tests.fakes.wechat import FakeWeChat
from tests.integration.light import LightBot
from tests.waiting import until

PATH = "bot.channels.wechat.WeChatInput"


def light(tmp_path, mode="aes", **more):
    return LightBot(tmp_path, {"wechat": (PATH, lambda: FakeWeChat(mode))}, **more)


class Ear:
    """Hears the same in every recording."""

    def text(self, samples):
        return "我是谁"


def test_voice_is_read_by_the_servers_recogniser_where_one_is_set_up(tmp_path):
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(16_000)
        file.writeframes(b"\0\0" * 16_000)
    with light(tmp_path, speech="ear") as bot:
        wechat, connector = bot.platforms["wechat"], bot.connectors["wechat"]
        connector.speech = Speech(bot.shop.settings, lambda settings: Ear())
        wechat.media["v1"], wechat.media["v2"] = target.getvalue(), b"no sound at all"
        wechat.push(wechat.message("ann", "voice", MediaId="v1", Format="amr"))
        assert wechat.wait("ann", 1)[0].text == "您还没有登录。"
        wechat.push(wechat.message("ann", "voice", MediaId="v2", Format="amr"))
        assert "语音" in wechat.wait("ann", 2)[1].text


@pytest.mark.parametrize("mode", ["plain", "compatible"])
def test_plain_and_compatible_mode_answer_as_aes_does(tmp_path, mode):
    with light(tmp_path, mode) as bot:
        wechat = bot.platforms["wechat"]
        assert wechat.prove().body == "echo-123"
        assert wechat.say("ann", "再见").body == "success"
        assert wechat.wait("ann", 1)[0].text == "再见，欢迎再来。"


def test_in_plain_mode_a_signature_brings_one_message_only(tmp_path):
    with light(tmp_path, "plain") as bot:
        wechat = bot.platforms["wechat"]
        first, second = (wechat.message("ann", "text", Content=text) for text in ("再见", "你好"))
        wechat.open(first)
        _, request = wechat.sealed(first)
        _, other = wechat.sealed(second)
        assert wechat.run(wechat.deliver_once(lambda: ("POST", request))).status == 200
        forged = {**request, "data": other["data"]}
        assert wechat.run(wechat.deliver_once(lambda: ("POST", forged))).status == 403
        assert wechat.run(wechat.deliver_once(lambda: ("POST", request))).status == 200  # a redelivery
        assert len(wechat.wait("ann", 1)) == 1


def test_aes_mode_takes_no_plain_message(tmp_path):
    with light(tmp_path) as bot:
        wechat = bot.platforms["wechat"]
        wechat.mode = "plain"
        assert (
            wechat.run(wechat.deliver_once(lambda: wechat.sealed(wechat.message("ann", "text", Content="你好")))).status
            == 403
        )


@pytest.mark.parametrize("mode", ["plain", "aes"])
def test_an_account_without_rights_is_answered_in_the_response(tmp_path, mode):
    with light(tmp_path, mode, reply="passive") as bot:
        wechat = bot.platforms["wechat"]
        words = wechat.passive_words(wechat.say("ann", "你好"))
        assert "2 我是谁" in words
        assert wechat.passive_words(wechat.say("ann", "2")) == "您还没有登录。"
        assert wechat.sent == []


def test_a_slow_answer_comes_with_the_next_message_and_once(tmp_path):
    with light(tmp_path, reply="passive", passive_wait_s=0.3, settle_s=0.05) as bot:
        wechat, passive = bot.platforms["wechat"], bot.connectors["wechat"].passive
        wechat.limit_s = passive.latest_s = 30.0  # nobody hangs up on a busy machine
        bot.may_answer.clear()
        first = wechat.say("ann", "再见")
        assert [one.status for one in wechat.deliveries] == [504, 504, 200]
        assert "还在为您查询" in wechat.passive_words(first)
        bot.may_answer.set()
        passive.wait_s = passive.last_wait_s = passive.latest_s = 30.0
        until(lambda: bot.shop.outbox.waiting("wechat:ann"))
        words = wechat.passive_words(wechat.say("ann", "你好"))
        assert words.index("再见，欢迎再来。") < words.index("您好")
        assert "再见" not in wechat.passive_words(wechat.say("ann", "我是谁"))


def test_messages_that_overtook_each_other_are_answered_in_the_order_of_their_writing(tmp_path):
    with light(tmp_path, settle_s=2.0) as bot:
        wechat, now = bot.platforms["wechat"], int(time.time())
        late = wechat.message("ann", "text", Content="两件", CreateTime=now)
        early = wechat.message("ann", "text", Content="填表", CreateTime=now - 2)
        wechat.push(late)
        wechat.push(early)
        assert [one.text for one in wechat.wait("ann", 2)] == ["要几件？", "什么颜色？"]


def test_a_menu_is_defined_and_a_refusal_is_told(tmp_path):
    with light(tmp_path) as bot:
        wechat = bot.platforms["wechat"]
        menu = {"button": [{"type": "click", "name": "查订单", "key": "我是谁"}]}
        gate = bot.connectors["wechat"].gate
        asyncio.run(set_menu(wechat.credentials(), menu, gate))
        assert wechat.menu == menu
        wechat.event("ann", "CLICK", "我是谁")
        assert wechat.wait("ann", 1)[0].text == "您还没有登录。"
        wrong = {**wechat.credentials(), "app_secret": "another"}
        gate.shop.shared_values.put(f"token:wechat:{wrong['app_id']}", "gone", 0.0)
        with pytest.raises(NotDelivered):
            asyncio.run(set_menu(wrong, menu, gate))


def test_what_a_dead_process_left_is_answered_by_the_next_once(tmp_path):
    with light(tmp_path) as bot:
        wechat, shop = bot.platforms["wechat"], bot.shop
        wechat.say("ann", "再见")
        wechat.wait("ann", 1)
        connector = bot.connectors["wechat"]
        message = wechat.message("ann", "text", Content="我是谁")
        wechat.open(message)
        from bot.channels.wechat import arrival_of

        arrival = arrival_of({key: str(value) for key, value in message.items()})
        (row,) = shop.inbox.take([arrival.callback("wechat")])  # and the process dies
        assert wechat.push(message).body == "success"  # a redelivery is no new message
        with shop.database.change() as session:
            session.execute(update(ChannelInbox).where(ChannelInbox.id == row.id).values(lease_until=None))
        bot.run(_sweep_once(connector.intake))
        assert wechat.wait("ann", 2)[1].text == "您还没有登录。"
        assert not shop.inbox.finish(row, [{"text": "twice"}])


async def _sweep_once(intake):
    await intake.stop()
    intake.start()


def test_a_passive_answer_that_was_lost_on_its_way_is_given_again(tmp_path):
    with light(tmp_path, reply="passive") as bot:
        wechat = bot.platforms["wechat"]
        message = wechat.message("ann", "text", Content="再见")
        for _ in range(2):
            assert wechat.passive_words(wechat.push(message)) == "再见，欢迎再来。"
        kept = bot.shop.messages.history("wechat:ann")
        assert [one.direction for one in kept] == ["in", "out"]


def test_a_passive_answer_is_never_longer_than_wechat_takes_and_the_rest_comes_next(tmp_path):
    with light(tmp_path, reply="passive") as bot:
        wechat, words = bot.platforms["wechat"], [f"{at}号通知" + "长" * (660 if at == 1 else 390) for at in range(4)]
        wechat.say("ann", "再见")
        for one in words:
            bot.shop.outbox.post("wechat", "wechat:ann", [{"text": one}], "campaign")
        heard = []
        while len(heard) < 6 and not (heard and "欢迎再来" in heard[-1]):
            heard.append(wechat.passive_words(wechat.say("ann", "再见")))
        assert max(len(one.encode()) for one in heard) <= 2048
        assert [sum(one in part for part in heard) for one in words] == [1] * 4
        assert "还没说完" in heard[0]
        assert "还没说完" not in heard[-1]


def test_a_token_that_is_refused_before_its_time_is_made_anew_by_force_and_not_too_often(tmp_path):
    with light(tmp_path) as bot:
        wechat, connector = bot.platforms["wechat"], bot.connectors["wechat"]
        wechat.say("ann", "再见")
        wechat.wait("ann", 1)
        wechat.revoke_tokens()  # the platform's own endpoint still gives the refused one
        for customer in ("ann", "bob", "eve"):
            wechat.say(customer, "再见")
        for customer, count in (("ann", 2), ("bob", 1), ("eve", 1)):
            wechat.wait(customer, count)
        assert (len(wechat.forced), wechat.token_requests) == (1, 2)
        wechat.force_every_s = connector.force_every_s = 1.0
        bot.shop.shared_values.put(f"forced:wechat:{connector.account}", "1", 1.0)
        wechat.revoke_tokens()  # again, before it may be forced again
        wechat.say("ann", "我是谁")
        assert wechat.wait("ann", 3)[2].text == "您还没有登录。"
        assert len(wechat.forced) == 2
        assert bot.shop.outbox.dead_letters() == []


def test_what_wechat_hung_up_on_three_times_comes_with_the_next_message_and_once(tmp_path):
    with light(tmp_path, reply="passive") as bot:
        wechat, passive = bot.platforms["wechat"], bot.connectors["wechat"].passive
        bot.may_answer.clear()
        wechat.limit_s = passive.wait_s = passive.last_wait_s = passive.latest_s = 30.0
        wechat.hangs_up = lambda: _counted(bot.shop) > len(wechat.deliveries)
        assert wechat.say("ann", "再见").status == 0
        assert [one.status for one in wechat.deliveries] == [0, 0, 0]
        wechat.hangs_up = None
        bot.may_answer.set()
        words = wechat.passive_words(wechat.say("ann", "我是谁"))
        while "您还没有登录。" not in words:  # two answers, in one response or in two
            words += wechat.passive_words(wechat.say("ann", "我是谁"))
        assert words.count("再见，欢迎再来。") == 1
        assert "再见" not in wechat.passive_words(wechat.say("ann", "我是谁"))


def _counted(shop):
    """Deliveries of the only callback that reached the channel."""
    with shop.database.read() as session:
        return session.execute(select(ChannelInbox.deliveries)).scalar() or 0
