"""WeChat end to end: a simulated WeChat, the real Rasa server, a real action server."""

from __future__ import annotations

import itertools
import time

import pytest

from bot.channels.arrival import sender_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_people = itertools.count(1)


@pytest.fixture
def wechat(chat):
    platform = chat.platforms["wechat"]
    platform.faults.clear()
    return platform


@pytest.fixture
def ann():
    return f"oAnn_{next(_people)}-x"


def texts(sent):
    return [one.text for one in sent]


def test_a_follower_is_greeted_with_options_and_a_pressed_one_is_understood(wechat, ann):
    wechat.event(ann, "subscribe")
    (hello,) = wechat.wait(ann, 1)
    assert "看看商品" in hello.buttons
    wechat.press(ann, "看看商品")
    assert "保温杯" in wechat.wait(ann, 3)[2].text


def test_a_number_that_was_offered_is_understood_when_it_comes_back(wechat, ann):
    wechat.say(ann, "你好")
    assert wechat.wait(ann, 1)[0].buttons == {"看看商品": "1", "我是谁": "2"}
    wechat.say(ann, "回复2")
    assert wechat.wait(ann, 2)[1].text == "您还没有登录。"
    wechat.say(ann, "2")  # offered no more
    assert "您还没有登录" not in wechat.wait(ann, 3)[2].text


def test_a_code_from_the_shops_page_links_the_account_once(chat, wechat, ann):
    code = chat.shop.link_codes.issue(2)
    wechat.event(ann, "SCAN", code)
    assert "绑定" in wechat.wait(ann, 1)[0].text
    wechat.say(ann, "我是谁")
    assert wechat.wait(ann, 2)[1].text == "您是第 2 位顾客。"
    wechat.event("oBob", "subscribe", f"qrscene_{code}")
    assert "失效" in wechat.wait("oBob", 1)[0].text
    wechat.say("oBob", "我是谁")
    assert wechat.wait("oBob", 2)[1].text == "您还没有登录。"


def test_voice_and_place_and_a_sticker_are_met_with_a_sentence(wechat, ann):
    wechat.push(wechat.message(ann, "voice", MediaId="v", Format="amr", Recognition=""))
    assert "语音" in wechat.wait(ann, 1)[0].text
    wechat.push(wechat.message(ann, "voice", MediaId="v", Format="amr", Recognition="再见"))
    assert wechat.wait(ann, 2)[1].text == "再见，欢迎再来。"
    wechat.push(wechat.message(ann, "location", Location_X="30.2", Location_Y="120.1", Label="西湖"))
    wechat.push(wechat.message(ann, "shortvideo", MediaId="v"))
    assert len(wechat.wait(ann, 4)) == 4


def test_a_forged_a_stale_and_a_replayed_callback_are_refused(wechat, ann):
    message = wechat.message(ann, "text", Content="你好")
    forged = [
        wechat.run(wechat.deliver_once(lambda: wechat.sealed(message, token="guessed"))),
        wechat.run(wechat.deliver_once(lambda: wechat.sealed(message, at=int(time.time()) - 3600))),
        wechat.run(wechat.deliver_once(lambda: ("POST", {"data": b"<xml></xml>"}))),
        wechat.run(wechat.deliver_once(lambda: ("POST", {"data": b'<!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>'}))),
        wechat.run(wechat.deliver_once(lambda: ("POST", {"data": b"\xff\xfe" * 100}))),
    ]
    assert [one.status for one in forged] == [403] * 5
    _, sealed = wechat.sealed(message)
    sealed["data"] = sealed["data"].replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")
    assert wechat.run(wechat.deliver_once(lambda: ("POST", sealed))).status == 403
    assert wechat.to(ann) == []


def test_the_quota_is_never_exceeded_and_what_was_held_comes_later(chat, wechat, ann):
    sender = sender_of("wechat", ann)
    wechat.say(ann, "再见")
    wechat.wait(ann, 1)
    for at in range(7):
        chat.shop.outbox.post("wechat", sender, [{"text": f"通知 {at}"}], "campaign")
        if at < 3:
            wechat.wait(ann, at + 2)
    wechat.wait(ann, 5)
    time.sleep(1.5)
    assert len(wechat.to(ann)) == 5
    wechat.say(ann, "再见")
    wanted = [f"通知 {at}" for at in range(7)] + ["再见，欢迎再来。"] * 2
    deadline = time.monotonic() + 60
    while any("".join(texts(wechat.to(ann))).count(one) < wanted.count(one) for one in wanted):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    words = "".join(texts(wechat.to(ann)))
    assert [words.count(f"通知 {at}") for at in range(7)] == [1] * 7
    assert words.count("再见，欢迎再来。") == 2
    assert wechat.too_many == 0


def test_every_message_is_kept_once_in_each_direction(chat, wechat, ann):
    message = wechat.message(ann, "text", Content="有什么商品")
    wechat.push(message)
    wechat.push(message)
    wechat.wait(ann, 2)
    kept = chat.shop.messages.history(sender_of("wechat", ann))
    assert [one.direction for one in kept] == ["in", "out", "out"]
