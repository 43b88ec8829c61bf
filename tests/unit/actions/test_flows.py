"""The forms of the shop, their submit actions, and what stands around them: yes, stop, bare values."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from actions.address import AddressForm, SubmitAddress
from actions.cancel import StartCancel
from actions.chat import Affirm, Continue, Deny, Stop
from actions.handoff import RequestHuman
from actions.shipping import DeliveryTime, ShipTime
from actions.verify import SubmitVerify, VerifyForm
from shop.states import OrderState
from tests.unit.actions.fakes import FakeShop, Said, entity, line, order, run, tracker

NUMBER = "2025010100000001"
HANGZHOU = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路99号"}


def requested(said: Said) -> Any:
    return said.slots["requested_slot"]


def cancel_at(slot: str, text: str, intent: str, *entities: dict[str, Any], **slots: Any) -> Any:
    known = {"cancel_order": NUMBER, "cancel_reason": None, "confirm": None, "requested_slot": slot, **slots}
    return tracker(text, intent, *entities, slots=known, form="cancel_form")


# Addresses


def address_at(
    text: str, *entities: dict[str, Any], intent: str = "inform", slot: str = "new_address", **slots: Any
) -> Any:
    known = {"new_order": NUMBER, "new_address": None, "confirm": None, "requested_slot": slot, **slots}
    return tracker(text, intent, *entities, slots=known, form="address_form")


def test_an_incomplete_address_is_asked_for_again():
    said = run(
        AddressForm(FakeShop(order())),
        address_at("杭州", entity("region", {"province": "浙江省", "city": "杭州市"}, "杭州")),
    )
    assert said.names == ["utter_error_bad_address", "utter_question_new_address"]
    assert requested(said) == "new_address"


def test_a_full_address_is_repeated_before_anything_changes():
    shop = FakeShop(order())
    said = run(AddressForm(shop), address_at("浙江省杭州市西湖区文三路99号", entity("address", HANGZHOU)))
    assert "浙江省杭州市西湖区文三路99号" in said.text
    assert shop.orders.changes == []


def test_a_new_phone_at_the_confirmation_keeps_the_street_and_is_masked():
    state = address_at(
        "电话13987654321",
        entity("phone", "13987654321"),
        slot="confirm",
        new_address={**HANGZHOU, "name": None, "phone": None},
    )
    said = run(AddressForm(FakeShop(order())), state)
    assert said.slots["new_address"]["street"] == "文三路99号"
    assert said.slots["new_address"]["phone"] == "13987654321"
    assert "139****4321" in said.text
    assert "13987654321" not in said.text


def test_the_address_is_changed_as_it_was_confirmed():
    shop = FakeShop(order())
    run(
        SubmitAddress(shop),
        tracker(
            "对",
            "affirm",
            slots={"new_order": NUMBER, "new_address": {**HANGZHOU, "name": "李雷", "phone": None}, "confirm": True},
        ),
    )
    (_, number, new, _key) = shop.orders.changes[0]
    assert (number, new.street, new.full_name, new.full_phone) == (NUMBER, "文三路99号", "李雷", None)


# Proof of identity


def test_both_proofs_in_one_message_are_taken():
    state = tracker(f"{NUMBER} 5678", "inform", entity("order_no", NUMBER), entity("phone_tail", "5678"))
    said = run(VerifyForm(FakeShop(customer=None)), state)
    assert (said.slots["verify_order"], said.slots["verify_tail"], requested(said)) == (NUMBER, "5678", None)


def test_a_whole_phone_gives_its_tail():
    state = tracker(
        "13812345678",
        "inform",
        entity("phone", "13812345678"),
        slots={"verify_order": NUMBER, "requested_slot": "verify_tail"},
        form="verify_form",
    )
    assert run(VerifyForm(FakeShop(customer=None)), state).slots["verify_tail"] == "5678"


def test_after_the_proof_the_first_question_is_answered():
    shop = FakeShop(order(), customer=None)
    state = tracker(
        "5678", "inform", slots={"verify_order": NUMBER, "verify_tail": "5678", "resume": "action_order_status"}
    )
    said = run(SubmitVerify(shop), state)
    assert said.names == ["utter_verified", "utter_order_paid"]
    assert said.slots["resume"] is None


def test_a_wrong_proof_keeps_the_first_question():
    state = tracker(
        "0000", "inform", slots={"verify_order": NUMBER, "verify_tail": "0000", "resume": "action_order_status"}
    )
    said = run(SubmitVerify(FakeShop(customer=None)), state)
    assert said.names == ["utter_error_not_identified"]
    assert "resume" not in said.slots
    assert (said.slots["verify_order"], said.slots["verify_tail"]) == (None, None)


def test_a_guest_who_tries_again_is_led_back_to_the_first_question():
    state = tracker(NUMBER, "inform", entity("order_no", NUMBER), slots={"resume": "action_start_cancel"})
    said = run(Continue(FakeShop(customer=None)), state)
    assert said.next == "verify_form"
    assert said.slots["resume"] == "action_start_cancel"


# Yes, stop and bare values outside forms


def test_a_yes_beside_an_open_question_says_nothing_of_its_own():
    assert run(Affirm(FakeShop()), tracker("好", "affirm", form="case_form")).messages == []


def test_a_yes_takes_up_the_last_offer():
    shop = FakeShop(order())
    said = run(Affirm(shop), tracker("好", "affirm", slots={"offer": "action_request_human"}))
    assert shop.handoffs.asked == ["asked"]
    assert said.slots["offer"] is None


def test_outside_working_hours_a_customer_may_leave_a_message():
    shop = FakeShop(order())
    asked = shop.handoffs.request
    shop.handoffs.request = lambda *given, **more: replace(asked(*given, **more), open_now=False)
    said = run(RequestHuman(shop), tracker("转人工", "request_human"))
    assert said.names[0] == "utter_handoff_waiting"
    cards = [one["custom"] for one in said.messages if one.get("custom")]
    assert [one["type"] for one in cards] == ["leave_message"]
    assert shop.settings.service_hours in cards[0]["text"]


def test_a_yes_to_nothing_asks_what_is_wanted():
    assert run(Affirm(FakeShop()), tracker("好", "affirm")).names == ["utter_affirm_idle"]


def test_stop_leaves_the_form_and_empties_it():
    said = run(Stop(FakeShop(order())), cancel_at("confirm", "算了", "stop", cancel_reason="price"))
    assert said.names == ["utter_stopped"]
    assert said.loops == [None]
    assert (said.slots["cancel_order"], said.slots["cancel_reason"], said.slots["confirm"]) == (None, None, None)
    assert said.next is None


def test_stop_leaves_the_queue():
    shop = FakeShop()
    shop.handoffs.asked.append("asked")
    waits = {"resume": "action_start_cancel"}
    assert run(Stop(shop), tracker("算了先别取消", "stop", slots=waits)).names == ["utter_stopped"]
    assert shop.handoffs.asked, "they still wait for a person"
    assert run(Stop(shop), tracker("不等了", "stop", slots=waits)).names == ["utter_left_queue"]


def test_not_that_one_but_the_phone_goes_on_with_the_phone():
    phone = entity("category", "phone", "手机")
    focus = {"focus_order": {"value": NUMBER, "at": time.time()}}
    shop = FakeShop(order(NUMBER, OrderState.PAID, line(name="屿客 Note 12 5G 手机")))
    said = run(Deny(shop), tracker("不是这个 是手机那个", "deny", phone, slots=focus))
    assert said.names[0].startswith("utter_order_")
    refused = run(Deny(shop), tracker("不是手机那单", "deny", phone, slots=focus))
    assert refused.names == ["utter_deny_idle"]


@pytest.mark.parametrize("text", ["不是这个", "不是这单", "错了"])
def test_a_no_to_the_order_told_last_lists_the_others(text: str):
    shop = FakeShop(order(NUMBER), order("2025010100000002"))
    focus = {"focus_order": {"value": NUMBER, "at": time.time()}}
    said = run(Deny(shop), tracker(text, "deny", slots=focus))
    assert said.names == ["utter_list_orders"]
    assert said.slots["focus_order"] is None
    assert run(Deny(shop), tracker("不用了", "deny", slots=focus)).names == ["utter_deny_idle"]


def test_not_this_one_but_the_phone_after_a_list_of_orders_means_an_order():
    phone = entity("category", "phone", "手机")
    shown = {"choices": {"kind": "order", "values": [NUMBER], "then": "action_order_status"}}
    shop = FakeShop(order(NUMBER, OrderState.PAID, line(name="屿客 Note 12 5G 手机")))
    said = run(Deny(shop), tracker("不是这个 是手机那个", "deny", phone, slots=shown))
    assert said.names[0].startswith("utter_order_")


def test_a_size_of_goods_that_were_listed_asks_which_one():
    shown = {"choices": {"kind": "product", "values": ["P1", "P2"], "then": "action_product"}}
    said = run(Continue(FakeShop()), tracker("42码的", "inform", entity("size", "42", "42码"), slots=shown))
    assert (said.names, said.slots["resume"]) == (["utter_still_which"], "action_ask_stock")


def test_whether_one_ships_at_weekends_is_answered_without_an_order():
    said = run(ShipTime(FakeShop(order())), tracker("周末发货不", "ask_ship_time"))
    assert said.names == ["utter_ship_promise"]


def test_when_an_order_of_theirs_ships_is_no_general_question():
    said = run(ShipTime(FakeShop(order())), tracker("我今天下单的什么时候发", "ask_ship_time"))
    assert said.names != ["utter_ship_promise"]


def test_how_long_it_would_take_is_answered_without_an_order():
    said = run(DeliveryTime(FakeShop(order())), tracker("今天下单几天能到成都", "ask_delivery_time"))
    assert said.names == ["utter_delivery_promise"]


def test_an_ordinal_goes_on_with_what_asked_for_it():
    other = "2025010100000002"
    shop = FakeShop(order(NUMBER), order(other, OrderState.PENDING_PAYMENT))
    state = tracker(
        "第二个",
        "inform",
        entity("ordinal", 2),
        slots={"choices": {"kind": "order", "values": [NUMBER, other]}, "resume": "action_start_cancel"},
    )
    said = run(Continue(shop), state)
    assert said.next == "cancel_form"
    assert said.slots["cancel_order"] == other


def test_a_value_that_nobody_asked_for_is_asked_about():
    assert run(Continue(FakeShop()), tracker("13812345678", "inform", entity("phone", "13812345678"))).names == [
        "utter_inform_unclear"
    ]


def test_a_choice_where_nothing_was_listed_is_asked_about_in_words_that_fit():
    said = run(Continue(FakeShop()), tracker("第一个", "inform", entity("ordinal", 1)))
    assert said.names == ["utter_nothing_listed"]


def test_values_said_before_the_choice_of_an_order_still_count_after_it():
    """Why it is cancelled was said with the request; "which order?", "the second": it is not asked again."""
    other = "2025010100000002"
    shop = FakeShop(order(NUMBER), order(other, OrderState.PENDING_PAYMENT))
    first = run(StartCancel(shop), tracker("太贵了取消吧", "cancel_order", entity("reason", "price")))
    assert first.slots["kept"]["values"] == {"reason": ["price"]}
    state = tracker("第二个", "inform", entity("ordinal", 2), slots=first.slots)
    said = run(Continue(shop), state)
    assert (said.next, said.slots["cancel_order"]) == ("cancel_form", other)
    assert said.slots["cancel_reason"] == "price"


def test_a_value_instead_of_a_choice_is_kept_and_the_choice_asked_again_in_short():
    slots = {"choices": {"kind": "order", "values": [NUMBER, "2"]}, "resume": "action_start_address"}
    said = run(Continue(FakeShop()), tracker("文三路99号", "inform", entity("address", HANGZHOU), slots=slots))
    assert said.names == ["utter_still_which"]
    assert said.slots["kept"]["values"] == {"address": [HANGZHOU]}


def test_a_choice_made_waits_for_nothing_any_more():
    """After "the second one" a bare address is a new request, not one more answer to "which order?"."""
    shop = FakeShop(order(NUMBER))
    chosen = run(
        Continue(shop),
        tracker(
            "第一个",
            "inform",
            entity("ordinal", 1),
            slots={
                "choices": {"kind": "order", "values": [NUMBER], "then": "action_order_status"},
                "resume": "action_order_status",
            },
        ),
    )
    assert chosen.slots["resume"] is None
    said = run(Continue(shop), tracker("x", "inform", entity("address", HANGZHOU), slots=chosen.slots))
    assert said.next == "address_form"


def test_a_colour_alone_asks_for_the_product_of_before_in_that_colour():
    shop = FakeShop()
    focus = {"focus_product": {"value": "p1", "at": int(time.time())}}
    said = run(Continue(shop), tracker("白色的呢", "inform", entity("color", "白色", "白色"), slots=focus))
    assert shop.stock.asked == [("p1", "白色", None)]
    assert "8" in said.text


def test_a_colour_without_any_product_is_asked_about():
    assert run(Continue(FakeShop()), tracker("白色的呢", "inform", entity("color", "白色", "白色"))).names == [
        "utter_inform_unclear"
    ]


def test_who_asks_for_a_person_inside_a_form_is_not_asked_on():
    said = run(RequestHuman(FakeShop(order())), cancel_at("confirm", "转人工", "request_human", cancel_reason="price"))
    assert said.names == ["utter_handoff_waiting"]
    assert (said.loops, said.next) == ([None], None)


def test_a_yes_to_the_only_order_shown_goes_on_with_it():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    shown = {"kind": "order", "values": [NUMBER], "then": "action_start_case"}
    slots = {"choices": shown, "resume": "action_start_case", "kept": {"text": "手机要退货", "values": {}, "spans": {}}}
    said = run(Affirm(shop), tracker("是的", "affirm", slots=slots))
    assert said.slots["case_order"] == NUMBER
