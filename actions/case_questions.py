"""The questions of a return, an exchange, a refund or a resend: how each is asked and how its answer is read."""

from __future__ import annotations

from typing import Any

from actions.cancel import yes_no
from actions.cards import button
from actions.forms import REFUSED, Answers
from actions.lines import line_of, line_words
from actions.note import takes_any_text
from actions.picking import in_own_words, names_order, offered
from actions.sight import proofs_among, refuse_unsafe
from actions.texts import label, labels, phrase, yuan
from actions.turn import Turn
from shop.errors import BadQuantity
from shop.states import CaseKind, CaseReason

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
_TELLING = 4  # characters from which words tell something


def tell_on(turn: Turn, answers: Answers) -> None:
    """The story is never asked for; it grows by what is told beside the questions."""


def read_story(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """More of what happened, told while the goods or the kind are asked for ("the wheel came off")."""
    asked = turn.slot("requested_slot")
    own_words = asked == "case_kind" and in_own_words(turn) and len(turn.text) >= _TELLING  # else they name the goods
    if asked not in ("case_line", "case_kind") or not (turn.intent in INTENT_REASON or own_words):
        return None
    if read_kind(turn, answers, True):
        return None
    turn.say("utter_story_noted")
    before = answers["case_story"]
    return (f"{before}\n{turn.text.strip()}" if before else turn.text.strip())[:300]


def ask_kind(turn: Turn, answers: Answers) -> None:
    """Back, another one, or the money?"""
    words = [label("case_kind", kind.value) for kind in KINDS_BY_FAULT]
    turn.say("utter_question_case_kind", buttons=[(one, one) for one in words], goods=_line_name(turn, answers))


def read_kind(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """A button, its number, or the intent."""
    if is_open:
        numbered = offered(turn, [kind.value for kind in KINDS_BY_FAULT])
        if numbered:
            return numbered
        for kind in CaseKind:
            if label("case_kind", kind.value) in turn.text:
                return kind.value
    beside = turn.slot("requested_slot") and answers["case_kind"] is None and not names_order(turn)  # "money back!"
    if (is_open or beside) and turn.intent in INTENT_KIND and turn.intent not in INTENT_REASON:
        return INTENT_KIND[turn.intent].value
    return None


def ask_reason(turn: Turn, answers: Answers) -> None:
    """Why?"""
    words = [label("case_reason", one.value) for one in REASONS[CaseKind(answers["case_kind"])]]
    turn.say(
        "utter_question_case_reason",
        buttons=[(one, one) for one in words],
        case_kind=label("case_kind", answers["case_kind"]),
        goods=_line_name(turn, answers),
    )


def read_reason(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """A button, its number, the intent, or own words."""
    if turn.entity("reason"):
        return str(turn.entity("reason"))
    if is_open and turn.intent in INTENT_REASON:
        return INTENT_REASON[turn.intent].value
    if not is_open:
        return None
    numbered = offered(turn, [one.value for one in REASONS[CaseKind(answers["case_kind"])]])
    of_photos = any(word in turn.text for word in labels()["no_picture_unasked"])
    return numbered or (CaseReason.OTHER.value if in_own_words(turn) and not of_photos else None)


def needs_quantity(turn: Turn, answers: Answers) -> bool:
    """Only when more than one was bought."""
    return line_of(turn, "case_order", answers["case_line"]).quantity > 1


def ask_quantity(turn: Turn, answers: Answers) -> None:
    """How many of them?"""
    bought = line_of(turn, "case_order", answers["case_line"]).quantity
    turn.say(
        "utter_question_case_quantity",
        buttons=[(phrase("pieces", count=one),) * 2 for one in sorted({1, bought})],
        goods=_line_name(turn, answers),
        bought=bought,
    )


def read_quantity(turn: Turn, answers: Answers, is_open: bool) -> int | None:
    """A number within what was bought."""
    given = turn.entity("quantity") or (turn.entity("ordinal") if is_open else None)
    if not isinstance(given, int) or answers.get("case_line") is None:
        return None
    bought = line_of(turn, "case_order", answers["case_line"]).quantity
    if not 1 <= given <= bought:
        if not is_open:
            return None
        raise BadQuantity(f"{given} of {bought}")
    return given


def needs_wanted(turn: Turn, answers: Answers) -> bool:
    """An exchange for another size, where there is one."""
    return (
        answers["case_kind"] == CaseKind.EXCHANGE.value
        and answers["case_reason"] == CaseReason.WRONG_SIZE.value
        and len(_other_specs(turn, answers)) > 0
    )


def _other_specs(turn: Turn, answers: Answers) -> list[str]:
    line = line_of(turn, "case_order", answers["case_line"])
    skus = turn.shop.catalogue.product(line.product_code).skus
    return list(dict.fromkeys(one.spec for one in skus if one.spec and one.spec != line.spec and one.available))


def ask_wanted(turn: Turn, answers: Answers) -> None:
    """Which one instead?"""
    turn.say("utter_question_case_wanted", buttons=[(spec, spec) for spec in _other_specs(turn, answers)[:5]])


def read_wanted(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """Another variant that is there, or own words."""
    if not is_open:
        return None
    said = [str(turn.entity(kind)) for kind in ("color", "size") if turn.entity(kind)]
    if said:
        fits = [spec for spec in _other_specs(turn, answers) if all(part in spec for part in said)]
        return fits[0] if fits else " ".join(said)
    own_words = takes_any_text(turn) or turn.intent == "exchange_goods"  # "a size smaller, please"
    return turn.text.strip()[:60] if own_words else None


def needs_proof(turn: Turn, answers: Answers) -> bool:
    """Where the goods are at fault."""
    return CaseReason(answers["case_reason"]) in NEEDS_PROOF


def ask_proof(turn: Turn, answers: Answers) -> None:
    """A photo, please."""
    skip = button("skip")
    turn.say("utter_question_case_proof", buttons=[(skip["title"], skip["payload"])])


def read_proof(turn: Turn, answers: Answers, is_open: bool) -> Any:
    """Pictures that show something, or that there are none (an empty list), said at any time."""
    if turn.attachments and turn.slot("requested_slot"):  # those of the request came with the form's start
        refuse_unsafe(turn)
        clear = proofs_among(turn, turn.attachments)
        return list(dict.fromkeys([*(answers["case_proof"] or []), *clear])) if clear else REFUSED
    words = labels()["no_picture" if is_open else "no_picture_unasked"]
    if (is_open and turn.intent == "deny") or any(word in turn.text for word in words):
        return []
    return None


def ask_confirm(turn: Turn, answers: Answers) -> None:
    """What will be done, with the money and who pays the way back."""
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
