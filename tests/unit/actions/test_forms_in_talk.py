"""Forms as people use them: they tell more than was asked, point at a button, ask other things meanwhile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actions.aftersale import CaseForm, SubmitCase
from actions.cases import StartWithdraw
from actions.chat import Continue, Reply
from actions.invoice import InvoiceForm
from actions.verify import SubmitVerify, VerifyForm
from shop.states import OrderState
from tests.unit.actions.fakes import FakeShop, entity, line, order, run, tracker
from tests.unit.actions.test_flows import NUMBER, requested

# The case form


def case_at(slot: str, text: str, intent: str, *entities: dict[str, Any], **slots: Any) -> Any:
    known = {"case_order": NUMBER, "case_line": 1, "case_reason": "quality", "requested_slot": slot, **slots}
    return tracker(text, intent, *entities, slots=known, form="case_form")


def test_what_is_told_beside_the_question_becomes_part_of_the_story():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_kind", "轮子掉了", "inform", case_story="箱子坏了"))
    assert said.slots["case_story"] == "箱子坏了\n轮子掉了"
    assert requested(said) == "case_kind"
    assert len(said.messages) == 2


def test_what_is_told_instead_of_which_goods_is_noted_before_it_is_asked_again():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, line(1, "青木 短袖T恤"), line(2, "青木 牛仔裤", code="p2")))
    state = case_at("case_line", "味道很大", "quality_problem", case_line=None, case_story="有味道")
    said = run(CaseForm(shop), state)
    assert said.slots["case_story"] == "有味道\n味道很大"
    assert said.names == ["utter_story_noted", "utter_question_line"]
    kind = case_at("case_line", "退货吧", "return_goods", case_line=None, case_kind=None)
    assert run(CaseForm(shop), kind).names == ["utter_noted", "utter_question_line"]


def test_a_button_for_the_kind_is_no_story():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_kind", "换货", "inform"))
    assert said.slots["case_kind"] == "exchange"
    assert "case_story" not in said.slots


def test_no_picture_may_be_said_before_one_is_asked_for():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_kind", "没照片，退款", "apply_refund", case_reason=None))
    assert (said.slots["case_kind"], said.slots["case_proof"]) == ("refund", [])
    assert requested(said) == "case_reason"


# Which of the goods

TWO = (line(1, "青木 宽松短袖T恤"), line(2, "青木 直筒牛仔裤", code="p2"))


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("退那件短袖T恤", "case_line"),
        ("牛仔裤不退", "case_line"),
        ("除了牛仔裤", "case_line"),
        ("T恤有问题 牛仔裤没问题", "case_line"),
        ("青木宽松短袖T恤", "case_line"),
        ("就T恤", "confirm"),
    ],
)
def test_goods_that_stay_are_no_goods_to_send_back(text, slot):
    shirt = "短袖T恤" if "短袖" in text else "T恤"
    heard = () if text.startswith("青木") else (shirt, "牛仔裤")
    words = [entity("category", word, word) for word in heard if word in text]
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, *TWO))
    slots = {"case_line": 2 if slot == "confirm" else None, "case_kind": "return", "case_quantity": 1}
    said = run(CaseForm(shop), case_at(slot, text, "inform", *words, **slots))
    assert said.slots["case_line"] == 1


def test_of_two_goods_the_one_that_is_fine_stays_however_each_was_heard():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, *TWO))
    heard = (entity("product", "p1", "青木宽松短袖T恤"), entity("category", "牛仔裤", "牛仔裤"))
    text = "青木宽松短袖T恤有问题 牛仔裤没问题"
    said = run(CaseForm(shop), case_at("case_line", text, "inform", *heard, case_line=None))
    assert said.slots["case_line"] == 1


def test_goods_that_are_fine_but_too_large_are_the_ones_meant():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, *TWO))
    heard = entity("category", "短袖T恤", "短袖T恤")
    said = run(CaseForm(shop), case_at("case_line", "短袖T恤挺好的，就是大了一码", "inform", heard, case_line=None))
    assert said.slots["case_line"] == 1


def test_goods_named_before_the_order_was_chosen_still_count():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, *TWO))
    kept = {"text": "退牛仔裤", "values": {"product": ["p2"]}, "spans": {}, "pictures": []}
    said = run(CaseForm(shop), case_at(None, "第二个", "inform", entity("ordinal", 2), case_line=None, kept=kept))
    assert said.slots["case_line"] == 2


UNSENT = "2025010200000002"


def test_not_that_order_but_the_one_not_sent_yet_leads_to_its_cancellation():
    shop = FakeShop(order(NUMBER, OrderState.SHIPPED, *TWO), order(UNSENT))
    slots = {"case_kind": "refund", "case_line": None, "case_reason": None}
    text = "不是那个 是另一个没发货的"
    said = run(CaseForm(shop), case_at("case_line", text, "wrong_item", entity("reason", "not_shipped"), **slots))
    assert said.names == ["utter_cancel_instead"]
    assert UNSENT in said.text
    assert (requested(said), said.slots["offer"]) == (None, "action_start_cancel")


def test_not_that_order_but_the_one_that_came_begins_the_questions_anew():
    shop = FakeShop(order(NUMBER, OrderState.SHIPPED, *TWO), order(UNSENT, OrderState.DELIVERED, *TWO))
    slots = {"case_kind": "refund", "case_line": 1, "case_reason": None}
    said = run(CaseForm(shop), case_at("case_reason", "不是这单，是签收的那个", "deny", **slots))
    assert (said.slots["case_order"], requested(said)) == (UNSENT, "case_line")


def test_a_state_in_a_story_is_no_other_order():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_kind", "还没收到就显示签收了，退款", "apply_refund"))
    assert said.slots["case_kind"] == "refund"
    assert "case_order" not in said.slots


def test_an_offer_made_as_a_form_ends_stands():
    slots = {"offer": "action_start_cancel", "confirm": None}
    state = tracker("是另一个没发货的", "wrong_item", slots=slots)
    state.events += [{"event": "bot", "text": "…", "metadata": {"utter_action": "utter_cancel_instead"}}]
    assert run(SubmitCase(FakeShop(order())), state).slots["offer"] == "action_start_cancel"


@pytest.mark.parametrize("text", ["就那条裤子", "裤子", "是裤子坏了"])
def test_goods_are_called_by_the_end_of_their_name(text: str):
    shop = FakeShop(
        order(NUMBER, OrderState.DELIVERED, line(1, "青木 直筒牛仔裤"), line(2, "履舟 豆豆鞋 单鞋", code="p2"))
    )
    trousers = entity("category", "pants", "裤子")
    said = run(CaseForm(shop), case_at("case_line", text, "inform", trousers, case_line=None))
    assert said.slots["case_line"] == 1


def test_what_broke_was_said_before_the_order_was_chosen():
    shop = FakeShop(
        order(NUMBER, OrderState.DELIVERED, line(1, "履舟 豆豆鞋 单鞋"), line(2, "青木 直筒牛仔裤", code="p2"))
    )
    kept = {"text": "裤子开线了 退钱", "values": {"category": ["pants"]}, "spans": {}, "pictures": []}
    said = run(CaseForm(shop), case_at(None, "第一个", "inform", entity("ordinal", 1), case_line=None, kept=kept))
    assert said.slots["case_line"] == 2


# A customer who asks other things while a form waits


SPOKEN = {"event": "bot", "text": "…", "metadata": {"utter_action": "utter_shipping_fee"}}


def waiting(interrupted: int, text: str = "包邮吗", rejected: bool = True, answered: bool = True, **more: Any) -> Any:
    slots = {"requested_slot": "verify_order", "interrupted": interrupted}
    state = tracker(text, "ask_shipping_fee", slots=slots, form="verify_form", rejected=rejected, **more)
    state.events += [SPOKEN] if answered else []
    return state


def test_an_interrupted_form_asks_once_more_then_waits_in_silence_then_is_left():
    form = VerifyForm(FakeShop(order(), customer=None))
    asked_again, silent, left = (run(form, waiting(times)) for times in (0, 1, 3))
    assert asked_again.names == ["utter_question_verify_order"]
    assert (silent.names, requested(silent), silent.slots["interrupted"]) == ([], "verify_order", 2)
    assert (left.names, requested(left), left.slots["interrupted"]) == ([], None, 0)


def test_a_form_asks_again_where_nobody_else_has_answered():
    said = run(VerifyForm(FakeShop(order(), customer=None)), waiting(2, "取消这单", answered=False))
    assert said.names == ["utter_question_verify_order"]


def test_a_form_that_was_left_submits_nothing_and_says_so_where_nobody_has_answered():
    leave = SubmitVerify(FakeShop(order(), customer=None))
    state = tracker("包邮吗", "ask_shipping_fee")
    assert run(leave, state).names == ["utter_verify_left"]
    state.events.append(SPOKEN)
    said = run(leave, state)
    assert said.messages == []
    assert said.slots["resume"] is None


def test_an_angry_message_that_is_no_answer_is_left_to_the_action_that_has_one():
    cross = {"event": "user", "text": "…", "parse_data": {"sentiment": {"label": "neg", "anger": 2}}}
    form = VerifyForm(FakeShop(order(), customer=None))
    state = waiting(0, "转人工！！！", rejected=False, answered=False, anger=2, before=[cross])
    state.slots.update(offer="action_request_human", misunderstood=1)
    said = run(form, state)
    assert said.events == [], "a slot, even an empty one, would be an answer to Rasa"


def test_never_mind_and_another_question_in_one_message_leaves_the_form():
    said = run(Reply(FakeShop(order())), tracker("算了 你好", "greet", form="verify_form"))
    assert {"event": "active_loop", "timestamp": None, "name": None} in said.events


def test_who_has_no_order_number_at_hand_is_told_where_it_stands():
    said = run(VerifyForm(FakeShop(order(), customer=None)), waiting(0, "我不知道订单号啊", rejected=False))
    assert said.names == ["utter_verify_help"]
    assert requested(said) == "verify_order"


# The invoice form


def test_the_first_one_is_the_button_shown_with_the_question_for_a_title():
    slots = {"invoice_order": NUMBER, "invoice_title": None, "requested_slot": "invoice_title"}
    state = tracker("第一个", "inform", entity("ordinal", 1, "第一个"), slots=slots, form="invoice_form")
    said = run(InvoiceForm(FakeShop(order())), state)
    assert (said.slots["invoice_title"], requested(said)) == ("个人", "confirm")


@pytest.mark.parametrize(
    ("text", "intent", "values"),
    [
        ("送女朋友", "recommend_product", []),
        ("送女朋友", "chitchat", []),
        ("好的", "affirm", []),
        ("两三百吧", "inform", [entity("price_range", {"min_fen": 20000, "max_fen": 30000})]),
    ],
)
def test_what_is_no_name_does_not_become_a_title(text, intent, values):
    slots = {"invoice_order": NUMBER, "invoice_title": None, "requested_slot": "invoice_title"}
    said = run(InvoiceForm(FakeShop(order())), tracker(text, intent, *values, slots=slots, form="invoice_form"))
    assert not said.slots.get("invoice_title")


def test_a_name_that_the_ear_does_not_know_is_a_title():
    slots = {"invoice_order": NUMBER, "invoice_title": None, "requested_slot": "invoice_title"}
    said = run(InvoiceForm(FakeShop(order())), tracker("云雾茶行", "nlu_fallback", slots=slots, form="invoice_form"))
    assert (said.slots["invoice_title"], requested(said)) == ("云雾茶行", "invoice_tax")


def test_a_tax_number_with_a_wrong_check_digit_is_asked_for_again_before_anything_is_confirmed():
    slots = {"invoice_order": NUMBER, "invoice_title": "云雾茶行", "requested_slot": "invoice_tax"}
    wrong = tracker(
        "91440300MA5EXAMPLE", "inform", entity("tax_no", "91440300MA5EXAMPLE"), slots=slots, form="invoice_form"
    )
    said = run(InvoiceForm(FakeShop(order())), wrong)
    assert said.names[0] == "utter_error_bad_tax_number"
    assert requested(said) == "invoice_tax"


def test_an_order_number_that_is_asked_for_again_is_asked_in_other_words():
    form = VerifyForm(FakeShop(order(), customer=None))
    asked = {"event": "bot", "text": "…", "metadata": {"utter_action": "utter_question_verify_order"}}
    state = tracker("催一下", "urge_delivery", form="verify_form", slots={"requested_slot": None})
    state.events.insert(0, asked)
    assert run(form, state).names == ["utter_question_verify_order_again"]


def test_an_invoice_with_its_title_leaves_the_form_that_is_open():
    shop = FakeShop(order(NUMBER))
    shop.invoices = SimpleNamespace(list=lambda *_, **__: [])
    title = entity("invoice_title", "杭州小二科技有限公司")
    slots = {"requested_slot": "confirm", "note_order": NUMBER}
    state = tracker("开发票 抬头 杭州小二科技有限公司", "inform", title, slots=slots, form="note_form")
    events = run(Continue(shop), state).events
    assert [one["name"] for one in events if one["event"] in ("active_loop", "followup")] == [None, "invoice_form"]


def test_rather_not_in_the_middle_of_a_return_takes_no_older_case_back():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(StartWithdraw(shop), case_at("case_line", "先不退了", "cancel_refund"))
    assert said.names == ["utter_stopped"]
    assert any(one["event"] == "active_loop" and one["name"] is None for one in said.events)


@pytest.mark.parametrize("text", ["裤子不退", "裤子留着", "除了裤子都退", "不是裤子"])
def test_goods_called_by_the_end_of_their_name_may_stay_too(text: str):
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, line(1, "青木 直筒牛仔裤"), line(2, "履舟 豆豆鞋", code="p2")))
    said = run(
        CaseForm(shop), case_at("case_line", text, "inform", entity("category", "pants", "裤子"), case_line=None)
    )
    assert said.slots["case_line"] == 2


@pytest.mark.parametrize("text", ["我收到的不是这一款呀", "显示已签收，但不是我签的"])
def test_no_pointer_no_other_order(text: str):
    shop = FakeShop(order(NUMBER, OrderState.COMPLETED, *TWO), order(UNSENT, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_reason", text, "inform", case_kind="exchange", case_reason=None))
    assert "case_order" not in said.slots


def test_what_broke_stays_told_when_the_order_is_corrected():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.SHIPPED))
    shop.orders = FakeShop(order(NUMBER, OrderState.SHIPPED), order(UNSENT, OrderState.DELIVERED, *TWO)).orders
    told = {"case_kind": None, "case_reason": "quality", "case_story": "开线了"}
    said = run(CaseForm(shop), case_at("case_kind", "不是那个，是签收的那个", "deny", **told))
    assert (said.slots["case_order"], said.slots["case_story"], said.slots["case_kind"]) == (UNSENT, "开线了", None)


def test_a_correction_that_is_impossible_ends_the_form():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED), order(UNSENT, OrderState.SHIPPED))
    said = run(CaseForm(shop), case_at("confirm", "不是这单，是在路上的那个", "deny", case_kind="return"))
    assert said.names == ["utter_error_cannot_return"]
    assert (requested(said), said.slots["confirm"]) == (None, None)


def test_a_proof_that_ran_out_in_mid_form_comes_back_to_the_form():
    said = run(CaseForm(FakeShop(order(NUMBER), customer=None)), case_at("case_kind", "换货", "inform"))
    assert said.slots["resume"] == "case_form"


def test_an_invoice_of_one_of_several_orders_asks_one_question_only():
    shop = FakeShop(order(NUMBER), order(UNSENT))
    title = entity("invoice_title", "开云雾茶行")
    state = case_at("case_reason", "发票抬头开云雾茶行", "inform", title, case_reason=None)
    events = run(Continue(shop), state).events
    assert [one["name"] for one in events if one["event"] in ("active_loop", "followup")] == [None]


@pytest.mark.parametrize("text", ["撤销我昨天提交的退款申请", "之前那个换货不换了"])
def test_an_older_case_may_be_taken_back_in_the_middle_of_a_return(text: str):
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    shop.aftersale = SimpleNamespace(list=lambda *_, **__: [])
    assert run(StartWithdraw(shop), case_at("case_line", text, "cancel_refund")).names == ["utter_no_open_case"]


def test_money_back_beside_another_question_keeps_what_broke():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED, *TWO))
    said = run(
        CaseForm(shop),
        case_at("case_line", "退钱", "apply_refund", case_line=None, case_kind=None, case_story="开线了"),
    )
    assert (said.slots["case_kind"], requested(said)) == ("refund", "case_line")
    assert "case_reason" not in said.slots  # it stands as it was told


def test_no_photo_is_no_reason():
    shop = FakeShop(order(NUMBER, OrderState.DELIVERED))
    said = run(CaseForm(shop), case_at("case_reason", "没照片", "inform", case_kind="refund", case_reason=None))
    assert said.slots.get("case_reason") is None
    assert (said.slots["case_proof"], requested(said)) == ([], "case_reason")
