"""What every action does when something goes wrong, and how it comes back to a form."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from actions.base import Events, ShopAction, response_of, snake
from actions.cancel import StartCancel
from actions.orders import ListOrders, OrderStatus
from actions.texts import labels
from actions.turn import Turn
from shop import errors
from shop.errors import (
    BadSetting,
    CannotCancel,
    DatabaseDown,
    Erased,
    LastAdmin,
    NotFound,
    NotIdentified,
    OrderNotFound,
    Refused,
    ShopError,
)
from shop.states import OrderState
from tests.house.project import responses
from tests.unit.actions.fakes import FakeShop, entity, order, run, tracker


def tree(root: type[ShopError] = ShopError) -> list[type[ShopError]]:
    children = [one for one in root.__subclasses__() if one.__module__ == errors.__name__]
    return [root] + [one for child in children for one in tree(child)]


def made(kind: type[ShopError]) -> ShopError:
    return BadSetting("XIAOER_X", "1", "mend") if kind is BadSetting else kind("for engineers: 13912345678")


class Raises(ShopAction):
    """Fails as a test wishes."""

    action_name = "action_of_a_test"

    def __init__(self, shop: Any, error: BaseException, words_first: bool = False) -> None:
        super().__init__(shop)
        self._error = error
        self._words_first = words_first

    def answer(self, turn: Turn) -> Events | None:
        if self._words_first:
            turn.say("utter_thank")
        raise self._error


class Answers(ShopAction):
    """Says one sentence."""

    action_name = "action_of_a_test"

    def answer(self, turn: Turn) -> None:
        turn.say("utter_thank")


@pytest.mark.parametrize("kind", tree(), ids=lambda one: one.__name__)
def test_every_error_of_the_services_is_answered_with_a_sentence_of_its_own(kind: type[ShopError]):
    said = run(Raises(FakeShop(), made(kind)), tracker("查一下"))
    if kind is NotIdentified:
        assert said.next == "verify_form"
        return
    read_as = {Erased: NotFound, LastAdmin: Refused}.get(kind, kind)  # no customer reads those two
    assert said.names == [f"utter_error_{snake(read_as.__name__)}"]
    assert said.text.strip()
    assert "13912345678" not in said.text, "an engineer's message is not for customers"


def test_an_error_without_a_reply_of_its_own_is_answered_like_the_class_above_it():
    class VeryLateOrder(OrderNotFound):
        pass

    assert response_of(VeryLateOrder()) == "utter_error_order_not_found"


def test_every_name_in_the_table_of_replies_is_an_error_and_has_a_response():
    names = labels()["error_replies"]
    assert set(names) <= {one.__name__ for one in tree()}
    assert [name for name in names if f"utter_error_{snake(name)}" not in responses()] == []


@pytest.mark.parametrize(
    "error", [RuntimeError("boom 13912345678"), KeyError("x"), RecursionError(), ValueError("\ud800"), MemoryError()]
)
def test_what_is_said_is_never_an_exception(error: BaseException, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        said = run(Raises(FakeShop(), error), tracker("查一下"))
    assert said.names == ["utter_error_internal"]
    assert said.slots["offer"] == "action_request_human"
    assert "boom" not in said.text
    assert type(error).__name__ not in said.text
    incident = said.messages[0]["incident"]
    assert incident in said.text
    assert incident in caplog.text, "a customer who names the incident can be helped"
    assert "13912345678" not in caplog.text


def test_an_action_that_fails_after_its_first_sentence_still_says_that_it_failed():
    said = run(Raises(FakeShop(), RuntimeError(), words_first=True), tracker("查一下"))
    assert said.names == ["utter_thank", "utter_error_internal"]


def test_a_broken_start_of_the_shop_is_said_and_not_silent():
    class NoShop(Answers):
        @property
        def shop(self) -> Any:
            raise BadSetting("XIAOER_LOG_LEVEL", "x", "mend")

    said = run(NoShop(), tracker("你好"))
    assert said.text.strip()


def test_a_guest_is_asked_who_they_are_and_the_question_is_kept():
    shop = FakeShop(order(), customer=None)
    said = run(OrderStatus(shop), tracker("我的订单到哪了", "order_status"))
    assert said.next == "verify_form"
    assert said.slots["resume"] == "action_order_status"


def test_a_dead_database_is_said_in_chinese():
    shop = FakeShop(order())
    shop.orders.fails = DatabaseDown("down")
    said = run(ListOrders(shop), tracker("我的订单", "list_orders"))
    assert said.names == ["utter_error_database_down"]


def test_the_log_names_the_message_of_a_refusal_and_not_its_conversation(caplog: pytest.LogCaptureFixture):
    shop = FakeShop(order())
    shop.orders.fails = DatabaseDown("down")
    with caplog.at_level(logging.DEBUG):
        run(ListOrders(shop), tracker("我的订单", "list_orders", message_id="m7"))
    assert "m7" in caplog.text
    assert "talk-1" not in caplog.text


def test_the_reason_of_a_refusal_is_said_in_chinese():
    shop = FakeShop(order(state=OrderState.SHIPPED))
    shop.orders.fails = CannotCancel("it has left", state="shipped")
    said = run(ListOrders(shop), tracker("取消", "cancel_order"))
    assert said.names == ["utter_error_cannot_cancel"]
    assert labels()["error_facts"]["shipped"] in said.text
    assert "shipped" not in said.text


def test_an_answer_in_the_middle_of_a_form_is_followed_by_the_form():
    said = run(Answers(FakeShop()), tracker("谢谢", "thank", form="cancel_form", rejected=True))
    assert said.names == ["utter_thank"]
    assert said.next == "cancel_form"
    assert said.loops == []


def test_an_error_in_the_middle_of_a_form_is_followed_by_the_form():
    said = run(
        Raises(FakeShop(), OrderNotFound("x")), tracker("查", "track_package", form="cancel_form", rejected=True)
    )
    assert said.next == "cancel_form"


def test_an_answer_outside_a_form_is_followed_by_nothing():
    said = run(Answers(FakeShop()), tracker("谢谢", "thank"))
    assert (said.next, said.loops) == (None, [])


def test_another_business_leaves_the_form():
    shop = FakeShop(order("2025010100000001"), order("2025010100000002", OrderState.PENDING_PAYMENT))
    said = run(
        StartCancel(shop),
        tracker("取消2025010100000002", "cancel_order", entity("order_no", "2025010100000002"), form="note_form"),
    )
    assert said.loops[0] is None, "the note form ends first"
    assert said.next == "cancel_form"
    assert said.slots["cancel_order"] == "2025010100000002"


def test_another_business_that_asks_which_order_leaves_the_form_too():
    shop = FakeShop(order("2025010100000001"), order("2025010100000002"))
    said = run(StartCancel(shop), tracker("取消订单", "cancel_order", form="note_form"))
    assert said.names == ["utter_choose_order"]
    assert said.loops == [None]
    assert said.next is None


def test_a_guest_in_the_middle_of_a_form_leaves_it_for_the_proof():
    shop = FakeShop(customer=None)
    said = run(OrderStatus(shop), tracker("订单呢", "order_status", form="invoice_form", rejected=True))
    assert said.next == "verify_form"
    assert None in said.loops


def test_an_offer_lapses_when_the_next_answer_does_not_take_it_up():
    said = run(Answers(FakeShop()), tracker("谢谢", "thank", slots={"offer": "action_request_human"}))
    assert said.slots["offer"] is None


@pytest.mark.parametrize(("name", "wanted"), [("OrderNotFound", "order_not_found"), ("Refused", "refused")])
def test_a_class_name_becomes_a_response_name(name: str, wanted: str):
    assert snake(name) == wanted
