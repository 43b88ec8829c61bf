"""Which line of an order is meant: the question that several forms share."""

from __future__ import annotations

from actions.forms import Answers, Question
from actions.texts import phrase
from actions.turn import Turn
from shop.entities import LineView, OrderView
from shop.errors import OrderNotFound


def order_of(turn: Turn, order_slot: str) -> OrderView:
    """The order that a form is about."""
    return turn.shop.orders.get(turn.customer, str(turn.slot(order_slot)))


def line_of(turn: Turn, order_slot: str, line_id: int) -> LineView:
    """A line of the form's order.

    Raises:
        OrderNotFound: the order has no such line any more.
    """
    for line in order_of(turn, order_slot).lines:
        if line.id == int(line_id):
            return line
    raise OrderNotFound(f"no line {line_id} in this order")


def line_question(slot: str, order_slot: str) -> Question:
    """Asks which line, when an order has several."""

    def ask(turn: Turn, answers: Answers) -> None:
        lines = order_of(turn, order_slot).lines
        titles = [f"{position}. {one.name} {one.spec}".strip() for position, one in enumerate(lines, 1)]
        turn.say("utter_question_line", buttons=[(title, str(position)) for position, title in enumerate(titles, 1)])
        if turn.in_shell:
            turn.say_text("\n".join(titles))

    def read(turn: Turn, answers: Answers, is_open: bool) -> int | None:
        lines = order_of(turn, order_slot).lines
        if len(lines) == 1:
            return lines[0].id if answers[slot] is None else None
        position, code = turn.entity("ordinal"), turn.entity("product")
        if is_open and isinstance(position, int) and 0 < abs(position) <= len(lines):
            return lines[position - 1 if position > 0 else position].id
        fits = [one for one in lines if one.product_code == code]
        if not fits and is_open:
            words = turn.entity_text("product") or turn.entity_text("category") or turn.text
            fits = [one for one in lines if words and (words in one.name or one.name in words)]
        return fits[0].id if len(fits) == 1 else None

    return Question(slot, ask, read)


def line_words(line: LineView, quantity: int | None = None) -> str:
    """A line, or some units of it, in a few words."""
    units = phrase("quantity", quantity=quantity or line.quantity)
    return phrase("order_line", name=line.name, spec=line.spec, quantity=units).replace("  ", " ")
