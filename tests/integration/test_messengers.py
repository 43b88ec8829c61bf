"""Every messenger end to end: its simulated platform, the real Rasa server, a real action server."""

from __future__ import annotations

import itertools
import time

import pytest

from bot.channels.arrival import sender_of
from tests.fakes.registry import FAKES
from tests.fakes.words import callback_of, post_once, said
from tests.integration.chat import photo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
_people = itertools.count(7001)
PROVEN = ["wechat", "wecom", "wecom_kf", "feishu", "slack"]  # platforms that check the address with a challenge
TIMED = ["wechat", "wecom", "wecom_kf", "dingtalk", "feishu", "slack"]  # whose callbacks carry a signed time
RENEWED = ["wechat", "wecom", "wecom_kf", "dingtalk", "feishu"]  # whose access tokens end


@pytest.fixture(params=list(FAKES))
def channel(request):
    return request.param


@pytest.fixture
def platform(chat, channel):
    found = chat.platforms[channel]
    found.faults.clear()
    return found


@pytest.fixture
def ann():
    return str(next(_people))


def texts(sent):
    return [one.text for one in sent]


def await_words(platform, customer, words, seconds=60):
    """The message with these words, as soon as it is there."""
    deadline = time.monotonic() + seconds
    while True:
        found = [one for one in platform.to(customer) if words in one.text]
        if found:
            return found[0]
        assert time.monotonic() < deadline, texts(platform.to(customer))
        time.sleep(0.02)


def test_first_contact_then_a_pressed_option_then_a_typed_number(platform, ann):
    platform.say(ann, "你好")
    hello = platform.wait(ann, 1)[0]
    assert list(hello.buttons) == ["看看商品", "我是谁"]
    platform.press(ann, "看看商品")
    cards = await_words(platform, ann, "山野 316 不锈钢保温杯")
    assert "云步 帆布鞋" in cards.text
    assert "¥129.00" in cards.text
    platform.say(ann, "你好")
    platform.wait(ann, 4)
    platform.say(ann, "2")
    await_words(platform, ann, "您还没有登录。")


def test_a_code_from_the_shops_page_links_the_account_once(chat, channel, platform, ann):
    code = chat.shop.link_codes.issue(2)
    platform.follow(ann, code)
    await_words(platform, ann, "绑定")
    platform.say(ann, "我是谁")
    await_words(platform, ann, "您是第 2 位顾客。")
    bob = str(next(_people))
    platform.follow(bob, code)
    await_words(platform, bob, "失效")
    platform.say(bob, "我是谁")
    await_words(platform, bob, "您还没有登录。")


def test_a_picture_is_fetched_checked_and_given_to_picture_search(chat, channel, platform, ann):
    platform.show(ann, photo())
    await_words(platform, ann, "收到 1 张图片。")
    platform.show(ann, b"no picture at all")
    platform.wait(ann, 2)
    history = chat.shop.messages.history(sender_of(channel, ann))
    (kept,) = [one for one in history if "attachments" in one.body]
    assert chat.shop.uploads.get(kept.body["attachments"][0], sender_of(channel, ann)).width == 60


def test_a_redelivered_message_is_answered_and_kept_once(chat, channel, platform, ann):
    platform.say(ann, "再见")
    platform.wait(ann, 1)
    if channel == "wecom_kf":
        platform.push()  # told again, nothing new
        platform.queue.append(platform.queue[-1])  # and the same message on another page
        platform.push()
    else:
        message = platform.message(ann, "text", **said(channel, "再见"))
        for _ in range(3):
            assert platform.push(message).status == 200
    platform.say(ann, "我是谁")
    await_words(platform, ann, "您还没有登录。")
    history = [one.direction for one in chat.shop.messages.history(sender_of(channel, ann))]
    asked = 2 if channel == "wecom_kf" else 3
    assert history == ["in", "out"] * asked
    assert len(platform.to(ann)) == asked


def test_a_forged_callback_is_refused_and_answered_by_nobody(channel, platform, ann):
    message = callback_of(channel, platform, ann, "你好")
    method, more = platform.sealed(message)
    bare = {key: value for key, value in more.items() if key in ("data", "json")}
    assert post_once(platform, message, token="guessed").status == 403
    assert platform.run(platform.deliver_once(lambda: (method, bare))).status == 403
    for body in (b"", b"{", b"\xff\xfe", b"<xml>", b"[" * 100_000, b"x" * 400_000):
        broken = {**{key: value for key, value in more.items() if key not in ("data", "json")}, "data": body}
        assert platform.run(platform.deliver_once(lambda broken=broken: (method, broken))).status in (403, 413)
    assert platform.to(ann) == []


@pytest.mark.parametrize("channel", TIMED)
def test_a_stale_callback_is_refused(channel, platform, ann):
    message = callback_of(channel, platform, ann, "你好")
    assert post_once(platform, message, at=int(time.time()) - 7200).status == 403
    assert post_once(platform, message, at=int(time.time()) + 7200).status == 403
    assert platform.to(ann) == []


@pytest.mark.parametrize("channel", PROVEN)
def test_the_console_proves_the_address_and_nobody_else_does(channel, platform):
    assert "echo-123" in platform.prove().body
    assert platform.prove(token="another").status == 403


def test_faults_of_the_platform_lose_nothing_and_double_nothing(platform, ann):
    platform.say(ann, "再见")
    platform.wait(ann, 1)
    platform.faults[:] = [500, 503, 429]
    platform.say(ann, "我是谁")
    platform.say(ann, "再见")
    assert texts(platform.wait(ann, 3)) == ["再见，欢迎再来。", "您还没有登录。", "再见，欢迎再来。"]
    assert platform.faults == []


@pytest.mark.parametrize("channel", RENEWED)
def test_a_token_that_ends_in_mid_talk_is_renewed_once(channel, platform, ann):
    if channel == "dingtalk":
        platform.session_s = 0  # by batch send, which needs a token
    try:
        platform.say(ann, "再见")
        platform.wait(ann, 1)
        asked = platform.token_requests
        platform.expire_tokens()
        for at in range(5):
            platform.say(f"{ann}{at}", "再见")
        for at in range(5):
            platform.wait(f"{ann}{at}", 1)
        assert platform.token_requests == asked + 1
    finally:
        platform.session_s = 3600.0


def test_messages_in_a_row_are_answered_in_their_order(platform, ann):
    platform.say(ann, "填表")
    platform.say(ann, "两件")
    platform.say(ann, "红色")
    assert texts(platform.wait(ann, 3)) == ["要几件？", "什么颜色？", "好的，两件 件，红色。"]


def test_a_person_takes_over_speaks_hands_back_and_is_rated(chat, channel, platform, ann):
    sender = sender_of(channel, ann)
    platform.say(ann, "我是谁")
    platform.wait(ann, 1)
    helper = chat.shop.agents.add(f"wang{ann}", "小王", "a long password", "agent")
    view = chat.shop.handoffs.request(sender, None, "asked")
    chat.shop.handoffs.accept(view.id, "小王", helper.id)
    platform.say(ann, "再见")  # only the person reads it
    deadline = time.monotonic() + 60
    while [one.body.get("text") for one in chat.shop.messages.history(sender)][-1] != "再见":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    chat.shop.desk.speak(sender, helper, {"text": "我来帮您"}, "d1")
    chat.shop.desk.speak(sender, helper, {"text": "我来帮您"}, "d1")
    await_words(platform, ann, "【客服 小王】我来帮您")
    chat.shop.handoffs.close(view.id, "solved")
    await_words(platform, ann, "非常满意")
    platform.press(ann, "非常满意")
    await_words(platform, ann, "感谢您的评价")
    assert chat.shop.handoffs.get(view.id).rating == 5
    platform.say(ann, "你好")
    await_words(platform, ann, "请问有什么可以帮您")
    words = "".join(texts(platform.to(ann)))
    assert "欢迎再来" not in words
    assert words.count("我来帮您") == 1


def test_words_of_a_campaign_reach_the_customer_from_another_process(chat, channel, platform, ann):
    platform.say(ann, "再见")
    platform.wait(ann, 1)
    key = f"campaign:{channel}"
    post = chat.shop.outbox.post
    assert post(channel, sender_of(channel, ann), [{"text": "双十一券已到账"}], "campaign", key) is not None
    assert post(channel, sender_of(channel, ann), [{"text": "双十一券已到账"}], "campaign", key) is None
    await_words(platform, ann, "双十一券")
    post(channel, sender_of(channel, "nobody"), [{"text": "谁"}], "campaign")
    deadline = time.monotonic() + 60
    while not any(one.sender_id == sender_of(channel, "nobody") for one in chat.shop.outbox.dead_letters()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_zzz_no_quota_was_exceeded_and_no_log_holds_a_secret(chat):
    """The last: after all the others' talks."""
    assert [one.too_many for one in chat.platforms.values()] == [0] * len(FAKES)
    logs = "".join(chat.tiny.log(name) for name in ("rasa", "actions", "web"))
    secrets = {
        str(value)
        for one in chat.platforms.values()
        for key, value in one.credentials().items()
        if str(value).startswith(("secret", "xoxb")) or key in ("encoding_aes_key", "access_token")
    }
    assert len(secrets) >= 12
    held = [one for one in secrets if one in logs] + [
        token for one in chat.platforms.values() for token in one.tokens if token in logs
    ]
    assert held == []
