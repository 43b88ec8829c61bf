"""The whole bot behind every simulated messenger: a customer's good day and bad day, over real HTTP.

One Rasa server serves all channels. What each platform does wrong stands in
``test_a_bad_day_loses_nothing_and_doubles_nothing``.
"""

from __future__ import annotations

import itertools
import json
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from bot.channels.arrival import sender_of
from shop.database import Database
from shop.demo.pictures import draw
from shop.front import Shop
from shop.models import ChannelInbox, ChannelOutbox
from shop.privacy import Cipher
from shop.settings import ROOT
from shop.states import OrderState
from tests.e2e.conftest import SECRET
from tests.e2e.harness import BotServer, settings_for
from tests.e2e.scene import NAME, PHONE, build_scene
from tests.fakes.registry import FAKES
from tests.fakes.words import callback_of, post_once, written_at
from tests.waiting import until

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
PATIENCE_S = 120
TIMED = ("wechat", "wecom", "wecom_kf", "dingtalk", "feishu", "slack")  # whose callbacks carry a signed time
_people = itertools.count(8001)


class Chat:
    """The whole bot; ``platforms`` by channel."""

    def __init__(self, folder: Path) -> None:
        # On a loaded machine the first look at a picture takes long: no part of what is tested here.
        self.settings = settings_for(folder, SECRET, action_timeout_s=45.0, turn_timeout_s=50.0)
        self._stack = ExitStack()
        database = Database(self.settings.database_address)
        database.create_all()
        self._stack.callback(database.dispose)
        self.shop = Shop(self.settings, database, Cipher(SECRET))
        self.server = BotServer(folder, self.shop)
        self.scene = build_scene(self.shop)
        self.photo = self._pictured()
        self.platforms = {}

    def __enter__(self):
        sections = yaml.safe_load((ROOT / "credentials.yml").read_text(encoding="utf-8"))
        for name, (path, make) in FAKES.items():
            fake = self._stack.enter_context(make())
            fake.callback = f"http://127.0.0.1:{self.settings.rasa_port}/webhooks/{name}/callback"
            sections[path] = fake.credentials()
            self.platforms[name] = fake
        self.server.credentials = self.server.folder / "credentials.yml"
        self.server.credentials.write_text(yaml.safe_dump(sections), encoding="utf-8")
        self._stack.callback(self.server.stop)
        self.server.start()
        return self

    def __exit__(self, *what):
        self._stack.__exit__(*what)

    def _pictured(self) -> bytes:
        """Give two products a picture each; the first one's is what customers photograph."""
        icons = json.loads((ROOT / "data" / "shop" / "icons.json").read_text(encoding="utf-8"))["icons"]
        bodies = [draw(f"p{at}", icons[name], 90 * at) for at, name in enumerate(("headphone", "teapot"))]
        for body, product in zip(bodies, ("earphone", "mug"), strict=True):
            self.scene.build.picture(self.scene.products[product], body)
        return bodies[0]

    def pause_actions(self, how: signal.Signals) -> None:
        """Stop the action server, or let it go on: what is asked meanwhile waits in mid-turn."""
        self.server.signal_server("actions", how)


@pytest.fixture(scope="module")
def chat(model: None, tmp_path_factory: pytest.TempPathFactory):
    with Chat(tmp_path_factory.mktemp("messengers")) as made:
        yield made


@pytest.fixture(params=list(FAKES))
def phone(request, chat):
    chat.platforms[request.param].faults.clear()
    return Phone(chat, request.param)


class Phone:
    """One customer's messenger."""

    def __init__(self, chat: Chat, channel: str) -> None:
        self.chat, self.channel, self.platform = chat, channel, chat.platforms[channel]
        self.name = str(next(_people))
        self.sender = sender_of(channel, self.name)

    def hear(self, act, *words: str) -> str:
        """Do something and read what comes, until these words are in it."""
        before = len(self.platform.to(self.name))
        assert act().status == 200
        return self.await_words(before, *words)

    def await_words(self, before: int, *words: str) -> str:
        def heard() -> str:
            return "\n".join(one.text for one in self.platform.to(self.name)[before:])

        def complete() -> str:
            text = heard()
            return text if all(word in text for word in words) else ""

        return until(complete, lambda: f"no {words} in {heard()!r}", PATIENCE_S)

    def say(self, text: str, *words: str) -> str:
        return self.hear(lambda: self.platform.say(self.name, text), *words)

    def press(self, title: str, *words: str) -> str:
        return self.hear(lambda: self.platform.press(self.name, title), *words)

    def history(self, *directions: str) -> list[str]:
        kept = self.chat.shop.messages.history(self.sender, limit=200)
        return [str(one.body.get("text") or "") for one in kept if one.direction in directions]

    def asked_in_order(self, *texts: str) -> None:
        """Wait until these are the newest messages of the customer that were heard."""
        until(lambda: self.history("in")[-len(texts) :] == list(texts), lambda: self.history("in"), PATIENCE_S)

    def handoff(self):
        """The talk's handoff, as soon as there is one."""
        return until(lambda: self.chat.shop.handoffs.current(self.sender), seconds=PATIENCE_S)

    def _is_quiet(self) -> bool:
        """Whether every message was answered, and every answer was sent."""
        with self.chat.shop.database.read() as session:
            asked = session.query(ChannelInbox).filter_by(sender_id=self.sender, state="new").count()
            answered = session.query(ChannelOutbox).filter_by(sender_id=self.sender).filter_by(state="waiting").count()
        return not asked and not answered

    def nothing_is_lost_or_doubled(self) -> None:
        """Everything that stands in the history reached the customer as often as it stands there."""
        until(self._is_quiet, seconds=PATIENCE_S)
        words = "\n".join(one.text for one in self.platform.to(self.name))
        spoken = [text for text in self.history("out", "agent", "sys") if text]
        for text in set(spoken):
            inside = sum(text in other for other in spoken)
            assert words.count(text) == inside, (text, words)
        assert [one for one in self.chat.shop.outbox.dead_letters() if one.sender_id == self.sender] == []
        assert self.platform.too_many == 0


def test_a_customers_day_from_the_first_word_to_the_rating(chat, phone):
    shop, platform = chat.shop, phone.platform
    customer, (order,) = chat.scene.newcomer(OrderState.SHIPPED)
    phone.hear(lambda: platform.follow(phone.name))
    phone.say("我的快递到哪了", "订单号")
    phone.say(order.number, "后四位")
    phone.say(PHONE[-4:], "核对好了", "顺丰速运")
    assert shop.identity.who(phone.sender) == customer.id
    phone.say("我的订单", order.number)
    phone.hear(lambda: platform.show(phone.name, chat.photo), "声悦降噪蓝牙耳机")
    phone.say("转人工")
    view = phone.handoff()
    helper = shop.agents.add(f"li{phone.name}", "小李", "a long password", "agent")
    shop.handoffs.accept(view.id, "小李", helper.id)
    before = len(platform.to(phone.name))
    platform.say(phone.name, "我的耳机坏了")
    phone.asked_in_order("转人工", "我的耳机坏了")
    shop.desk.speak(phone.sender, helper, {"text": "马上给您换一副"}, "d1")
    shop.desk.speak(phone.sender, helper, {"text": "马上给您换一副"}, "d1")
    phone.await_words(before, "【客服 小李】马上给您换一副")
    shop.handoffs.close(view.id, "solved")
    phone.await_words(before, "非常满意")
    phone.press("非常满意", "评价")
    assert shop.handoffs.get(view.id).rating == 5
    platform.say(phone.name, "你好")
    phone.asked_in_order("你好")
    phone.nothing_is_lost_or_doubled()


def test_a_bad_day_loses_nothing_and_doubles_nothing(chat, phone):
    platform, channel = phone.platform, phone.channel
    customer, (order,) = chat.scene.newcomer(OrderState.SHIPPED)
    _refuses_what_is_not_the_platforms(phone)
    phone.hear(lambda: platform.follow(phone.name, chat.shop.link_codes.issue(customer.id)), "绑定")

    platform.faults[:] = [500, 503]  # and each delivery comes twice, then once more a while after its answer
    question = written_at(channel, platform, phone.name, "我的快递到哪了", time.time())
    phone.hear(lambda: _twice(platform, channel, question), "顺丰速运")
    assert platform.faults == []
    _twice(platform, channel, question)

    platform.expire_tokens()
    if channel == "dingtalk":
        platform.session_s = 0  # by batch send, which needs a token; a session's own webhook needs none
    try:
        phone.say("我的订单", order.number)
    finally:
        if channel == "dingtalk":
            platform.session_s = 3600.0

    chat.pause_actions(signal.SIGSTOP)  # the customer's turn is under way when two messages come, the second one first
    try:
        now = time.time()
        first = written_at(channel, platform, phone.name, "有什么耳机", now - 30)
        late = written_at(channel, platform, phone.name, "怎么退货", now - 10)
        early = written_at(channel, platform, phone.name, "运费多少", now - 20)
        for message in (first, late, early):
            assert platform.push(message).status == 200
    finally:
        chat.pause_actions(signal.SIGCONT)
    platform.say(phone.name, "再见")
    phone.asked_in_order("我的快递到哪了", "我的订单", "有什么耳机", "运费多少", "怎么退货", "再见")
    assert len(phone.history("in")) == 6
    phone.nothing_is_lost_or_doubled()


def _refuses_what_is_not_the_platforms(phone: Phone) -> None:
    message = callback_of(phone.channel, phone.platform, phone.name, "你好")
    assert post_once(phone.platform, message, token="guessed").status == 403
    if phone.channel in TIMED:
        assert post_once(phone.platform, message, at=int(time.time()) - 7200).status == 403


def _twice(platform, channel, message):
    """Deliver a message and the very same request again, as a replay does."""
    if channel == "wecom_kf":
        platform.queue.append(message)
        platform.push(message)
        return platform.push()
    if hasattr(platform, "open"):
        platform.open(message)
    request = platform.sealed(message)
    platform.run(platform.deliver_once(lambda: request))
    return platform.run(platform.deliver_once(lambda: request))


def test_a_list_is_numbered_and_the_number_leads_to_a_cancelled_order(chat):
    phone = Phone(chat, "wechat")
    customer, orders = chat.scene.newcomer(OrderState.PAID, OrderState.DELIVERED)
    code = chat.shop.link_codes.issue(customer.id)
    phone.hear(lambda: phone.platform.event(phone.name, "SCAN", code), "绑定")
    assert "http" not in phone.say("我的订单", "1. ", "2. ", "回复")
    phone.say("1", "订单")
    phone.say("取消订单")
    phone.say(orders[0].number)
    phone.say("不想要了", "确认")
    phone.press(next(one for one in phone.platform.to(phone.name)[-1].buttons if "确认" in one), "已取消")
    assert chat.shop.orders.get(customer.id, orders[0].number).state is OrderState.CANCELLED


def test_zzz_no_log_names_anybody_or_holds_a_secret(chat):
    """The last: after the others' talks."""
    logs = chat.server.logs()
    secrets = {
        str(value)
        for one in chat.platforms.values()
        for key, value in one.credentials().items()
        if str(value).startswith(("secret", "xoxb")) or key in ("encoding_aes_key", "access_token")
    }
    assert len(secrets) >= 12
    tokens = {token for one in chat.platforms.values() for token in one.tokens}
    if not tokens:
        pytest.skip("no talk took place in this run, so there is nothing to be found: run the whole file")
    held = [one for one in (PHONE, NAME, SECRET, *secrets, *tokens) if one in logs]
    assert held == []
