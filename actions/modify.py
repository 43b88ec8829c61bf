"""Changing an order's goods: another colour, size or quantity."""

from __future__ import annotations

from typing import Any, ClassVar

from actions.base import Events, ShopAction
from actions.cancel import yes_no
from actions.cards import goods
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.lines import line_of, line_question
from actions.orders import order_facts
from actions.picking import UNSHIPPED, ask_still_which, asks_order_for, names_order, pick_order
from actions.texts import phrase, yuan
from actions.turn import Turn
from shop.entities import LineView
from shop.errors import BadQuantity, CannotChange, OutOfStock

INTENTS = frozenset({"modify_order"})


class StartModify(ShopAction):
    """Finds the order and refuses at once what has left."""

    action_name = "action_start_modify"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, with the wish if the message holds one."""
        if asks_order_for(turn, "action_start_case") and not names_order(turn):  # what it is to be exchanged for
            turn.resumes = True
            ask_still_which(turn)
            return None
        order = pick_order(turn, UNSHIPPED, self.action_name)
        if order is None:
            return None
        if "modify" not in order.can:
            raise CannotChange(why=order.state.value, goods=goods(order))
        line = order.lines[0].id if len(order.lines) == 1 else None
        return begin("modify_form", turn, modify_order=order.number, modify_line=line, modify_wish=None)


class ModifyForm(ShopForm):
    """Which line, to what, really?"""

    form = "modify_form"
    own_intents = INTENTS

    def questions(self) -> list[Question]:
        """Line, wish, confirmation."""
        return [
            line_question("modify_line", "modify_order"),
            Question("modify_wish", _ask_wish, _read_wish),
            confirmation(_ask_confirm, INTENTS),
        ]


def _read_wish(turn: Turn, answers: Answers, is_open: bool) -> dict[str, Any] | None:
    wish = {kind: turn.entity(kind) for kind in ("color", "size", "quantity")}
    wish = {kind: value for kind, value in wish.items() if value is not None}
    if "quantity" in wish and not 1 <= int(wish["quantity"]) <= 999:
        raise BadQuantity(f"{wish['quantity']} is not between 1 and 999")
    if answers["modify_line"] is not None and not _comes_so(turn, answers["modify_line"], wish):
        raise OutOfStock("the product does not come in that colour and size")
    return wish or None


def _comes_so(turn: Turn, line_id: int, wish: dict[str, Any]) -> bool:
    """Whether the product is sold in the wished colour and size; asked before the customer has to confirm."""
    if not (wish.get("color") or wish.get("size")):
        return True
    line = line_of(turn, "modify_order", line_id)
    return bool(turn.shop.stock.availability(line.product_code, color=wish.get("color"), size=wish.get("size")).skus)


def _ask_wish(turn: Turn, answers: Answers) -> None:
    line = line_of(turn, "modify_order", answers["modify_line"])
    skus = turn.shop.catalogue.product(line.product_code).skus
    others = list(dict.fromkeys(one.spec for one in skus if one.spec and one.spec != line.spec and one.available))[:4]
    turn.say("utter_question_modify_wish", buttons=[(spec, spec) for spec in others], goods=line.name, spec=line.spec)


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    line = line_of(turn, "modify_order", answers["modify_line"])
    turn.say(
        "utter_question_modify_confirm", buttons=yes_no(), goods=line.name, change=_change(line, answers["modify_wish"])
    )


def _change(line: LineView, wish: dict[str, Any]) -> str:
    parts = []
    spec = " ".join(str(wish[kind]) for kind in ("color", "size") if wish.get(kind))
    if spec:
        parts.append(phrase("spec_to", old=line.spec, new=spec))
    if wish.get("quantity"):
        parts.append(phrase("quantity_to", old=line.quantity, new=wish["quantity"]))
    return "; ".join(parts)


class SubmitModify(SubmitAction):
    """Changes the line."""

    action_name = "action_submit_modify"
    slots: ClassVar[tuple[str, ...]] = ("modify_order", "modify_line", "modify_wish")

    def submit(self, turn: Turn) -> None:
        """Change once, and tell the difference in money."""
        wish = turn.slot("modify_wish")
        result = turn.shop.orders.modify_line(
            turn.customer,
            str(turn.slot("modify_order")),
            int(turn.slot("modify_line")),
            color=wish.get("color"),
            size=wish.get("size"),
            quantity=int(wish["quantity"]) if wish.get("quantity") else None,
            key=turn.key("modify"),
        )
        difference = result.difference_fen
        name = (
            "utter_modified" if not difference else "utter_modified_refund" if difference < 0 else "utter_modified_pay"
        )
        turn.say(name, difference=yuan(abs(difference)), **order_facts(result.order))
