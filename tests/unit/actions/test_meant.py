"""Which of the customer's own orders the words of a message speak of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.meant import narrowed, orders_meant, said_states
from actions.picking import OPEN_STATES, PAID_FOR, UNSHIPPED, pick_order
from shop.states import OrderState
from tests.unit.actions.fakes import NOW, FakeShop, entity, line, order, said, turn

LAMP = order("2025010100000001", OrderState.PENDING_PAYMENT, line(name="拾光灯社 护眼台灯 Ra97"))
PHONE = order("2025010100000002", OrderState.PAID, line(name="屿客 Note 12 5G 手机"))
EARPHONES = order("2025010100000003", OrderState.DELIVERED, line(name="山岚 X3 Pro 降噪蓝牙耳机"))
CASE = order("2025010100000004", OrderState.SHIPPED, line(name="半途 20 寸登机箱"))
BAG = order("2025010100000005", OrderState.SHIPPED, line(name="蜗行 双肩背包"))
ALL = [LAMP, PHONE, EARPHONES, CASE]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("我买的灯呢", [LAMP]),
        ("台灯到哪了", [LAMP]),
        ("那个耳机坏了", [EARPHONES]),
        ("手机怎么还不发", [PHONE]),
        ("箱子什么时候到", [CASE]),
        ("查下箱子的订单", [CASE]),
        ("发到我邮箱", ALL),
        ("我的手机号写错了", ALL),
        ("我的包裹到哪了", [*ALL, BAG]),
        ("我的订单到哪了", ALL),
        ("", ALL),
    ],
)
def test_goods_are_known_by_the_end_of_their_name(text, meant):
    orders = [*ALL, BAG] if BAG in meant else ALL
    assert narrowed(orders, text) == meant


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("那个还没付款的", (OrderState.PENDING_PAYMENT,)),
        ("没发货的能取消不", (OrderState.PAID,)),
        ("在路上的那个", (OrderState.SHIPPED,)),
        ("取消订单", ()),
    ],
)
def test_where_an_order_stands_is_heard(text, states):
    assert said_states(text) == states


def test_the_order_that_the_words_describe_is_taken_though_another_is_in_focus():
    one = turn(FakeShop(*ALL), "那个还没付款的灯取消", "cancel_order")
    one.focus("order", CASE.number)
    picked = pick_order(one, UNSHIPPED, "action_x")
    assert picked is not None
    assert picked.number == LAMP.number


def test_goods_of_an_older_order_are_found_behind_the_newest():
    asked = []

    def listed(most: int):
        asked.append(most)
        return ([PHONE] * 5 + [LAMP])[:most]

    assert orders_meant(listed, "我买的灯坏了", 5) == [LAMP]
    assert orders_meant(listed, "退货", 5) == [PHONE] * 5
    assert asked == [5, 20, 5]


def test_goods_of_another_order_called_by_the_end_of_their_name_leave_the_order_in_focus():
    one = turn(FakeShop(*ALL, BAG), "我买的箱子能换个颜色不", "exchange_goods")
    one.focus("order", EARPHONES.number)
    picked = pick_order(one, PAID_FOR, "action_x")
    assert picked is not None
    assert picked.number == CASE.number
    still = turn(FakeShop(*ALL, BAG), "我买的耳机能换个颜色不", "exchange_goods")
    still.focus("order", EARPHONES.number)
    assert pick_order(still, PAID_FOR, "action_x").number == EARPHONES.number


def day_of(days_ago: int, word: str) -> dict[str, Any]:
    start = (NOW - timedelta(days=days_ago)).replace(hour=0, minute=0)
    span = {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat(), "grain": "day"}
    return entity("date", span, word)


TODAY = order("2025010100000011", OrderState.PAID, created_at=NOW)
BEFORE = order("2025010100000012", OrderState.PAID, created_at=NOW - timedelta(days=1))
GONE = order("2025010100000013", OrderState.SHIPPED, created_at=NOW - timedelta(days=2))
DAYS = FakeShop(TODAY, BEFORE, GONE)


@pytest.mark.parametrize(
    ("text", "days_ago", "meant"),
    [("昨天下的那单发了吗", 1, BEFORE), ("昨天晚上在你家买的呢", 1, BEFORE), ("前天买的不想要了", 2, GONE)],
)
def test_the_day_on_which_it_was_bought_tells_the_order(text, days_ago, meant):
    one = turn(DAYS, text, "cancel_order", day_of(days_ago, text[:2]))
    one.focus("order", TODAY.number)
    picked = pick_order(one, UNSHIPPED, "action_x")
    assert picked is not None
    assert picked.number == meant.number


@pytest.mark.parametrize(
    ("text", "days_ago"),
    [
        ("昨天就说发货，买的东西还没动", 1),  # a day of something else
        ("明天要用，我买的能到吗", -1),
        ("明天买的话啥时候到", -1),
        ("大前天下的那单呢", 3),  # nothing was bought then
    ],
)
def test_another_day_tells_no_order(text, days_ago):
    word = "大前天" if text.startswith("大") else text[:2]
    one = turn(DAYS, text, "order_status", day_of(days_ago, word))
    assert pick_order(one, OPEN_STATES, "action_x") is None
    assert said(one).messages[0]["response"] == "utter_choose_order"
