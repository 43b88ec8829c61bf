"""Returns, exchanges, refunds, resends: opening a case by a form."""

from __future__ import annotations

from typing import Any, ClassVar

from actions.base import Events, ShopAction
from actions.cancel import yes_no
from actions.cards import button, case_card
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.lines import line_of, line_question, line_words
from actions.note import takes_any_text
from actions.orders import order_facts
from actions.picking import ARRIVED, PAID_FOR, in_own_words, names_goods, offered, pick_order
from actions.registry import go_on
from actions.texts import label, labels, phrase, yuan
from actions.turn import Turn
from shop.errors import BadQuantity, CannotReturn
from shop.states import CaseKind, CaseReason, OrderState

INTENT_KIND: dict[str, CaseKind] = {
    "return_goods": CaseKind.RETURN,
    "exchange_goods": CaseKind.EXCHANGE,
    "apply_refund": CaseKind.REFUND,
    "damaged_item": CaseKind.EXCHANGE,
    "quality_problem": CaseKind.EXCHANGE,
    "wrong_item": CaseKind.EXCHANGE,
    "missing_item": CaseKind.RESEND,
    "ask_resend": CaseKind.RESEND,
}
INTENT_REASON: dict[str, CaseReason] = {
    "damaged_item": CaseReason.DAMAGED,
    "quality_problem": CaseReason.QUALITY,
    "wrong_item": CaseReason.WRONG_ITEM,
    "missing_item": CaseReason.MISSING_ITEM,
    "ask_resend": CaseReason.MISSING_ITEM,
}
KINDS_BY_FAULT = (CaseKind.RETURN, CaseKind.EXCHANGE, CaseKind.REFUND)
REASONS: dict[CaseKind, tuple[CaseReason, ...]] = {
    CaseKind.RETURN: (CaseReason.UNWANTED, CaseReason.WRONG_SIZE, CaseReason.QUALITY, CaseReason.NOT_AS_DESCRIBED),
    CaseKind.EXCHANGE: (CaseReason.WRONG_SIZE, CaseReason.QUALITY, CaseReason.DAMAGED, CaseReason.WRONG_ITEM),
    CaseKind.REFUND: (CaseReason.QUALITY, CaseReason.DAMAGED, CaseReason.MISSING_ITEM, CaseReason.NOT_RECEIVED),
    CaseKind.RESEND: (CaseReason.MISSING_ITEM, CaseReason.DAMAGED, CaseReason.WRONG_ITEM),
}
NEEDS_PROOF = frozenset({CaseReason.DAMAGED, CaseReason.QUALITY, CaseReason.WRONG_ITEM, CaseReason.NOT_AS_DESCRIBED})
SLOTS = (
    "case_order", "case_kind", "case_line", "case_reason", "case_quantity", "case_wanted", "case_proof", "case_story",
)  # fmt: skip


class StartCase(ShopAction):
    """Finds the order and refuses at once what is over or not yet possible."""

    action_name = "action_start_case"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form with what the intent and the words say already."""
        intent = turn.intent if turn.intent in INTENT_KIND else turn.slot("case_intent") or "return_goods"
        if intent == "exchange_goods" and _has_not_left(turn):
            return go_on("action_start_modify", turn)
        turn.remember(case_intent=intent)
        states = PAID_FOR if intent == "apply_refund" else ARRIVED
        order = pick_order(turn, states, self.action_name, only_states=intent in INTENT_REASON)
        if order is None:
            return None
        turn.remember(case_intent=None)
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
            raise CannotReturn(why="not_delivered")
        if order.state in ARRIVED and not order.can & {"return", "exchange", "refund"}:
            raise CannotReturn(why="window_over")
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
            case_proof=turn.attachments or None,
        )
        return begin("case_form", turn, **known)


def _has_not_left(turn: Turn) -> bool:
    """Whether "another colour" is about an order that the talk is on and that is still here."""
    held = turn.focused("order")
    if not held or names_goods(turn) or turn.entity("order_no") or turn.entity("ordinal") is not None:
        return False
    return "modify" in turn.shop.orders.get(turn.customer, held).can


class CaseForm(ShopForm):
    """Line, what is wanted, why, how many, instead of what, proof, really?"""

    form = "case_form"
    own_intents = frozenset({"return_goods", "exchange_goods", "apply_refund"})

    def questions(self) -> list[Question]:
        """Only what the case needs is asked."""
        return [
            line_question("case_line", "case_order"),
            Question("case_kind", _ask_kind, _read_kind),
            Question("case_reason", _ask_reason, _read_reason),
            Question("case_quantity", _ask_quantity, _read_quantity, _needs_quantity),
            Question("case_wanted", _ask_wanted, _read_wanted, _needs_wanted),
            Question("case_proof", _ask_proof, _read_proof, _needs_proof),
            confirmation(_ask_confirm, self.own_intents),
        ]


def _ask_kind(turn: Turn, answers: Answers) -> None:
    words = [label("case_kind", kind.value) for kind in KINDS_BY_FAULT]
    turn.say("utter_question_case_kind", buttons=[(one, one) for one in words], goods=_line_name(turn, answers))


def _read_kind(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    if is_open:
        numbered = offered(turn, [kind.value for kind in KINDS_BY_FAULT])
        if numbered:
            return numbered
        for kind in CaseKind:
            if label("case_kind", kind.value) in turn.text:
                return kind.value
    if is_open and turn.intent in INTENT_KIND and turn.intent not in INTENT_REASON:
        return INTENT_KIND[turn.intent].value
    return None


def _ask_reason(turn: Turn, answers: Answers) -> None:
    words = [label("case_reason", one.value) for one in REASONS[CaseKind(answers["case_kind"])]]
    turn.say(
        "utter_question_case_reason",
        buttons=[(one, one) for one in words],
        case_kind=label("case_kind", answers["case_kind"]),
        goods=_line_name(turn, answers),
    )


def _read_reason(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    if turn.entity("reason"):
        return str(turn.entity("reason"))
    if is_open and turn.intent in INTENT_REASON:
        return INTENT_REASON[turn.intent].value
    if not is_open:
        return None
    numbered = offered(turn, [one.value for one in REASONS[CaseKind(answers["case_kind"])]])
    return numbered or (CaseReason.OTHER.value if in_own_words(turn) else None)


def _needs_quantity(turn: Turn, answers: Answers) -> bool:
    return line_of(turn, "case_order", answers["case_line"]).quantity > 1


def _ask_quantity(turn: Turn, answers: Answers) -> None:
    bought = line_of(turn, "case_order", answers["case_line"]).quantity
    turn.say(
        "utter_question_case_quantity",
        buttons=[(phrase("pieces", count=one),) * 2 for one in sorted({1, bought})],
        goods=_line_name(turn, answers),
        bought=bought,
    )


def _read_quantity(turn: Turn, answers: Answers, is_open: bool) -> int | None:
    given = turn.entity("quantity") or (turn.entity("ordinal") if is_open else None)
    if not isinstance(given, int) or answers.get("case_line") is None:
        return None
    bought = line_of(turn, "case_order", answers["case_line"]).quantity
    if not 1 <= given <= bought:
        if not is_open:
            return None
        raise BadQuantity(f"{given} of {bought}")
    return given


def _needs_wanted(turn: Turn, answers: Answers) -> bool:
    return (
        answers["case_kind"] == CaseKind.EXCHANGE.value
        and answers["case_reason"] == CaseReason.WRONG_SIZE.value
        and len(_other_specs(turn, answers)) > 0
    )


def _other_specs(turn: Turn, answers: Answers) -> list[str]:
    line = line_of(turn, "case_order", answers["case_line"])
    skus = turn.shop.catalogue.product(line.product_code).skus
    return list(dict.fromkeys(one.spec for one in skus if one.spec and one.spec != line.spec and one.available))


def _ask_wanted(turn: Turn, answers: Answers) -> None:
    turn.say("utter_question_case_wanted", buttons=[(spec, spec) for spec in _other_specs(turn, answers)[:5]])


def _read_wanted(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    if not is_open:
        return None
    said = [str(turn.entity(kind)) for kind in ("color", "size") if turn.entity(kind)]
    if said:
        fits = [spec for spec in _other_specs(turn, answers) if all(part in spec for part in said)]
        return fits[0] if fits else " ".join(said)
    own_words = takes_any_text(turn) or turn.intent == "exchange_goods"  # "a size smaller, please"
    return turn.text.strip()[:60] if own_words else None


def _needs_proof(turn: Turn, answers: Answers) -> bool:
    return CaseReason(answers["case_reason"]) in NEEDS_PROOF


def _ask_proof(turn: Turn, answers: Answers) -> None:
    skip = button("skip")
    turn.say("utter_question_case_proof", buttons=[(skip["title"], skip["payload"])])


def _read_proof(turn: Turn, answers: Answers, is_open: bool) -> list[str] | None:
    if turn.attachments:
        return [*(answers["case_proof"] or []), *turn.attachments]
    if is_open and (turn.intent == "deny" or any(word in turn.text for word in labels()["no_picture"])):
        return []
    return None


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    offer = turn.shop.aftersale.offer(
        turn.customer,
        str(turn.slot("case_order")),
        CaseKind(answers["case_kind"]),
        CaseReason(answers["case_reason"]),
        line_id=int(answers["case_line"]),
        quantity=answers["case_quantity"],
    )
    back = "free_return" if offer.shop_pays_return else "own_return"
    if offer.kind in (CaseKind.REFUND, CaseKind.RESEND):
        back = "no_return_needed"
    turn.say(
        "utter_question_case_confirm_money"
        if offer.kind in (CaseKind.RETURN, CaseKind.REFUND)
        else "utter_question_case_confirm",
        buttons=yes_no(),
        case_kind=label("case_kind", offer.kind.value),
        goods=line_words(offer.line, answers["case_quantity"]),
        wanted=phrase("wanted_spec", spec=answers["case_wanted"]) if answers["case_wanted"] else "",
        reason=label("case_reason", answers["case_reason"]),
        amount=yuan(offer.amount_fen),
        return_fee=phrase(back),
    )


def _line_name(turn: Turn, answers: Answers) -> str:
    return line_of(turn, "case_order", answers["case_line"]).name


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


def _all_of(turn: Turn) -> int:
    return line_of(turn, "case_order", turn.slot("case_line")).quantity
