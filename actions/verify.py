"""Proof of identity for guests: order number and the last four digits of the phone."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Events, ShopAction, say_error
from actions.cards import button
from actions.forms import Answers, Question, ShopForm, said_since_the_message
from actions.registry import go_on
from actions.texts import labels
from actions.turn import Turn
from shop.errors import ShopError


class VerifyForm(ShopForm):
    """Asks for the two values, in any order or at once."""

    form = "verify_form"

    def questions(self) -> list[Question]:
        """Order number, then phone tail."""
        return [
            Question("verify_order", _ask_order, _read_order),
            Question("verify_tail", lambda turn, _: turn.say("utter_question_verify_tail"), _read_tail),
        ]

    def answer(self, turn: Turn) -> Events:
        """Help a customer who has no order number at hand; else as every form."""
        asked = turn.slot("requested_slot") == "verify_order" and not turn.entity("order_no")
        if asked and any(word in turn.text for word in labels()["no_order_number"]):
            human = button("human")
            turn.say("utter_verify_help", buttons=[(human["title"], human["payload"])])
            return [SlotSet("verify_order", None), SlotSet("requested_slot", "verify_order")]  # no interruption
        return super().answer(turn)


def _ask_order(turn: Turn, answers: Answers) -> None:
    if answers["verify_tail"]:
        turn.say("utter_question_verify_order_too")
    elif _was_asked(turn):
        human = button("human")
        turn.say("utter_question_verify_order_again", buttons=[(human["title"], human["payload"])])
    else:
        turn.say("utter_question_verify_order")


def _was_asked(turn: Turn) -> bool:
    """Whether the shop's last words before this message asked for the order number."""
    asked = ("utter_question_verify_order", "utter_question_verify_order_again")
    before = [one for one in turn.tracker.events if one["event"] in ("user", "bot")]
    while before and before[-1]["event"] == "bot":  # said in this turn
        before.pop()
    last = next((one for one in reversed(before[:-1]) if one["event"] == "bot"), None)
    return last is not None and (last.get("metadata") or {}).get("utter_action") in asked


def _read_order(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    return turn.entity("order_no")


def _read_tail(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    phone = turn.entity("phone")
    return turn.entity("phone_tail") or (str(phone)[-4:] if phone else None)


class SubmitVerify(ShopAction):
    """Checks the proof and goes on with what the customer had asked."""

    action_name = "action_submit_verify"

    def answer(self, turn: Turn) -> Events:
        """Link the talk to the customer, or say that the values don't fit."""
        number, tail = turn.slot("verify_order"), turn.slot("verify_tail")
        turn.remember(verify_order=None, verify_tail=None)
        if not (number and tail):  # the customer talked of other things: the form was left
            turn.remember(resume=None, kept=None)
            if not said_since_the_message(turn):
                human = button("human")
                turn.say("utter_verify_left", buttons=[(human["title"], human["payload"])])
            return []
        number, tail = str(number), str(tail)
        try:
            customer = turn.shop.identity.prove(turn.sender, number, tail)
        except ShopError as error:
            return say_error(turn, error)
        turn.guest_or_customer = customer
        turn.focus("order", number)
        turn.say("utter_verified")
        waiting = turn.slot("resume")
        if not waiting:
            return []
        turn.remember(resume=None)
        turn.resumes = True
        if str(waiting).endswith("_form"):  # the proof ran out in the middle of it
            return [FollowupAction(str(waiting))]
        events = go_on(str(waiting), turn)
        if not events and not turn.slot("resume"):  # answered: no later form may begin with it
            turn.remember(kept=None)
        return events
