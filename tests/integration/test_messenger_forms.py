"""What messengers show besides text: product cards, persons' pictures; and sessions of WeChat customer service."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from bot.channels.arrival import Arrival, sender_of
from shop.models import ChannelInbox
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


def test_a_session_handed_to_wecoms_own_staff_is_left_to_them_until_it_ends(tmp_path):
    with light(tmp_path, "wecom_kf") as bot:
        platform, sender = opened(bot, "wecom_kf"), sender_of("wecom_kf", "7")
        connector, peer = bot.connectors["wecom_kf"], bot.shop.peers.get(sender)
        bot.run(connector.set_state(peer, 3, "servicer"))
        assert platform.states["7"] == 3
        platform.say("7", "我是谁")  # their staff answers this one
        until(lambda: any(code == 95018 for _, code in platform.calls))
        until(lambda: not bot.shop.outbox.waiting(sender))
        bot.shop.outbox.post("wecom_kf", sender, [{"text": "券已到账"}], "campaign")
        until(lambda: bot.shop.outbox.counts()["wecom_kf"].get("held") == 1)
        bot.run(connector.set_state(peer, 4))
        platform.say("7", "再见")
        until(lambda: len(platform.to("7")) >= 3)
        assert [one.text for one in platform.to("7")] == ["再见，欢迎再来。", "券已到账", "再见，欢迎再来。"]
        assert bot.shop.outbox.dead_letters() == []


def test_a_session_that_ended_is_not_written_into_until_the_customer_writes(tmp_path):
    with light(tmp_path, "wecom_kf") as bot:
        platform, sender = opened(bot, "wecom_kf"), sender_of("wecom_kf", "7")
        bot.run(bot.connectors["wecom_kf"].set_state(bot.shop.peers.get(sender), 4))
        bot.shop.outbox.post("wecom_kf", sender, [{"text": "券已到账"}], "campaign")
        until(lambda: bot.shop.outbox.counts()["wecom_kf"].get("held") == 1)
        platform.say("7", "我是谁")
        until(lambda: len(platform.to("7")) >= 3)
        assert [one.text for one in platform.to("7")[1:]] == ["券已到账", "您还没有登录。"]


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
