"""Cancelling an order: which one, why, really?"""

from __future__ import annotations

from typing import ClassVar

from actions.base import Events, ShopAction
from actions.cards import button, goods
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import order_facts
from actions.picking import UNSHIPPED, in_own_words, offered, pick_order
from actions.texts import label, yuan
from actions.turn import Turn
from shop.errors import CannotCancel

INTENTS = frozenset({"cancel_order"})
REASONS = ("unwanted", "wrong_size", "price", "not_shipped", "other")


class StartCancel(ShopAction):
    """Finds the order and refuses at once what can't be cancelled any more."""

    action_name = "action_start_cancel"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, or say why not."""
        order = pick_order(turn, UNSHIPPED, self.action_name)
        if order is None:
            return None
        if "cancel" not in order.can:
            raise CannotCancel(state=order.state.value)
        return begin("cancel_form", turn, cancel_order=order.number, cancel_reason=turn.entity("reason"))


class CancelForm(ShopForm):
    """Reason and confirmation."""

    form = "cancel_form"
    own_intents = INTENTS

    def questions(self) -> list[Question]:
        """Why, then really."""
        return [
            Question("cancel_reason", _ask_reason, read_reason),
            confirmation(_ask_confirm, INTENTS),
        ]


def read_reason(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """A reason by its words; while it is the open question, own words or an impatient yes count as "other"."""
    if turn.entity("reason"):
        return str(turn.entity("reason"))
    if not is_open:
        return None
    return offered(turn, REASONS) or ("other" if in_own_words(turn) or turn.intent == "affirm" else None)


def _ask_reason(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("cancel_order")))
    words = [label("cancel_reason", one) for one in REASONS]
    turn.say("utter_question_cancel_reason", buttons=[(one, one) for one in words], **order_facts(order))


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("cancel_order")))
    turn.say("utter_question_cancel_confirm", buttons=yes_no(), **order_facts(order))


def yes_no() -> list[tuple[str, str]]:
    """The two buttons of every confirmation."""
    return [(one["title"], one["payload"]) for one in (button("agree"), button("refuse"))]


class SubmitCancel(SubmitAction):
    """Cancels."""

    action_name = "action_submit_cancel"
    slots: ClassVar[tuple[str, ...]] = ("cancel_order", "cancel_reason")

    def submit(self, turn: Turn) -> None:
        """Cancel once, and tell what comes back."""
        result = turn.shop.orders.cancel(
            turn.customer, str(turn.slot("cancel_order")), str(turn.slot("cancel_reason")), key=turn.key("cancel")
        )
        name = "utter_cancelled_refund" if result.refund_fen else "utter_cancelled"
        turn.focus("order", result.order.number)
        turn.say(name, number=result.order.number, goods=goods(result.order), refund=yuan(result.refund_fen))
