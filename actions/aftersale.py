"""Returns, exchanges, refunds, resends: opening a case by a form."""

from __future__ import annotations

from typing import Any, ClassVar

from rasa_sdk.events import SlotSet

from actions import case_questions as asked
from actions.base import Events, ShopAction
from actions.cards import button, case_card, goods
from actions.case_questions import INTENT_KIND, INTENT_REASON
from actions.escalation import check_refund
from actions.forms import Question, ShopForm, SubmitAction, begin, confirmation
from actions.lines import line_of, line_question, order_of
from actions.meant import means_another
from actions.orders import order_facts
from actions.picking import ARRIVED, PAID_FOR, ask_still_which, asks_order_for, names_order, pick_order
from actions.registry import go_on
from actions.sight import proofs_among
from actions.texts import yuan
from actions.turn import Turn
from shop.errors import CannotReturn
from shop.states import CaseKind, CaseReason, OrderState

SLOTS = (
    "case_order", "case_kind", "case_line", "case_reason", "case_quantity", "case_wanted", "case_proof", "case_story",
)  # fmt: skip


class StartCase(ShopAction):
    """Finds the order and refuses at once what is over or not yet possible."""

    action_name = "action_start_case"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form with what the intent and the words say already."""
        return self.start(
            turn, turn.intent if turn.intent in INTENT_KIND else turn.slot("case_intent") or "return_goods"
        )

    def start(self, turn: Turn, intent: str) -> Events | None:
        """Start it for an intent; None when something else was said or asked first."""
        if asks_order_for(turn, self.action_name) and not names_order(turn):
            _keep_asking(turn, intent)
            return None
        if intent == "exchange_goods" and _has_not_left(turn):
            return go_on("action_start_modify", turn)
        turn.remember(case_intent=intent)
        states = PAID_FOR if intent == "apply_refund" else ARRIVED
        order = pick_order(turn, states, self.action_name, only_states=intent in INTENT_REASON)
        if order is None:
            return None
        turn.remember(case_intent=None)
        if intent == "exchange_goods" and "modify" in order.can:
            return go_on("action_start_modify", turn)  # another colour of what is still here
        if order.state in (OrderState.PAID, OrderState.PENDING_PAYMENT) and "cancel" in order.can:
            cancel, keep = button("cancel"), button("refuse")
            turn.remember(offer="action_start_cancel")
            turn.say(
                "utter_cancel_instead",
                buttons=[(one["title"], one["payload"]) for one in (cancel, keep)],
                **order_facts(order),
            )
            return None
        if order.state is OrderState.SHIPPED and intent != "apply_refund":
            raise CannotReturn(why="not_delivered", goods=goods(order))
        if order.state in ARRIVED and not order.can & {"return", "exchange", "refund"}:
            _tell_why_not(turn, order.number, intent)
        reason = turn.entity("reason") or (INTENT_REASON[intent].value if intent in INTENT_REASON else None)
        known: dict[str, Any] = dict.fromkeys(SLOTS)
        known.update(
            case_order=order.number,
            case_kind=None
            if intent in ("damaged_item", "quality_problem", "wrong_item")
            else INTENT_KIND[intent].value,
            case_line=order.lines[0].id if len(order.lines) == 1 else None,
            case_reason=reason,
            case_story=turn.request[:300] if intent in INTENT_REASON else None,
            case_proof=proofs_among(turn, turn.request_pictures) or None,
        )
        return begin("case_form", turn, **known)


def _keep_asking(turn: Turn, intent: str) -> None:
    """More of what broke ("only three days old", "money back"): which of the orders shown is still the question."""
    if intent in INTENT_REASON and turn.slot("case_intent") not in INTENT_REASON:
        turn.remember(case_intent=intent)
    turn.resumes = True
    ask_still_which(turn)


def _tell_why_not(turn: Turn, number: str, intent: str) -> None:
    """Raise what stands against a case: one is open already, all of it went back, or the window is over."""
    reason = INTENT_REASON.get(intent, CaseReason.UNWANTED)
    turn.shop.aftersale.offer(turn.customer, number, INTENT_KIND[intent], reason)


def _has_not_left(turn: Turn) -> bool:
    """Whether "another colour" is about an order that the talk is on and that is still here."""
    held = turn.focused("order")
    if not held or turn.names_goods or turn.entity("order_no") or turn.entity("ordinal") is not None:
        return False
    return "modify" in turn.shop.orders.get(turn.customer, held).can


def _intent_of(kind: str | None, reason: str | None) -> str:
    """The intent with which a case of this kind, or for this reason, begins."""
    by_reason = [intent for intent, one in INTENT_REASON.items() if kind is None and one.value == reason]
    by_kind = [intent for intent, one in INTENT_KIND.items() if one.value == kind]
    return next(iter((*by_reason, *by_kind)), "return_goods")


class CaseForm(ShopForm):
    """Line, what is wanted, why, how many, instead of what, proof, really?"""

    form = "case_form"
    own_intents = frozenset({"return_goods", "exchange_goods", "apply_refund"})

    def _go_on(self, turn: Turn, requested: str | None, events: Events) -> Events:
        """As any form; a correction of the order begins anew with the other one, with what was told already."""
        if requested is None or not means_another(order_of(turn, "case_order"), turn.text):
            return super()._go_on(turn, requested, events)
        told = {name: turn.slot(name) for name in ("case_reason", "case_story", "case_proof") if turn.slot(name)}
        turn.focus("order", None)
        begun = StartCase(self._shop).start(turn, _intent_of(turn.slot("case_kind"), told.get("case_reason"))) or []
        if not any(one.get("name") == self.form for one in begun):
            return [*begun, SlotSet("requested_slot", None)]  # it goes on as something else
        turn.remember(**told)
        return super()._go_on(turn, None, events)

    def questions(self) -> list[Question]:
        """Only what the case needs is asked."""
        return [
            line_question("case_line", "case_order"),
            Question("case_story", asked.tell_on, asked.read_story, lambda turn, answers: False),
            Question("case_kind", asked.ask_kind, asked.read_kind),
            Question("case_reason", asked.ask_reason, asked.read_reason),
            Question("case_quantity", asked.ask_quantity, asked.read_quantity, asked.needs_quantity),
            Question("case_wanted", asked.ask_wanted, asked.read_wanted, asked.needs_wanted),
            Question("case_proof", asked.ask_proof, asked.read_proof, asked.needs_proof),
            confirmation(asked.ask_confirm, self.own_intents),
        ]


class SubmitCase(SubmitAction):
    """Opens the case."""

    action_name = "action_submit_case"
    slots: ClassVar[tuple[str, ...]] = SLOTS

    def submit(self, turn: Turn) -> None:
        """Open once, and tell the number and what comes next."""
        case = turn.shop.aftersale.open(
            turn.customer,
            str(turn.slot("case_order")),
            CaseKind(turn.slot("case_kind")),
            CaseReason(turn.slot("case_reason")),
            line_id=int(turn.slot("case_line")),
            quantity=int(turn.slot("case_quantity") or _all_of(turn)),
            description=str(turn.slot("case_story") or ""),
            wanted_spec=turn.slot("case_wanted"),
            proofs=tuple(turn.slot("case_proof") or ()),
            key=turn.key("case"),
        )
        turn.say(
            f"utter_case_opened_{case.kind.value}",
            case_number=case.number,
            goods=case.product_name,
            amount=yuan(case.amount_fen),
            return_address=turn.shop.settings.return_address,
        )
        turn.show("case", [case_card(case)])
        check_refund(turn, case)


def _all_of(turn: Turn) -> int:
    return line_of(turn, "case_order", turn.slot("case_line")).quantity
