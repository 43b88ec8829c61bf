"""When the bot calls a person by itself."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from actions.chat import Reply, Unsure
from actions.escalation import check_refund
from actions.handoff import Complain, RequestHuman, SignedNotReceived
from actions.orders import OrderStatus
from shop.entities import CaseView
from shop.errors import DatabaseDown
from shop.states import CaseKind, CaseReason, CaseState, OrderState
from tests.unit.actions.fakes import NOW, FakeShop, order, run, said, tracker, turn

RANKING = [("nlu_fallback", 0.8), ("ask_gift", 0.2), ("order_status", 0.1)]
ONCE = {"count": 1, "message": "m0"}


def lost(shop: FakeShop, **more: Any):
    return run(Unsure(shop), tracker("嗯这个那个", "nlu_fallback", ranking=RANKING, **more))


def with_settings(**values: Any) -> FakeShop:
    shop = FakeShop(order(state=OrderState.SHIPPED))
    shop.settings = replace(shop.settings, **values)
    return shop


def test_the_first_misunderstanding_asks_back_and_the_second_in_a_row_calls_a_person():
    shop = FakeShop()
    first = lost(shop)
    assert first.names == ["utter_unsure"]
    assert shop.handoffs.asked == []
    second = lost(shop, slots={"misunderstood": {**first.slots["misunderstood"], "message": "m0"}})
    assert second.names == ["utter_calls_misunderstood", "utter_handoff_waiting"]
    assert shop.handoffs.asked == ["misunderstood"]
    assert second.slots["misunderstood"] is None


def test_a_message_that_was_understood_ends_the_row():
    done = run(OrderStatus(FakeShop(order())), tracker("查订单", "order_status", slots={"misunderstood": ONCE}))
    assert done.slots["misunderstood"] is None


def test_what_follows_a_misunderstanding_in_its_own_turn_does_not_end_the_row():
    slots = {"misunderstood": {"count": 1, "message": "m1"}}
    assert "misunderstood" not in run(OrderStatus(FakeShop(order())), tracker("查", "order_status", slots=slots)).slots


def test_who_waits_already_is_asked_back_and_only_one_reason_is_added():
    shop = FakeShop()
    shop.handoffs.asked.append("asked")
    assert lost(shop, slots={"misunderstood": ONCE}).names == ["utter_unsure_again"]
    assert shop.handoffs.asked == ["asked", "misunderstood"]


def test_a_form_asks_twice_before_it_calls_a_person():
    shop = FakeShop()
    assert lost(shop, form="note_form", slots={"misunderstood": ONCE}).names == ["utter_unsure_form"]
    twice = {"misunderstood": {"count": 2, "message": "m0"}}
    assert lost(shop, form="note_form", slots=twice).names[0] == "utter_calls_misunderstood"


def test_with_the_limit_off_a_person_is_only_offered():
    shop = with_settings(misunderstood_limit=0)
    answer = lost(shop, slots={"misunderstood": ONCE})
    assert answer.names == ["utter_unsure_again"]
    assert answer.slots["offer"] == "action_request_human"
    assert shop.handoffs.asked == []


@pytest.mark.parametrize("error", [RuntimeError("x"), DatabaseDown("down")])
def test_the_second_failure_within_a_quarter_of_an_hour_calls_a_person(error: Exception):
    shop = FakeShop(order())
    shop.orders.fails = error
    first = run(OrderStatus(shop), tracker("查订单", "order_status"))
    assert shop.handoffs.asked == []
    second = run(OrderStatus(shop), tracker("查订单", "order_status", slots={"failures": first.slots["failures"]}))
    assert second.names[-2:] == ["utter_calls_action_failed", "utter_handoff_waiting"]
    assert shop.handoffs.asked == ["action_failed"]


def test_a_failure_of_an_hour_ago_does_not_count():
    shop = FakeShop(order())
    shop.orders.fails = RuntimeError("x")
    old = {"count": 1, "at": int(time.time()) - 3600}
    run(OrderStatus(shop), tracker("查订单", "order_status", slots={"failures": old}))
    assert shop.handoffs.asked == []


def test_a_shop_that_can_keep_no_queue_either_still_says_what_happened():
    shop = FakeShop(order())
    shop.orders.fails = DatabaseDown("down")

    def down(*_: Any, **__: Any) -> None:
        raise DatabaseDown("down")

    shop.handoffs.request = down  # type: ignore[method-assign, assignment]
    slots = {"failures": {"count": 1, "at": int(time.time())}}
    assert run(OrderStatus(shop), tracker("查订单", "order_status", slots=slots)).names


def case(amount_fen: int, kind: CaseKind = CaseKind.RETURN, state: CaseState = CaseState.SUBMITTED) -> CaseView:
    return CaseView(
        number="AS1", order_number="2025010100000001", kind=kind, state=state, reason=CaseReason.UNWANTED,
        product_name="x", quantity=1, amount_fen=amount_fen, created_at=NOW, updated_at=NOW, refund_due_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "kind", "state", "calls"),
    [
        (200000, CaseKind.RETURN, CaseState.SUBMITTED, True),
        (200000, CaseKind.REFUND, CaseState.SUBMITTED, True),
        (199999, CaseKind.RETURN, CaseState.SUBMITTED, False),
        (200000, CaseKind.EXCHANGE, CaseState.SUBMITTED, False),
        (200000, CaseKind.REFUND, CaseState.DONE, False),
    ],
)
def test_a_large_refund_by_the_setting_goes_to_the_after_sale_people(amount, kind, state, calls):
    shop = with_settings(large_refund_fen=200000)
    one = turn(shop, "退货", "return_goods")
    check_refund(one, case(amount, kind, state))
    assert shop.handoffs.asked == (["large_refund"] if calls else [])
    assert ("utter_calls_large_refund" in said(one).names) is calls


@pytest.mark.parametrize(
    ("action", "intent", "reason"),
    [
        (RequestHuman, "request_human", "asked"),
        (Complain, "complain", "complaint"),
        (SignedNotReceived, "signed_not_received", "signed_not_received"),
    ],
)
def test_what_only_people_settle_goes_to_people(action, intent, reason):
    shop = FakeShop(order(state=OrderState.SHIPPED))
    run(action(shop), tracker("…", intent))
    assert shop.handoffs.asked == [reason]


def test_who_is_still_angry_after_the_offer_gets_a_person_without_asking():
    shop = FakeShop(order(state=OrderState.SHIPPED))
    before = [
        {"event": "user", "text": "…", "parse_data": {"sentiment": {"label": "neg", "anger": 2}}},
        {"event": "bot", "text": "…", "metadata": {"utter_action": "utter_offer_person"}},
    ]
    answer = run(OrderStatus(shop), tracker("查订单", "order_status", anger=2, before=before))
    assert answer.names[-2:] == ["utter_calls_anger", "utter_handoff_waiting"]
    assert (shop.handoffs.asked, shop.handoffs.priorities) == (["anger"], [2])


@pytest.mark.parametrize(("level", "reasons"), [(3, []), (4, ["vip", "misunderstood"])])
def test_a_vip_gets_a_person_at_the_first_misunderstanding(level, reasons):
    shop = FakeShop()
    shop.customers.level = level
    lost(shop)
    assert shop.handoffs.asked == reasons


def test_a_vip_gets_a_person_at_the_first_failure_and_at_the_first_angry_word():
    failing, angry = FakeShop(order()), FakeShop(order())
    failing.customers.level = angry.customers.level = 4
    failing.orders.fails = RuntimeError("x")
    run(OrderStatus(failing), tracker("查订单", "order_status"))
    run(Reply(angry), tracker("骗子", "insult", anger=2))
    assert failing.handoffs.asked == ["vip", "action_failed"]
    assert angry.handoffs.asked == ["vip", "anger"]


def test_outside_working_hours_a_message_can_be_left_at_once():
    shop = FakeShop()
    ask = shop.handoffs.request
    shop.handoffs.request = lambda *given, **more: replace(ask(*given, **more), open_now=False)  # type: ignore[method-assign]
    answer = run(RequestHuman(shop), tracker("转人工", "request_human"))
    assert answer.messages[-1]["custom"]["type"] == "leave_message"
