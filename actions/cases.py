"""Questions about after-sale cases that exist: progress, money, withdrawal."""

from __future__ import annotations

from typing import Any, ClassVar

from actions.base import Events, ShopAction, active_form
from actions.cancel import yes_no
from actions.cards import case_card
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import order_facts
from actions.picking import chosen, let_choose
from actions.texts import day, label, labels, minute, yuan
from actions.turn import Turn
from shop.entities import CaseView
from shop.errors import CaseNotFound, WrongState
from shop.states import CaseKind, CaseState, OrderState

MONEY = (CaseKind.RETURN, CaseKind.REFUND)
INTENTS = frozenset({"cancel_refund"})
MAY_WITHDRAW = (CaseState.SUBMITTED, CaseState.APPROVED)


def case_facts(case: CaseView) -> dict[str, Any]:
    """What the sentences about a case may mention."""
    return {
        "case_number": case.number,
        "case_kind": label("case_kind", case.kind.value),
        "case_state": label("case_state", case.state.value),
        "goods": case.product_name,
        "amount": yuan(case.amount_fen),
        "created": minute(case.created_at),
        "updated": minute(case.updated_at),
        "refund_due": day(case.refund_due_at),
    }


def pick_case(turn: Turn, cases: list[CaseView], resume: str) -> CaseView | None:
    """The case that is meant, or None when the customer was asked which."""
    number = turn.entity("case_no") or chosen(turn, "case")
    if number:
        for case in cases:
            if case.number == number:
                turn.remember(resume=None)
                return case
        raise CaseNotFound(f"{number} is none of this customer's cases")
    order = turn.entity("order_no")
    if order:
        cases = [one for one in cases if one.order_number == order] or cases
    if len(cases) == 1:
        return cases[0]
    turn.say("utter_choose_case", count=len(cases))
    turn.show("case", [case_card(one, position) for position, one in enumerate(cases[:5], 1)])
    let_choose(turn, "case", [one.number for one in cases[:5]], resume, must=True)
    return None


class RefundStatus(ShopAction):
    """Where the customer's money is."""

    action_name = "action_refund_status"

    def answer(self, turn: Turn) -> None:
        """A return or refund case; without one, a cancelled order's refund."""
        cases = turn.shop.aftersale.list(turn.customer, kinds=MONEY)
        if not cases:
            self._tell_cancelled(turn)
            return
        open_ones = [one for one in cases if one.state not in (CaseState.WITHDRAWN, CaseState.REJECTED)]
        case = pick_case(turn, (open_ones or cases)[:5], self.action_name)
        if case is not None:
            tell_case(turn, case)

    @staticmethod
    def _tell_cancelled(turn: Turn) -> None:
        orders = turn.shop.orders.list(turn.customer, states=(OrderState.CANCELLED,), limit=1)
        paid = [one for one in orders if one.paid_at]
        if paid:
            turn.say("utter_cancel_done_paid", **order_facts(paid[0]))
        else:
            turn.say("utter_no_refund")


def tell_case(turn: Turn, case: CaseView) -> None:
    """Say a case's state in one sentence."""
    money = "_money" if case.kind in MONEY and case.state in (CaseState.REFUNDING, CaseState.DONE) else ""
    turn.say(f"utter_case_{case.state.value}{money}", **case_facts(case))
    turn.focus("order", case.order_number)


class AftersaleProgress(ShopAction):
    """Where a case stands."""

    action_name = "action_aftersale_progress"

    def answer(self, turn: Turn) -> None:
        """Open cases first; the newest closed one when none is open."""
        cases = turn.shop.aftersale.list(turn.customer, open_only=True)
        cases = cases or turn.shop.aftersale.list(turn.customer)[:1]
        if not cases:
            turn.say("utter_no_case")
            return
        case = pick_case(turn, cases, self.action_name)
        if case is not None:
            tell_case(turn, case)


class StartWithdraw(ShopAction):
    """Finds the case to take back."""

    action_name = "action_start_withdraw"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, or say why not."""
        older = (
            turn.entity("case_no")
            or turn.entity("order_no")
            or any(one in turn.text for one in labels()["an_older_case"])
        )
        if active_form(turn) == "case_form" and not older:
            turn.say("utter_stopped")  # "I'd rather keep it" of what is being asked for, and of no case before
            return None
        cases = turn.shop.aftersale.list(turn.customer, open_only=True)
        if not cases:
            turn.say("utter_no_open_case")
            return None
        case = pick_case(turn, cases, self.action_name)
        if case is None:
            return None
        if case.state not in MAY_WITHDRAW:
            raise WrongState(why=case.state.value)
        return begin("withdraw_form", turn, case_withdraw=case.number)


class WithdrawForm(ShopForm):
    """Only a confirmation."""

    form = "withdraw_form"
    own_intents = INTENTS

    def questions(self) -> list[Question]:
        """Really?"""
        return [confirmation(_ask_confirm, INTENTS)]


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    number = turn.slot("case_withdraw")
    case = next((one for one in turn.shop.aftersale.list(turn.customer) if one.number == number), None)
    if case is None:
        raise CaseNotFound(f"{number} is gone")
    turn.say("utter_question_withdraw_confirm", buttons=yes_no(), **case_facts(case))


class SubmitWithdraw(SubmitAction):
    """Takes the case back."""

    action_name = "action_submit_withdraw"
    slots: ClassVar[tuple[str, ...]] = ("case_withdraw",)

    def submit(self, turn: Turn) -> None:
        """Withdraw once."""
        case = turn.shop.aftersale.withdraw(turn.customer, str(turn.slot("case_withdraw")), key=turn.key("withdraw"))
        turn.say("utter_withdrawn", **case_facts(case))
