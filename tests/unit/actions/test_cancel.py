"""Cancelling: the order that is meant, the reason, the yes, and what can't be cancelled."""

from __future__ import annotations

import time
from typing import Any

import pytest

from actions.cancel import CancelForm, StartCancel, SubmitCancel
from shop.errors import ConcurrentChange, DatabaseDown
from shop.states import OrderState
from tests.unit.actions.fakes import FakeShop, entity, order, run, tracker
from tests.unit.actions.test_flows import NUMBER, cancel_at, requested


def talked_of(**at: str) -> dict[str, Any]:
    """Slots of a talk that was on these just now, the last one last."""
    return {f"focus_{kind}": {"value": value, "at": time.time() + n} for n, (kind, value) in enumerate(at.items())}


# The cancel form with its submit action


def test_who_refuses_goods_on_the_shelf_has_no_order_to_cancel():
    shop = FakeShop(order())
    refuses = tracker("算了不买了", "cancel_order", slots=talked_of(order=NUMBER, product="p1"))
    assert run(StartCancel(shop), refuses).names == ["utter_not_bought"]
    of_order = tracker("算了不买了", "cancel_order", slots=talked_of(product="p1", order=NUMBER))
    assert run(StartCancel(shop), of_order).next == "cancel_form"


@pytest.mark.parametrize("text", ["我昨天下的那单不要了", "还没发货的那个不要了", "买的东西不要了 取消"])
def test_who_speaks_of_an_order_means_one_though_the_talk_was_on_goods(text):
    said = run(StartCancel(FakeShop(order())), tracker(text, "cancel_order", slots=talked_of(product="p1")))
    assert said.next == "cancel_form"


def test_the_order_of_the_talk_is_not_taken_for_another_that_is_described():
    unpaid = order("2025010100000002", OrderState.PENDING_PAYMENT)
    shop = FakeShop(order(), unpaid)
    said = run(StartCancel(shop), tracker("还没付款的那个不要了", "cancel_order", slots=talked_of(order=NUMBER)))
    assert said.slots["cancel_order"] == unpaid.number


def test_who_refuses_the_parcel_just_talked_of_hears_what_can_be_done_with_it():
    shop = FakeShop(order(NUMBER, OrderState.SHIPPED), order("2025010100000002"), order("2025010100000003"))
    said = run(StartCancel(shop), tracker("我不要了", "cancel_order", slots=talked_of(order=NUMBER)))
    assert said.names == ["utter_cancel_shipped"]
    assert NUMBER in said.text
    named = tracker("那条裙子不要了", "cancel_order", entity("category", "裙"), slots=talked_of(order=NUMBER))
    assert run(StartCancel(shop), named).names == ["utter_choose_order"]


def test_a_reason_by_button_or_by_words_is_taken():
    said = run(
        CancelForm(FakeShop(order())),
        cancel_at("cancel_reason", "不想要了", "cancel_order", entity("reason", "unwanted")),
    )
    assert said.slots["cancel_reason"] == "unwanted"
    assert NUMBER in said.text
    assert len(said.titles) == 2


def test_a_yes_to_the_question_for_a_reason_needs_no_reason_but_is_no_confirmation_yet():
    said = run(CancelForm(FakeShop(order())), cancel_at("cancel_reason", "确认", "affirm"))
    assert (said.slots["cancel_reason"], requested(said)) == ("other", "confirm")


def test_the_order_is_cancelled_once_and_the_refund_said():
    shop = FakeShop(order())
    said = run(
        SubmitCancel(shop),
        tracker("确认", "affirm", slots={"cancel_order": NUMBER, "cancel_reason": "unwanted", "confirm": True}),
    )
    assert shop.orders.changes == [("cancel", NUMBER, "unwanted", "talk-1:m1:cancel")]
    assert "¥99" in said.text
    assert (said.slots["confirm"], said.slots["cancel_order"]) == (None, None)


def test_the_same_message_again_makes_the_same_key():
    shop = FakeShop(order())
    for _ in range(2):
        run(
            SubmitCancel(shop),
            tracker("确认", "affirm", slots={"cancel_order": NUMBER, "cancel_reason": "price", "confirm": True}),
        )
    first, second = shop.orders.changes
    assert first[-1] == second[-1]


def test_a_no_changes_nothing_and_says_so():
    shop = FakeShop(order())
    said = run(SubmitCancel(shop), tracker("不用了", "deny", slots={"cancel_order": NUMBER, "confirm": False}))
    assert said.names == ["utter_stopped"]
    assert shop.orders.changes == []


def test_a_form_that_ended_with_a_reason_says_nothing_more():
    shop = FakeShop(order())
    state = tracker("1件", "inform", slots={"cancel_order": NUMBER, "confirm": None})
    state.events.append({"event": "bot", "text": "…", "metadata": {"utter_action": "utter_error_wrong_state"}})
    said = run(SubmitCancel(shop), state)
    assert said.messages == []
    assert shop.orders.changes == []


def test_a_form_that_is_left_is_not_left_in_silence():
    left = tracker("好的", "affirm", slots={"cancel_order": NUMBER, "confirm": None})
    assert run(SubmitCancel(FakeShop(order())), left).names == ["utter_stopped"]


def test_a_refused_change_is_said_and_the_slots_are_emptied():
    shop = FakeShop(order())
    shop.orders.fails = ConcurrentChange("x")
    said = run(
        SubmitCancel(shop),
        tracker("确认", "affirm", slots={"cancel_order": NUMBER, "cancel_reason": "price", "confirm": True}),
    )
    assert said.names == ["utter_error_concurrent_change"]
    assert said.slots["cancel_order"] is None


def test_a_change_that_met_a_dead_database_can_be_confirmed_again():
    shop = FakeShop(order())
    shop.orders.fails = DatabaseDown("x")
    said = run(
        SubmitCancel(shop),
        tracker("确认", "affirm", slots={"cancel_order": NUMBER, "cancel_reason": "price", "confirm": True}),
    )
    assert said.names == ["utter_error_database_down"]
    assert said.next == "cancel_form"
    assert set(said.slots) == {"confirm", "failures"}, "what the form knew stays"
    assert said.slots["confirm"] is None
