"""The whole way in two real Chromium browsers: bot, anger, queue, agent, order, transfer, close, rating.

``CUT_S`` says for how long the network is cut (3 by default), ``WALK`` over which databases
(sqlite by default; ``make walk`` takes PostgreSQL too and cuts for 20), SHOTS=folder keeps pictures.
"""

from __future__ import annotations

import dataclasses
import os
import re
from typing import Any, Iterator

import pytest
from playwright.sync_api import Browser, expect

from shop.states import OrderState
from tests.cut_line import CutLine
from tests.e2e.harness import BotServer
from tests.e2e.people import AgentPage, CustomerPage, People, photo
from tests.e2e.scene import Scene
from tests.integration.browser import ARGUMENTS, CHROMIUM, launched, shot

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]
CUT_S = float(os.environ.get("CUT_S", "3"))
DATABASES = os.environ.get("WALK", "sqlite").split(",")
PASSWORD = "correct horse battery"
PHONE = {"width": 390, "height": 844}
SIZES = {"phone": (PHONE, {"width": 1280, "height": 800}), "desktop": ({"width": 1280, "height": 800}, {"width": 1920, "height": 1080})}  # fmt: skip


@pytest.fixture(scope="module")
def browsers() -> Iterator[list[Browser]]:
    """The customer's browser and the agents': they share nothing."""
    for first in launched():
        second = first.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield [first, second]
        second.close()


@pytest.fixture(scope="module")
def lines(bot: BotServer) -> Iterator[tuple[CutLine, CutLine]]:
    """What lies between the browsers and the servers: of the widget, of the desk."""
    with CutLine(bot.settings.rasa_port) as widget, CutLine(bot.settings.web_port) as desk:
        yield widget, desk


@pytest.fixture(scope="module")
def front(bot: BotServer, lines: tuple[CutLine, CutLine]) -> Iterator[BotServer]:
    """The bot with its web server and two agents; pages reach Rasa over the first line."""
    for login, name in (("xiaomei", "小美"), ("xiaoqiang", "小强")):
        bot.shop.agents.add(login, name, PASSWORD, "agent", ["any", "complaint", "order"])
    alone = bot.settings
    bot.settings = dataclasses.replace(alone, public_rasa_url=lines[0].address)
    bot.start_server("web")
    bot.settings = alone
    yield bot
    bot.kill_server("web")


@pytest.fixture
def people() -> Iterator[People]:
    made = People()
    yield made
    made.close()
    assert made.problems == []


@pytest.mark.parametrize("bot", DATABASES, indirect=True)
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_an_angry_customer_is_helped_by_two_people_and_nothing_is_lost(
    front: BotServer, scene: Scene, browsers: list[Browser], people: People, lines: tuple[CutLine, CutLine], size: str
):
    shop = front.shop
    for left in shop.handoffs.waiting():  # by the tests before, which share the shop
        shop.handoffs.leave(left.sender_id)
    person, (order,) = scene.newcomer()
    token = shop.identity.issue_token(person.id)
    front.tokens.append(token)
    small, wide = SIZES[size]
    web = f"http://localhost:{front.settings.web_port}"
    customer = CustomerPage(people.page(browsers[0], small, size == "phone"), web, token)

    def look(name: str, desk: AgentPage | None = None) -> None:
        shot(customer.page, f"{size}-{name}")
        if desk is not None:
            shot(desk.page, f"{size}-{name}-desk")

    # The bot answers; anger is met with an apology and the offer of a person.
    customer.say("我的订单到哪了")
    customer.hears(order.number)
    look("1-bot")
    customer.reload_loses_nothing()
    customer.say("怎么还没发货")
    customer.hears("还在备货")
    customer.say("垃圾店铺，气死我了")
    offer = customer.part(".reply").filter(has_text="转人工")
    expect(offer).to_have_count(1, timeout=60_000)
    look("2-offer")

    # Somebody is before them; then they are the first.
    ahead, _ = scene.newcomer()
    before = f"ahead-{size}"
    shop.handoffs.request(before, ahead.id, "anger", "any", 9)
    offer.click()
    banner = customer.part(".banner")
    expect(banner).to_contain_text("您排第 2 位")
    sender = shop.handoffs.waiting()[-1].sender_id
    look("3-queue")
    customer.reload_loses_nothing()
    shop.handoffs.leave(before)
    expect(banner).to_contain_text("您排第 1 位", timeout=60_000)

    # An agent sees them in the queue and takes the talk.
    mei = AgentPage(people.page(browsers[1], wide), lines[1].address, "xiaomei", PASSWORD)
    qiang = AgentPage(people.page(browsers[1], wide), lines[1].address, "xiaoqiang", PASSWORD)
    mei.page.get_by_role("tab", name=re.compile("排队")).click()
    mei.page.locator(f'[data-sender="{sender}"]').click()
    expect(mei.page.locator("#side")).to_contain_text("垃圾店铺")
    look("4-waiting", mei)
    mei.reload_loses_nothing()
    mei.act("accept")
    expect(banner).to_have_text("人工客服 小美 已接入", timeout=60_000)
    mei.say("您好，我是小美，让您久等了，我马上看。")
    customer.hears("我是小美")
    customer.say("终于有人了，请把备注改一下")
    mei.hears("终于有人了")
    mei.page.locator(".composer input[type=file]").set_input_files(photo("#c96"))
    expect(customer.part("img.picture")).to_have_count(1, timeout=60_000)
    customer.send_picture(photo("#69c"))
    expect(mei.page.locator(".message.in .picture img")).to_have_count(1, timeout=60_000)

    # The agent changes the order from the side panel, by the bot's own service.
    box = mei.page.locator(f'[data-order="{order.number}"]')
    box.locator('[data-act="note"]').click()
    mei.dialog(text="送货前打电话")
    expect(box).to_contain_text("送货前打电话", timeout=60_000)
    assert shop.orders.get(person.id, order.number).note == "送货前打电话"
    box.get_by_role("button", name="发给客户").click()
    expect(customer.part(".from-agent .card")).to_have_count(1, timeout=60_000)
    look("5-talk", mei)
    customer.reload_loses_nothing()
    mei.reload_loses_nothing()

    # The network breaks: what both say meanwhile arrives once, by itself.
    for line in lines:
        line.cut()
    for place in (1, 2):
        customer.say(f"断网时客户的第 {place} 句")
        mei.say(f"断网时客服的第 {place} 句")
    customer.page.wait_for_timeout(CUT_S * 1000)
    shop_heard = [one for one in texts(shop, sender) if "断网" in one]
    assert shop_heard == []  # it was cut indeed
    for line in lines:
        line.mend()
    for place in (1, 2):
        mei.hears(f"断网时客户的第 {place} 句")
        customer.hears(f"断网时客服的第 {place} 句")
    expect(mei.page.locator(".message.agent", has_text="断网时客服")).to_have_count(2)
    expect(customer.part(".from-me").filter(has_text="断网时客户")).to_have_count(2)
    kept = [one for one in texts(shop, sender) if "断网" in one]
    assert [one for one in kept if "客户" in one] == ["断网时客户的第 1 句", "断网时客户的第 2 句"]
    assert [one for one in kept if "客服" in one] == ["断网时客服的第 1 句", "断网时客服的第 2 句"]
    customer.reload_loses_nothing(in_order=False)
    mei.reload_loses_nothing()

    # A colleague goes on, with a note that the customer never sees.
    colleague = next(one.id for one in shop.agents.all() if one.login == "xiaoqiang")
    mei.act("transfer")
    mei.dialog(target=f"agent:{colleague}", note="客户很急，已改备注")
    expect(banner).to_have_text("人工客服 小强 已接入", timeout=60_000)
    qiang.page.locator(f'[data-sender="{sender}"]').click()
    expect(qiang.page.locator(".message.note")).to_contain_text("客户很急")
    qiang.say("我是小强，接着为您处理。")
    customer.hears("我是小强")
    customer.reload_loses_nothing()
    qiang.reload_loses_nothing()
    assert not any("客户很急" in one for one in customer.said())

    # The talk is closed and rated; the bot speaks again.
    qiang.act("close")
    qiang.dialog(tags="催单 安抚")
    expect(customer.part(".stars")).to_be_visible(timeout=60_000)
    customer.reload_loses_nothing()
    customer.part(".stars input").nth(4).check(force=True)
    customer.part(".form textarea").fill("很耐心")
    look("6-rating", qiang)
    customer.part(".form .primary").click()
    expect(customer.part(".thanks")).to_be_visible(timeout=60_000)
    customer.reload_loses_nothing()
    view = shop.handoffs.past(sender)[0]
    assert (view.close_reason, view.tags, view.rating) == ("solved", ("催单", "安抚"), 5)
    customer.say("你们发什么快递")
    expect(customer.part(".row.from-bot:not(.from-agent):not(.typing)").last).to_contain_text("快递", timeout=60_000)
    assert shop.orders.get(person.id, order.number).state is OrderState.PAID


def texts(shop: Any, sender: str) -> list[str]:
    """What the shop keeps of a conversation."""
    return [one.body.get("text") or "" for one in shop.messages.history(sender, 0, 200)]
