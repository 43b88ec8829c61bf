"""Cancelling an order: which one, why, really?"""

from __future__ import annotations

from typing import ClassVar

from actions.base import Events, ShopAction
from actions.cards import button, goods
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import next_steps, order_facts
from actions.picking import UNSHIPPED, ask_still_which, asks_order_for, in_own_words, offered, pick_order
from actions.texts import label, labels, yuan
from actions.turn import Turn
from shop.entities import OrderView
from shop.states import OrderState

INTENTS = frozenset({"cancel_order"})
TOO_LATE = {OrderState.SHIPPED: "utter_cancel_shipped", OrderState.CANCELLED: "utter_order_cancelled"}
REASONS = ("unwanted", "wrong_size", "price", "not_shipped", "other")


class StartCancel(ShopAction):
    """Finds the order and refuses at once what can't be cancelled any more."""

    action_name = "action_start_cancel"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, or say why not."""
        if asks_order_for(turn, "action_start_case") and _only_refuses(turn):  # why it is to go back
            turn.resumes = True
            ask_still_which(turn)
            return None
        if _has_bought_nothing(turn):
            cancel = button("cancel")
            turn.say("utter_not_bought", buttons=[(cancel["title"], cancel["payload"])])
            return None
        order = _at_hand(turn) or pick_order(turn, UNSHIPPED, self.action_name)
        if order is None:
            return None
        if "cancel" not in order.can:
            turn.say(TOO_LATE.get(order.state, "utter_cancel_arrived"), buttons=next_steps(order), **order_facts(order))
            return None
        return begin("cancel_form", turn, cancel_order=order.number, cancel_reason=turn.entity("reason"))


def _has_bought_nothing(turn: Turn) -> bool:
    """Whether "I won't buy it after all" is said of goods on the shelf, talked about after any order."""
    held = {kind: turn.slot(f"focus_{kind}") or {} for kind in ("product", "order")}
    on_shelf = turn.focused("product") and held["product"].get("at", 0) > held["order"].get("at", 0)
    listed = turn.shown.get("kind") == "order" or turn.resumes
    return bool(on_shelf and not listed and _only_refuses(turn))


def _at_hand(turn: Turn) -> OrderView | None:
    """The order that the talk is on, when the words refuse it without naming any ("I don't want it any more")."""
    held = turn.focused("order")
    if not held or turn.names_goods or turn.resumes or not _only_refuses(turn):
        return None
    return turn.shop.orders.get(turn.customer, held)


def _only_refuses(turn: Turn) -> bool:
    """Whether the words say "not any more" and nothing of which order: no number, place, day, state or parcel."""
    words = labels()
    which = any(turn.entity(kind) is not None for kind in ("order_no", "ordinal", "date", "tracking_no"))
    told = which or bool(turn.attachments) or any(word in turn.text for word in words["of_an_order"])
    return not told and any(word in turn.text for word in words["not_bought"])


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
