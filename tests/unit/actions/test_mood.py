"""Anger is met with an apology first, and with a person when it goes on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actions.chat import Reply
from actions.handoff import Complain, RequestHuman
from actions.orders import OrderStatus
from shop.states import OrderState
from tests.unit.actions.fakes import FakeShop, order, run, tracker

WORDS = "到底什么时候到"


def said_before(anger: int) -> dict[str, Any]:
    return {"event": "user", "text": "…", "parse_data": {"sentiment": {"label": "neg", "score": 0.9, "anger": anger}}}


def offered_before() -> dict[str, Any]:
    return {"event": "bot", "text": "…", "metadata": {"utter_action": "utter_offer_person"}}


def ask(anger: int, before=(), shop: FakeShop | None = None, **more: Any):
    shop = shop or FakeShop(order(state=OrderState.SHIPPED))
    return run(OrderStatus(shop), tracker(WORDS, "order_status", anger=anger, before=before, **more))


def with_cases(*cases: Any) -> FakeShop:
    shop = FakeShop(order(state=OrderState.SHIPPED))
    shop.aftersale = SimpleNamespace(list=lambda customer, open_only: list(cases))  # type: ignore[attr-defined]
    return shop


@pytest.mark.parametrize("anger", [0, 1])
def test_a_calm_message_gets_its_answer_alone(anger):
    said = ask(anger)
    assert said.names
    assert not {"utter_sorry_first", "utter_offer_person"} & set(said.names)


def test_an_angry_message_gets_an_apology_before_its_answer():
    said = ask(2)
    assert said.names[0] == "utter_sorry_first"
    assert len(said.names) > 1
    assert "utter_offer_person" not in said.names


def test_the_apology_is_said_once_a_message():
    state = tracker(WORDS, "order_status", anger=2)
    state.events.append({"event": "bot", "text": "…", "metadata": {}})
    assert "utter_sorry_first" not in run(OrderStatus(FakeShop(order())), state).names


def test_the_second_angry_message_is_offered_a_person():
    said = ask(2, [said_before(2)])
    assert said.names[-1] == "utter_offer_person"
    assert said.titles[-1] == "转人工"
    assert said.slots["offer"] == "action_request_human"


def test_displeasure_before_is_not_yet_anger():
    assert "utter_offer_person" not in ask(2, [said_before(1)]).names


def test_a_person_is_not_offered_again_in_the_next_turn():
    assert "utter_offer_person" not in ask(2, [said_before(2), offered_before()]).names


def test_in_a_form_the_offer_does_not_take_the_next_yes():
    said = ask(2, [said_before(2)], form="cancel_form")
    assert "utter_offer_person" in said.names
    assert said.slots.get("offer") is None


@pytest.mark.parametrize(("shop", "offers"), [(with_cases("AS1"), True), (with_cases(), False)])
def test_one_insult_offers_a_person_where_a_case_is_open(shop, offers):
    said = run(Reply(shop), tracker("你们这群骗子", "insult", anger=3))
    assert ("utter_offer_person" in said.names) is offers


def test_who_waits_already_is_served_sooner_and_not_offered_a_person():
    shop = FakeShop(order(state=OrderState.SHIPPED))
    shop.handoffs.asked.append("asked")
    said = ask(2, [said_before(2)], shop)
    assert shop.handoffs.asked == ["asked", "anger"]
    assert shop.handoffs.priorities == [2]
    assert "utter_offer_person" not in said.names


@pytest.mark.parametrize(("anger", "priority"), [(0, 0), (1, 0), (2, 2), (3, 2)])
def test_an_angry_customer_enters_the_queue_further_ahead(anger, priority):
    shop = FakeShop()
    said = run(RequestHuman(shop), tracker("转人工", "request_human", anger=anger))
    assert shop.handoffs.priorities == [priority]
    assert said.names == ["utter_handoff_waiting"]


def test_a_complaint_has_one_apology():
    said = run(Complain(FakeShop()), tracker("我要投诉！！！", "complain", anger=2, before=[said_before(2)]))
    assert said.names == ["utter_complain", "utter_handoff_waiting"]


def test_a_message_that_nothing_heard_is_calm():
    state = tracker(WORDS, "order_status")
    del state.latest_message["sentiment"]
    assert "utter_sorry_first" not in run(OrderStatus(FakeShop(order())), state).names
