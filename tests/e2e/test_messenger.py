"""The whole bot behind a simulated WeChat: a customer's day, over real HTTP."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from bot.channels.arrival import sender_of
from shop.database import Database
from shop.front import Shop
from shop.privacy import Cipher
from shop.settings import ROOT
from shop.states import OrderState
from tests.e2e.conftest import SECRET
from tests.e2e.harness import BotServer, settings_for
from tests.e2e.scene import PHONE, build_scene
from tests.fakes.wechat import SECRETS, FakeWeChat
from tests.integration.chat import photo

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wechat(model: None, tmp_path_factory: pytest.TempPathFactory):
    """The simulated WeChat with the whole bot behind it; ``wechat.bot`` is the server."""
    folder: Path = tmp_path_factory.mktemp("wechat-bot")
    settings = settings_for(folder, SECRET, service_hours="0:00-24:00")
    database = Database(settings.database_address)
    database.create_all()
    server = BotServer(folder, Shop(settings, database, Cipher(SECRET)))
    server.scene = build_scene(server.shop)
    with FakeWeChat() as fake:
        sections = yaml.safe_load((ROOT / "credentials.yml").read_text(encoding="utf-8"))
        sections["bot.channels.wechat.WeChatInput"] = fake.credentials()
        server.credentials = folder / "credentials.yml"
        server.credentials.write_text(yaml.safe_dump(sections), encoding="utf-8")
        fake.callback = f"http://127.0.0.1:{settings.rasa_port}/webhooks/wechat/callback"
        fake.bot = server
        try:
            server.start()
            yield fake
        finally:
            server.stop()
            database.dispose()


class Phone:
    """One customer's WeChat."""

    def __init__(self, wechat: FakeWeChat, name: str) -> None:
        self.wechat, self.name = wechat, name

    def hear(self, act, *words: str) -> str:
        """Do something and read what comes, until these words are in it."""
        before = len(self.wechat.to(self.name))
        assert act().body == "success"
        deadline = time.monotonic() + 60
        while True:
            heard = "\n".join(one.text for one in self.wechat.to(self.name)[before:])
            if heard and all(word in heard for word in words):
                return heard
            assert time.monotonic() < deadline, f"no {words} in {heard!r}"
            time.sleep(0.05)

    def say(self, text: str, *words: str) -> str:
        return self.hear(lambda: self.wechat.say(self.name, text), *words)


def test_a_follower_links_asks_for_orders_chooses_by_number_and_cancels(wechat):
    scene = wechat.bot.scene
    customer, (order,) = scene.newcomer(OrderState.PAID)
    phone = Phone(wechat, "oLinked")
    code = wechat.bot.shop.link_codes.issue(customer.id)
    phone.hear(lambda: wechat.event(phone.name, "subscribe", f"qrscene_{code}"), "绑定")
    phone.say("取消订单", "原因")
    phone.say("不想要了", "确认")
    phone.hear(
        lambda: wechat.press(phone.name, next(one for one in wechat.to(phone.name)[-1].buttons if "确认" in one)),
        "已取消",
    )
    assert scene.shop.orders.get(customer.id, order.number).state is OrderState.CANCELLED


def test_a_guest_proves_an_order_by_number_and_phone_and_stays_linked(wechat):
    _, (order,) = wechat.bot.scene.newcomer(OrderState.SHIPPED)
    phone = Phone(wechat, "oGuest")
    phone.say("我的快递到哪了", "订单号")
    phone.say(order.number, "后四位")
    phone.say(PHONE[-4:], "核对好了", "顺丰速运")
    assert wechat.bot.shop.identity.who(sender_of("wechat", phone.name)) == order.customer_id


def test_a_list_is_numbered_and_the_number_leads_on(wechat):
    phone = Phone(wechat, "oNumber")
    customer, _ = wechat.bot.scene.newcomer(OrderState.PAID, OrderState.DELIVERED)
    code = wechat.bot.shop.link_codes.issue(customer.id)
    phone.hear(lambda: wechat.event(phone.name, "SCAN", code), "绑定")
    heard = phone.say("我的订单", "1. ", "2. ", "回复")
    assert "http" not in heard
    phone.say("1", "订单")


def test_a_picture_is_answered(wechat):
    phone = Phone(wechat, "oPicture")
    assert phone.hear(lambda: wechat.show(phone.name, photo()))


def test_a_person_is_asked_for_answers_and_is_rated(wechat):
    shop, phone = wechat.bot.shop, Phone(wechat, "oPerson")
    sender = sender_of("wechat", phone.name)
    phone.say("转人工")
    view = shop.handoffs.current(sender)
    assert view is not None
    helper = shop.agents.add("li", "小李", "a long password", "agent")
    shop.handoffs.accept(view.id, "小李", helper.id)
    before = len(wechat.to(phone.name))
    wechat.say(phone.name, "我的耳机坏了")
    shop.desk.speak(sender, helper, {"text": "马上给您换一副"}, "d1")
    deadline = time.monotonic() + 60
    while not any("【客服 小李】马上给您换一副" in one.text for one in wechat.to(phone.name)[before:]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    shop.handoffs.close(view.id, "solved")
    while "非常满意" not in wechat.to(phone.name)[-1].buttons:
        assert time.monotonic() < deadline + 60
        time.sleep(0.05)
    phone.say("5", "评价")
    assert shop.handoffs.get(view.id).rating == 5


def test_zzz_no_log_names_anybody_or_holds_a_secret(wechat):
    """The last: after the others' talks."""
    logs = wechat.bot.logs()
    held = [one for one in (PHONE, *SECRETS.values(), *wechat.tokens) if one in logs]
    assert held == []
    assert wechat.too_many == 0
