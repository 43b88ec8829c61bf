"""What messengers show besides text: product cards, persons' pictures; and sessions of WeChat customer service."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from bot.channels.arrival import Arrival, sender_of
from bot.channels.gate import Gate
from shop.models import ChannelInbox
from tests.fakes.dingtalk import FakeDingTalk
from tests.fakes.registry import FAKES
from tests.integration.chat import photo
from tests.integration.light import LightBot
from tests.waiting import until

PAGE = "https://shop.example/search?q={title}"
MINI = {"appid": "wx9", "page": "pages/search?q={title}", "thumb_media_id": "thumb"}
CARD = {
    "title": "保温杯",
    "price": "¥129",
    "picture": "cup.jpg",
    "buttons": [{"title": "有货吗", "payload": "保温杯有货吗"}, {"title": "讲讲", "payload": "保温杯怎么样"}],
}


@contextmanager
def light(tmp_path, *channels, **more):
    with LightBot(tmp_path, {one: FAKES[one] for one in channels}, **more) as bot:
        yield bot


def opened(bot, channel, customer="7"):
    """A customer who has written, so that something may be sent; their platform."""
    platform = bot.platforms[channel]
    platform.say(customer, "再见")
    platform.wait(customer, 1)
    return platform


def shown(bot, channel, items, customer="7"):
    platform = opened(bot, channel, customer)
    body = {"custom": {"type": "products", "items": items}}
    bot.shop.outbox.post(channel, sender_of(channel, customer), [body], "campaign")
    return platform.wait(customer, 2)[1]


@pytest.mark.parametrize("channel", ["wechat", "wecom"])
def test_one_product_is_a_link_card_whose_choices_can_be_typed(tmp_path, channel):
    with light(tmp_path, channel, product_page=PAGE) as bot:
        card = {**CARD, "buttons": CARD["buttons"] * 4} if channel == "wecom" else CARD  # more than fit on its buttons
        sent = shown(bot, channel, [card])
        (article,) = sent.message["news"]["articles"]
        assert article["title"] == "保温杯"
        assert article["url"] == "https://shop.example/search?q=%E4%BF%9D%E6%B8%A9%E6%9D%AF"
        assert "1 有货吗" in article["description"]
        bot.platforms[channel].say("7", "2")
        assert bot.platforms[channel].wait("7", 3)[2].text == "您说的是：保温杯怎么样"


def test_one_product_is_a_mini_program_card_where_there_is_one(tmp_path):
    with light(tmp_path, "wechat", miniprogram=MINI) as bot:
        page = shown(bot, "wechat", [CARD]).message["miniprogrampage"]
        assert page["pagepath"] == "pages/search?q=%E4%BF%9D%E6%B8%A9%E6%9D%AF"
        assert (page["appid"], page["thumb_media_id"]) == ("wx9", "thumb")


def test_several_products_are_a_numbered_list_as_one_message_holds_one_article_only(tmp_path):
    with light(tmp_path, "wechat", product_page=PAGE) as bot:
        sent = shown(bot, "wechat", [CARD, {**CARD, "title": "茶杯"}])
        assert sent.message["msgtype"] == "text"
        assert "2. 茶杯" in sent.text


@pytest.fixture(scope="module")
def everyone(tmp_path_factory):
    """All channels in one server."""
    with light(tmp_path_factory.mktemp("light"), *FAKES) as bot:
        yield bot


@pytest.mark.parametrize("channel", list(FAKES))
def test_a_persons_picture_reaches_the_customer_once_with_its_words(everyone, channel):
    bot, sender = everyone, sender_of(channel, "7")
    platform, said = opened(bot, channel), []
    upload = bot.shop.uploads.put(sender, photo("blue"))
    helper = bot.shop.agents.add(f"li{channel}", "小李", "a long password", "agent")
    platform.expire_tokens()

    def after_the_notice(count):
        said[:] = [one for one in platform.to("7")[1:] if "已接入" not in one.text]
        return len(said) >= count

    bot.shop.desk.speak(sender, helper, {"text": "看这里", "attachments": [upload.id]}, "d1")
    until(lambda: after_the_notice(2), platform.calls)
    bot.shop.desk.speak(sender, helper, {"text": "好了"}, "d2")
    until(lambda: after_the_notice(3), platform.calls)
    assert [one.text for one in said] == ["【客服 小李】看这里", "", "【客服 小李】好了"]
    assert said[1].picture == bot.shop.uploads.path(upload.id).read_bytes()
    assert [one for one in bot.shop.outbox.dead_letters() if one.channel == channel] == []


def test_a_persons_picture_is_not_melted_into_text_when_the_room_is_small(tmp_path):
    with light(tmp_path, "wechat") as bot:
        platform, sender = opened(bot, "wechat"), sender_of("wechat", "7")
        upload = bot.shop.uploads.put(sender, photo("blue"))
        for at in range(3):
            bot.shop.outbox.post("wechat", sender, [{"text": f"通知 {at}"}], "campaign")
        platform.wait("7", 4)
        bot.shop.outbox.post("wechat", sender, [{"text": "看这里"}, {"attachments": [upload.id]}], "agent")
        platform.wait("7", 5)
        platform.say("7", "你好")
        until(lambda: any(one.picture for one in platform.to("7")))
        assert platform.too_many == 0


def test_what_could_not_be_pulled_is_pulled_later_without_a_new_callback(tmp_path):
    with light(tmp_path, "wecom_kf", retry_s=0.01, again_s=0.2) as bot:
        platform = opened(bot, "wecom_kf")
        platform.faults[:] = [500] * 20
        assert platform.say("7", "我是谁").status == 200
        until(lambda: len(platform.to("7")) >= 2, platform.calls[-5:])
        assert [one.text for one in platform.to("7")] == ["再见，欢迎再来。", "您还没有登录。"]


def test_what_was_announced_to_a_process_that_died_is_pulled_by_the_next(tmp_path):
    with light(tmp_path, "wecom_kf") as bot:
        platform = opened(bot, "wecom_kf")
        platform.queue.append(platform.message("7", "text", content="我是谁"))
        connector = bot.connectors["wecom_kf"]
        looks = asyncio.run_coroutine_threadsafe(connector._look_again(), bot._loop)  # as a new process begins
        assert platform.wait("7", 2)[1].text == "您还没有登录。"
        looks.cancel()


def test_a_callback_that_failed_too_often_is_not_passed_over_in_silence(tmp_path):
    with light(tmp_path, "wechat") as bot:
        platform, shop = opened(bot, "wechat"), bot.shop
        lost = Arrival(peer="7", external_id="m-lost", text="再见", room=5, room_s=1000.0)
        (row,) = shop.inbox.take([lost.callback("wechat")])
        with shop.database.change() as session:
            session.execute(update(ChannelInbox).where(ChannelInbox.id == row.id).values(lease_until=None, tries=5))
        bot.run(_sweep(bot.connectors["wechat"].intake))
        assert "没能处理好" in platform.wait("7", 2)[1].text
        assert not shop.inbox.finish(row, [])


async def _sweep(intake):
    await intake.stop()
    intake.start()


def test_a_pressed_button_of_telegram_stops_waiting_at_once(everyone):
    platform = everyone.platforms["telegram"]
    platform.say("77", "你好")
    platform.wait("77", 1)
    assert "answerCallbackQuery" in platform.press("77", "看看商品").body


def test_an_output_channel_made_from_credentials_alone_brings_each_word_once(everyone):
    """As another process makes it, which serves no channel: for Rasa's reminders, and for words of people."""
    bot, sender = everyone, sender_of("wechat", "78")
    platform = opened(bot, "wechat", "78")
    channel = type(bot.connectors["wechat"])(platform.credentials(), Gate(bot.shop)).get_output_channel()
    person = {"name": "小李"}
    for body in ({"text": "券快到期了"}, {"text": "我在看了", "agent": person, "custom": {"agent": person}}):
        asyncio.run(channel.send_response(sender, body))
    until(lambda: sum("我在看了" in one.text for one in platform.to("78")) == 1, platform.calls)
    bot.shop.outbox.post("wechat", sender, [{"text": "最后"}], "campaign")
    until(lambda: platform.to("78")[-1].text == "最后", platform.calls)
    assert ["".join(one.text for one in platform.to("78")).count(one) for one in ("券快到期了", "我在看了")] == [1, 1]
    asyncio.run(channel.send_response(sender_of("wechat", "nobody"), {"text": "谁"}))
    assert bot.shop.messages.history(sender_of("wechat", "nobody")) == []


def test_answers_go_to_no_address_that_is_not_dingtalks_though_a_message_names_it(everyone):
    platform = everyone.platforms["dingtalk"]
    with FakeDingTalk() as stranger:
        address = f"{stranger.url}/robot/session/79?until={time.time() + 3600}"
        platform.say("79", "再见", sessionWebhook=address)
        assert platform.wait("79", 1)[0].text == "再见，欢迎再来。"  # by batch send
        assert stranger.sent == []
