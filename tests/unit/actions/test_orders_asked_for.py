"""What is said while the bot has asked which of the orders shown is meant."""

from __future__ import annotations

from actions.aftersale import StartCase
from actions.cancel import StartCancel
from actions.chat import Deny
from actions.modify import StartModify
from actions.presale import SearchProduct
from shop.states import OrderState
from tests.unit.actions.fakes import FakeShop, entity, line, order, run, tracker
from tests.unit.actions.test_flows import NUMBER

UNSENT = "2025010100000002"
ORDERS = {"kind": "order", "values": [NUMBER, UNSENT], "then": "action_start_case"}
WAITING = {"choices": ORDERS, "resume": "action_start_case", "kept": {"text": "要退货", "values": {}, "spans": {}}}


def test_money_back_while_the_order_of_what_broke_is_asked_for_is_about_that():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order("2025010300000003", OrderState.DELIVERED))
    shown = {"kind": "order", "values": [NUMBER, "2025010300000003"], "then": "action_start_case"}
    kept = {"text": "裤子开线了", "values": {"reason": ["quality"]}, "spans": {}, "pictures": []}
    slots = {"choices": shown, "resume": "action_start_case", "kept": kept, "focus_order": None}
    said = run(StartCase(shop), tracker("退钱", "apply_refund", slots=slots))
    assert said.names == ["utter_still_which"]
    assert said.slots["kept"]["values"] == {"reason": ["quality"]}


def test_why_goods_go_back_is_no_cancellation_while_the_order_is_asked_for():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT))
    said = run(StartCancel(shop), tracker("不要了", "cancel_order", entity("reason", "unwanted"), slots=WAITING))
    assert said.names == ["utter_still_which"]
    assert said.slots["kept"]["values"] == {"reason": ["unwanted"]}


def test_goods_pointed_at_choose_the_order_that_is_asked_for_and_are_no_search():
    delivered = order(NUMBER, OrderState.DELIVERED, line(1, "青木 宽松短袖T恤"))
    shop = FakeShop(delivered, order(UNSENT, OrderState.DELIVERED, line(2, "素集 轻薄防晒衣")))
    sought = tracker("就是那个防晒衣", "search_product", entity("category", "coat", "防晒衣"), slots=WAITING)
    said = run(SearchProduct(shop), sought)
    assert said.slots["case_order"] == UNSENT


def test_another_colour_of_goods_that_are_still_here_changes_the_order():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.PAID, line(2, "素集 轻薄防晒衣")))
    waiting = {**WAITING, "case_intent": "exchange_goods"}
    sought = tracker("就是那个防晒衣", "search_product", entity("category", "coat", "防晒衣"), slots=waiting)
    said = run(SearchProduct(shop), sought)
    assert said.slots["modify_order"] == UNSENT


def test_more_about_what_broke_is_kept_while_the_order_is_asked_for():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.DELIVERED))
    slots = WAITING | {"case_intent": "return_goods"}
    for text in ("才用三天", "不加热"):
        said = run(StartCase(shop), tracker(text, "quality_problem", slots=slots))
        assert said.names == ["utter_still_which"]
        slots = slots | said.slots
    assert slots["kept"]["text"] == "要退货，才用三天，不加热"
    assert slots["case_intent"] == "quality_problem"
    begun = run(StartCase(shop), tracker("第一个", "inform", entity("ordinal", 1), slots=slots))
    assert (begun.slots["case_order"], begun.slots["case_reason"]) == (NUMBER, "quality")


def test_another_colour_is_what_to_exchange_for_while_the_order_is_asked_for():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT))
    said = run(StartModify(shop), tracker("换成白色的", "modify_order", entity("color", "白色"), slots=WAITING))
    assert said.names == ["utter_still_which"]
    assert said.slots["kept"]["values"] == {"color": ["白色"]}


def test_what_can_no_longer_be_changed_is_named():
    said = run(StartModify(FakeShop(order(NUMBER, OrderState.COMPLETED))), tracker("换成白色的", "modify_order"))
    assert said.names == ["utter_error_cannot_change"]
    assert "连衣裙" in said.text


def test_earphones_asked_for_on_the_shelf_choose_no_order():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.DELIVERED, line(2, "山岚 蓝牙耳机")))
    phones = entity("category", "earphone", "蓝牙耳机")
    for text in ("这款蓝牙耳机还有别的颜色卖吗", "那个蓝牙耳机"):
        only = {**WAITING, "choices": {**ORDERS, "values": [NUMBER]}}
        said = run(SearchProduct(shop), tracker(text, "search_product", phones, slots=only))
        assert "case_order" not in said.slots


def test_a_no_to_a_list_of_orders_may_say_which_one_is_meant():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.PAID))
    said = run(Deny(shop), tracker("不是那个，是另一个没发货的", "deny", slots=WAITING))
    assert said.names == ["utter_cancel_instead"]
    assert UNSENT in said.text
    assert run(Deny(shop), tracker("不是那个", "deny", slots=WAITING)).names == ["utter_deny_idle"]
