"""Forms: asked one question after the other, interrupted, left, confirmed, and kept when the shop is down."""

from __future__ import annotations

from typing import Any

import pytest

from actions.forms import Answers, Question, ShopForm, confirmation
from actions.turn import Turn
from actions.verify import SubmitVerify
from shop.errors import BadQuantity, CannotReturn, DatabaseDown, NotIdentified
from tests.unit.actions.fakes import FakeShop, Said, entity, run, tracker

NUMBER = "2025010100000001"
HANGZHOU = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路99号"}


class CountForm(ShopForm):
    """Asks how many, perhaps which colour, and whether really; ``ask_error`` comes up in the last question."""

    form = "count_form"
    own_intents = frozenset({"modify_order"})

    def __init__(self, shop: Any, ask_error: Exception | None = None) -> None:
        super().__init__(shop)
        self._ask_error = ask_error

    def questions(self) -> list[Question]:
        def ask_last(turn: Turn, answers: Answers) -> None:
            if self._ask_error:
                raise self._ask_error
            turn.say("utter_question_note_confirm", number="1", goods="x", note=str(answers["count"]))

        return [
            Question("count", lambda turn, _: turn.say("utter_question_case_quantity", goods="x", bought=9), _count),
            Question(
                "color",
                lambda turn, _: turn.say("utter_question_case_wanted"),
                lambda turn, _, is_open: turn.entity("color"),
                lambda turn, answers: answers["count"] > 1,
            ),
            confirmation(ask_last, self.own_intents),
        ]


def _count(turn: Turn, answers: Answers, is_open: bool) -> int | None:
    given = turn.entity("quantity")
    if is_open and given is not None and given > 9:
        raise BadQuantity(f"{given} of 9")
    return given


def at(slot: str, *entities: dict[str, Any], text: str = "", intent: str = "inform", **more: Any) -> Any:
    """The form's state when this slot was asked for and a message came."""
    slots = {"count": None, "color": None, "confirm": None, **more.pop("slots", {}), "requested_slot": slot}
    return tracker(text, intent, *entities, slots=slots, form="count_form", **more)


def requested(said: Said) -> Any:
    return said.slots["requested_slot"]


def is_a_turn_of_the_form(said: Said) -> bool:
    """Whether Rasa takes the turn as the form's: it looks for a set slot other than requested_slot."""
    return any(name != "requested_slot" for name in said.slots)


def test_a_form_begins_with_its_first_question():
    said = run(CountForm(FakeShop()), tracker("改数量", "modify_order", slots={"count": None, "confirm": None}))
    assert said.names == ["utter_question_case_quantity"]
    assert requested(said) == "count"


def test_what_the_first_message_says_already_is_not_asked():
    said = run(CountForm(FakeShop()), tracker("改成1件", "modify_order", entity("quantity", 1)))
    assert said.slots["count"] == 1
    assert requested(said) == "confirm"
    assert said.names == ["utter_question_note_confirm"]


def test_the_first_message_never_confirms():
    said = run(CountForm(FakeShop()), tracker("好的，改成1件", "affirm", entity("quantity", 1)))
    assert "confirm" not in said.slots


def test_an_answer_leads_to_the_next_question():
    said = run(CountForm(FakeShop()), at("count", entity("quantity", 3), text="3件"))
    assert said.slots["count"] == 3
    assert requested(said) == "color"
    assert said.names == ["utter_question_case_wanted"]


def test_a_question_that_is_not_needed_is_not_asked():
    assert requested(run(CountForm(FakeShop()), at("count", entity("quantity", 1), text="1件"))) == "confirm"


def test_two_answers_in_one_message_are_both_taken():
    said = run(CountForm(FakeShop()), at("count", entity("quantity", 3), entity("color", "红色"), text="3件红色"))
    assert (said.slots["count"], said.slots["color"], requested(said)) == (3, "红色", "confirm")


def test_a_message_that_answers_nothing_is_left_to_the_rules():
    said = run(CountForm(FakeShop()), at("count", text="你们发什么快递", intent="ask_courier"))
    assert said.messages == []
    assert said.events == []


def test_a_form_asks_its_question_again_after_an_interruption():
    said = run(
        CountForm(FakeShop()),
        at("count", entity("quantity", 3), text="买3件包邮吗", intent="ask_shipping_fee", rejected=True),
    )
    assert said.names == ["utter_question_case_quantity"]
    assert "count" not in said.slots, "the message was a question, not an answer"


def test_a_value_of_the_wrong_form_is_said_and_asked_again():
    said = run(CountForm(FakeShop()), at("count", entity("quantity", 99), text="99件"))
    assert said.names == ["utter_error_bad_quantity", "utter_question_case_quantity"]
    assert requested(said) == "count"
    assert is_a_turn_of_the_form(said)


@pytest.mark.parametrize(("intent", "wanted"), [("affirm", True), ("modify_order", True), ("deny", False)])
def test_a_confirmation_is_yes_or_no_and_saying_the_wish_again_is_yes(intent: str, wanted: bool):
    said = run(CountForm(FakeShop()), at("confirm", text="…", intent=intent, slots={"count": 1}))
    assert said.slots["confirm"] is wanted
    assert requested(said) is None


def test_a_value_changed_at_the_confirmation_is_asked_about_again():
    said = run(
        CountForm(FakeShop()), at("confirm", entity("quantity", 4), text="改4件吧", slots={"count": 1, "color": "红色"})
    )
    assert said.slots["count"] == 4
    assert said.names == ["utter_question_note_confirm"]
    assert "4" in said.text


def test_a_yes_with_another_value_asks_about_that_value_first():
    said = run(
        CountForm(FakeShop()),
        at("confirm", entity("quantity", 1), text="好，就1件", intent="affirm", slots={"count": 2, "color": "红色"}),
    )
    assert said.slots["count"] == 1
    assert said.slots.get("confirm") is not True, "nobody has agreed to the new value yet"
    assert requested(said) == "confirm"


def test_a_form_whose_aim_is_refused_ends_with_the_reason():
    said = run(CountForm(FakeShop(), CannotReturn(why="window_over")), at("count", entity("quantity", 1), text="1件"))
    assert said.names == ["utter_error_cannot_return"]
    assert requested(said) is None
    assert said.slots["confirm"] is None
    assert is_a_turn_of_the_form(said)


def test_a_form_keeps_what_it_knows_while_the_database_is_down():
    said = run(CountForm(FakeShop(), DatabaseDown("down")), at("count", entity("quantity", 1), text="1件"))
    assert said.names == ["utter_error_database_down"]
    assert said.slots["count"] == 1
    assert is_a_turn_of_the_form(said)
    assert said.loops == []


def test_the_apology_for_a_dead_database_is_said_once_a_turn():
    state = at("confirm", text="运费多少", intent="ask_shipping_fee", slots={"count": 1}, rejected=True)
    state.events.append({"event": "bot", "metadata": {"utter_action": "utter_error_database_down"}})
    said = run(CountForm(FakeShop(), DatabaseDown("down")), state)
    assert said.names == []
    assert requested(said) == "confirm"


def test_a_guest_whose_proof_ran_out_proves_again_and_comes_back_to_the_form():
    said = run(CountForm(FakeShop(), NotIdentified("x")), at("count", entity("quantity", 1), text="1件"))
    assert said.next == "verify_form"
    assert said.slots["resume"] == "count_form"
    assert said.slots["count"] == 1
    back = run(
        SubmitVerify(FakeShop(customer=None)),
        tracker("5678", slots={"verify_order": NUMBER, "verify_tail": "5678", "resume": "count_form"}),
    )
    assert back.next == "count_form"
