"""Which order or product is meant."""

from __future__ import annotations

import time
from typing import Any

import pytest

from actions.picking import chosen, let_choose, pick_order
from actions.picking_goods import find_products, pick_product
from actions.turn import FOCUS_S
from shop.errors import NotIdentified, OrderNotFound
from shop.states import OrderState
from tests.unit.actions.fakes import FakeCatalogue, FakeShop, card, entity, line, order, said, turn

FIRST, SECOND, THIRD = "2025010100000001", "2025010100000002", "2025010100000003"
PAID = (OrderState.PAID,)


def shown(*values: str, kind: str = "order") -> dict[str, Any]:
    return {"choices": {"kind": kind, "values": list(values)}}


def focus(kind: str, value: str, ago: float = 0) -> dict[str, Any]:
    return {f"focus_{kind}": {"value": value, "at": int(time.time() - ago)}}


def three() -> FakeShop:
    return FakeShop(order(FIRST), order(SECOND), order(THIRD, OrderState.DELIVERED))


def test_a_named_order_is_taken_whatever_its_state():
    one = turn(three(), f"取消{THIRD}", "cancel_order", entity("order_no", THIRD))
    picked = pick_order(one, PAID, "action_x")
    assert picked is not None
    assert picked.number == THIRD
    assert said(one).messages == []


def test_an_order_that_is_not_theirs_is_not_found():
    with pytest.raises(OrderNotFound):
        pick_order(turn(three(), "2025999999999999", "inform", entity("order_no", "2025999999999999")), PAID, "x")


def test_a_guest_picks_nothing():
    with pytest.raises(NotIdentified):
        pick_order(turn(FakeShop(order(), customer=None), "订单", "order_status"), PAID, "x")


def test_the_only_order_in_a_fitting_state_is_taken_without_a_question():
    one = turn(FakeShop(order(FIRST), order(SECOND, OrderState.SHIPPED)), "取消", "cancel_order")
    picked = pick_order(one, PAID, "action_x")
    assert picked is not None
    assert picked.number == FIRST
    assert one.focused("order") == FIRST


def test_several_orders_are_shown_with_buttons_and_remembered():
    one = turn(three(), "取消订单", "cancel_order")
    assert pick_order(one, PAID, "action_start_cancel") is None
    answer = said(one)
    assert answer.slots["choices"] == {"kind": "order", "values": [FIRST, SECOND], "then": "action_start_cancel"}
    assert answer.slots["resume"] == "action_start_cancel"
    cards = answer.messages[1]["custom"]["items"]
    assert [each["buttons"][0]["payload"] for each in cards] == [FIRST, SECOND]
    assert "2." in answer.text, "the plain form is numbered too"


@pytest.mark.parametrize(("position", "wanted"), [(1, FIRST), (2, SECOND), (-1, SECOND), ("newest", FIRST)])
def test_an_ordinal_takes_that_choice(position: Any, wanted: str):
    one = turn(three(), "第二个", "inform", entity("ordinal", position), slots=shown(FIRST, SECOND))
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == wanted


@pytest.mark.parametrize("position", [3, 99, -3])
def test_an_ordinal_beyond_the_list_takes_nothing(position: int):
    assert (
        chosen(turn(three(), "第三个", "inform", entity("ordinal", position), slots=shown(FIRST, SECOND)), "order")
        is None
    )


def test_an_ordinal_means_only_what_was_shown_of_its_kind():
    assert (
        chosen(turn(three(), "第一个", "inform", entity("ordinal", 1), slots=shown("p1", kind="product")), "order")
        is None
    )
    assert chosen(turn(three(), "第一个", "inform", entity("ordinal", 1)), "order") is None


def test_it_means_the_order_of_before():
    one = turn(three(), "那把它取消吧", "cancel_order", slots=focus("order", SECOND))
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == SECOND


def test_it_means_the_order_of_before_even_when_it_can_not_be_done_to_it():
    one = turn(three(), "那把它取消吧", "cancel_order", slots=focus("order", THIRD))
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == THIRD, "the refusal must be about the order that was meant"


def test_without_a_pronoun_an_order_of_before_that_does_not_fit_is_passed_over():
    one = turn(
        FakeShop(order(FIRST), order(THIRD, OrderState.DELIVERED)),
        "取消订单",
        "cancel_order",
        slots=focus("order", THIRD),
    )
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == FIRST


def test_the_order_of_before_is_forgotten_after_a_while():
    one = turn(three(), "那把它取消吧", "cancel_order", slots=focus("order", SECOND, FOCUS_S + 5))
    assert one.focused("order") is None
    assert pick_order(one, PAID, "x") is None
    assert said(one).names == ["utter_choose_order"]


def test_goods_in_the_message_win_over_the_order_of_before():
    shop = FakeShop(
        order(FIRST, OrderState.PAID, line(name="华为手机")), order(SECOND, OrderState.PAID, line(name="连衣裙"))
    )
    one = turn(shop, "那件连衣裙取消", "cancel_order", entity("product", "p1", "连衣裙"), slots=focus("order", FIRST))
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == SECOND


@pytest.mark.parametrize("orders", [[order(FIRST)], [order(FIRST), order(SECOND)]])
def test_goods_that_no_order_holds_are_said_so_and_no_other_order_is_taken_for_theirs(orders):
    one = turn(FakeShop(*orders), "空气炸锅坏了", "quality_problem", entity("category", "fryer", "空气炸锅"))
    assert pick_order(one, PAID, "action_x") is None
    assert (said(one).names, one.slot("resume")) == (["utter_no_order_of"], "action_x")
    assert "空气炸锅" in said(one).text
    assert one.shown["values"] == [each.number for each in orders]


def test_a_products_own_name_means_no_order_of_a_similar_product():
    similar = order(FIRST, OrderState.PAID, line(name="连衣裙 新款", code="p2"))
    shop = FakeShop(similar, order(SECOND, OrderState.PAID, line(name="连衣裙", code="p1")))
    picked = pick_order(turn(shop, "连衣裙取消", "cancel_order", entity("product", "p1", "连衣裙")), PAID, "x")
    assert picked is not None
    assert picked.number == SECOND


def test_a_customer_without_orders_is_told_so():
    one = turn(FakeShop(), "我的订单", "order_status")
    assert pick_order(one, PAID, "x") is None
    assert said(one).names == ["utter_no_orders"]


def test_the_newest_order_is_taken_when_none_is_in_a_fitting_state():
    one = turn(
        FakeShop(order(THIRD, OrderState.DELIVERED), order(FIRST, OrderState.COMPLETED)), "取消订单", "cancel_order"
    )
    picked = pick_order(one, PAID, "x")
    assert picked is not None
    assert picked.number == THIRD


def test_one_product_in_the_message_is_taken():
    shop = FakeShop(products=[card("p1", "蓝牙耳机A"), card("p2", "蓝牙耳机B")])
    one = turn(shop, "蓝牙耳机B多少钱", "ask_price", entity("product", "p2", "蓝牙耳机B"))
    assert pick_product(one, "x") == "p2"
    assert one.focused("product") == "p2"


def test_it_means_the_product_of_before():
    shop = FakeShop(products=[card("p1", "蓝牙耳机A"), card("p2", "蓝牙耳机B")])
    assert pick_product(turn(shop, "有货吗", "ask_stock", slots=focus("product", "p2")), "x") == "p2"


def test_other_goods_in_the_message_win_over_the_product_of_before():
    shop = FakeShop(products=[card("p1", "连衣裙"), card("p2", "耳机")])
    one = turn(shop, "连衣裙有货吗", "ask_stock", entity("category", "c1", "连衣裙"), slots=focus("product", "p2"))
    assert pick_product(one, "x") == "p1"


def test_several_products_are_shown_and_remembered():
    shop = FakeShop(products=[card("p1", "蓝牙耳机A"), card("p2", "蓝牙耳机B")])
    one = turn(shop, "蓝牙耳机多少钱", "ask_price", entity("category", "c1", "蓝牙耳机"))
    assert pick_product(one, "action_ask_price") is None
    assert said(one).slots["choices"]["values"] == ["p1", "p2"]
    assert said(one).slots["resume"] == "action_ask_price"


def test_a_product_nobody_has_is_asked_for():
    one = turn(FakeShop(products=[]), "多少钱", "ask_price")
    assert pick_product(one, "action_ask_price") is None
    assert said(one).names == ["utter_which_product"]


@pytest.mark.parametrize(("position", "wanted"), [("cheapest", "p2"), ("priciest", "p3"), (2, "p2"), (-1, "p3")])
def test_the_cheapest_and_the_dearest_are_found_among_what_was_shown(position: Any, wanted: str):
    shop = FakeShop(products=[card("p1", "A", 200), card("p2", "B", 100), card("p3", "C", 300)])
    one = turn(shop, "最便宜那个", "inform", entity("ordinal", position), slots=shown("p1", "p2", "p3", kind="product"))
    assert pick_product(one, "x") == wanted


def test_wishes_of_the_message_reach_the_search():
    shop = FakeShop(products=[card()])
    wish = entity("price_range", {"min_fen": None, "max_fen": 30000}, "300以内")
    find_products(turn(shop, "300以内红色的裙子", "search_product", wish, entity("color", "红色")), 3)
    asked = shop.catalogue.searches[-1]
    assert (asked["price_max_fen"], asked["price_min_fen"], asked["color"], asked["limit"]) == (30000, None, "红色", 3)


@pytest.mark.parametrize("text", ["有货吗", "多少钱呢？", "这个还有现货没", "有没有货啊"])
def test_a_question_without_its_goods_asks_which_and_searches_nothing(text: str):
    shop = FakeShop()
    shop.catalogue = FakeCatalogue(card("P1", "坚果年货礼盒"), card("P2", "月饼礼盒"))
    one = turn(shop, text, "ask_stock")
    assert pick_product(one, "action_ask_stock") is None
    assert (said(one).names, one.slot("resume")) == (["utter_which_product"], "action_ask_stock")
    listed = turn(shop, text, "ask_stock", slots=shown("P1", "P2", kind="product"))
    assert pick_product(listed, "action_ask_stock") is None
    assert said(listed).names == ["utter_still_which"]
    assert shop.catalogue.searches == []


POTS = (card("P1", "米芽 智能电饭煲 4 升"), card("P2", "米芽 迷你电饭煲 1.6 升"), card("P3", "米芽 低糖电饭煲 3 升"))


@pytest.mark.parametrize(("text", "meant"), [("3升够用吗", "P3"), ("1.6升的够几个人吃", "P2")])
def test_a_measure_means_the_one_of_the_list_that_bears_it(text: str, meant: str):
    shop = FakeShop()
    shop.catalogue = FakeCatalogue(*POTS, card("P4", "乒乓球拍"))
    assert pick_product(turn(shop, text, "ask_attribute", slots=shown("P1", "P2", "P3", kind="product")), "x") == meant


def test_words_that_name_no_goods_are_about_the_list_and_those_that_do_are_not():
    shop = FakeShop()
    shop.catalogue = FakeCatalogue(*POTS, card("P4", "旷野营地 登山杖"))
    listed = shown("P1", "P2", "P3", kind="product")
    shop.catalogue.search = lambda *_, **__: [POTS[0]]  # what a search makes of "is it easy to wash"
    one = turn(shop, "好不好洗", "ask_attribute", slots=listed)
    assert pick_product(one, "x") is None
    assert said(one).names == ["utter_still_which"]
    shop.catalogue.search = lambda *_, **__: [shop.catalogue.all[-1]]
    assert pick_product(turn(shop, "登山杖能伸缩吗", "ask_attribute", slots=listed), "x") == "P4"


def test_a_new_list_takes_the_place_of_the_product_talked_about_before():
    one = turn(FakeShop(), "有货吗", "ask_stock", slots=focus("product", "P9"))
    let_choose(one, "product", ["P1", "P2"], "action_product")
    assert one.focused("product") is None
    again = turn(FakeShop(), "有货吗", "ask_stock", slots=focus("product", "P2"))
    let_choose(again, "product", ["P1", "P2"], "action_product")
    assert again.focused("product") == "P2"
