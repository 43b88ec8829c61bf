"""Guests prove who they are by order number and phone tail; nobody learns whose an order is."""

from __future__ import annotations

import pytest

from shop.settings import Settings
from shop.states import OrderState
from tests.e2e.harness import Answer, BotServer
from tests.e2e.scene import OTHER_PHONE, PHONE, Scene

pytestmark = [pytest.mark.model, pytest.mark.slow]
UNKNOWN = "2025010188888888"


def without(answer: Answer, number: str) -> tuple[str, list[str]]:
    """What was said and offered, the number taken out."""
    return answer.text.replace(number, "#"), sorted(answer.buttons)


def test_a_guest_proves_an_order_and_is_told_where_it_is(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer(OrderState.SHIPPED)
    talk = bot.guest()
    talk.say("我的快递到哪了").has("订单号").has_no("顺丰")
    talk.say(order.number).has("后四位")
    talk.say(PHONE[-4:]).has("核对好了", "顺丰速运")
    talk.say("啥时候发的货").has(order.number)


def test_a_guest_may_give_both_proofs_at_once(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    talk = bot.guest()
    talk.say("我要取消订单").has("订单号")
    talk.say(f"{order.number}，尾号{PHONE[-4:]}").has("核对好了", order.number, "原因")
    talk.say("不想要了").offers("确认")
    talk.say("确认").has("已取消")
    assert scene.shop.orders.get(order.customer_id, order.number).state is OrderState.CANCELLED


def test_a_number_and_four_digits_without_a_word_are_both_proofs(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    talk = bot.guest()
    talk.say("查个快递").has("订单号")
    talk.say(f"{order.number} {PHONE[-4:]}").has("核对好了", order.number)


def test_a_guest_who_proves_nothing_is_never_met_with_silence_and_gets_a_person_when_angry(
    bot: BotServer, scene: Scene
):
    talk = bot.guest()
    talk.say("查个快递").has("订单号")
    for words in ("改成两件", "收货人换成我老婆", "取消这单", "点错了 恢复一下", "少发了一件"):
        assert talk.say(words).text
    talk.say("垃圾店铺 再也不来了")
    talk.say("转人工！！！").has("第", "位")
    assert scene.shop.handoffs.current(talk.sender) is not None


def test_general_questions_need_no_proof(bot: BotServer, scene: Scene):
    talk = bot.guest()
    talk.say("你好").offers("我的订单")
    talk.say("声悦降噪蓝牙耳机多少钱").has("¥299")
    talk.say("多久发货").has(f"{Settings().ship_within_hours} 小时")
    talk.say("怎么退货，运费谁出").has_no("订单号（16 位数字）")


def test_wrong_proofs_are_limited_and_then_even_the_right_one_waits(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    talk = bot.guest()
    talk.say("我的订单").has("订单号")
    for _ in range(Settings().verify_tries):
        talk.say(f"{order.number} 尾号0000").has("对不上").has_no("¥")
    talk.say(f"{order.number} 尾号{PHONE[-4:]}").has("次数太多").has_no("¥")
    with scene.shop.database.read() as session:
        from shop.models import Conversation

        assert session.get(Conversation, talk.sender).linked_id is None


def test_tries_on_one_order_count_together_whoever_makes_them(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    for place in range(Settings().verify_tries):
        talk = bot.guest()
        talk.say("我的订单").has("订单号")
        talk.say(f"{order.number} 尾号000{place}").has("对不上")
    talk = bot.guest()
    talk.say("我的订单")
    talk.say(f"{order.number} 尾号{PHONE[-4:]}").has("次数太多")


def test_to_a_guest_a_foreign_order_and_an_unknown_one_read_the_same(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    said = []
    for number in (order.number, UNKNOWN):
        talk = bot.guest()
        asked = talk.say(f"查一下订单{number}")
        wrong = talk.say(f"{number} 尾号{OTHER_PHONE[-4:]}")
        said.append([without(one, number) for one in (asked, wrong)])
    assert said[0] == said[1]


@pytest.mark.parametrize("question", ["查一下订单{}", "取消订单{}", "{}到哪了", "给{}开发票", "{}改地址", "{}我要退货"])
def test_to_a_customer_a_foreign_order_and_an_unknown_one_read_the_same(bot: BotServer, scene: Scene, question: str):
    customer, _ = scene.newcomer()
    foreign = scene.number("foreign")
    said = [without(bot.customer(customer).say(question.format(number)), number) for number in (foreign, UNKNOWN)]
    assert said[0] == said[1]
    assert "没有查到" in said[0][0]


def test_the_proof_of_one_order_opens_only_its_customers_orders(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    talk = bot.guest()
    talk.say("我的订单")
    talk.say(f"{order.number} 尾号{PHONE[-4:]}").has("核对好了")
    talk.say(f"取消订单{scene.number('foreign')}").has("没有查到")
    talk.say("我的订单").has(order.number).has_no(scene.number("foreign"), scene.number("dress"))
