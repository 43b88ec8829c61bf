"""Which line of an order is meant: the question that several forms share."""

from __future__ import annotations

from typing import Any, Sequence

from actions.forms import Answers, Question
from actions.meant import lines_meant
from actions.picking import offered
from actions.texts import labels, phrase
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
        pointed = offered(turn, lines) if is_open else None
        if pointed is not None:
            return pointed.id
        corrects = turn.slot("requested_slot") == "confirm"  # "only the shirt"
        fits = _named(turn, lines, by_words=is_open or corrects)
        if not fits and (is_open or turn.resumes) and not _keeps_some(turn):
            fits = lines_meant(lines, turn.request if turn.resumes else turn.text)
        return fits[0].id if len(fits) == 1 else None

    return Question(slot, ask, read)


def _named(turn: Turn, lines: Sequence[LineView], by_words: bool) -> list[LineView]:
    """The lines whose goods the message names, but for those of which it says that they stay ("the jeans I keep").

    A product's own name counts at any question; words that are a part of a name only with ``by_words``.
    """
    goods = [one for one in turn.values if one["entity"] in ("product", "category")]
    staying = [one for one in goods if _stays(turn, one, beside=len(goods) > 1)]
    if staying:
        stay = _about(turn, lines, staying)
        lines = [line for line in lines if line not in stay]
        if len(lines) == 1 and stay:
            return lines
    meant = [one for one in goods if one not in staying]
    if goods or not by_words:
        return _fitting(turn, lines, meant, by_words)
    return _alike(lines, turn.text)


def _fitting(turn: Turn, lines: Sequence[LineView], goods: list[dict[str, Any]], by_words: bool) -> list[LineView]:
    """Lines of the products named, now or in the request that waited for a choice; else, of a like name."""
    named_now = any(one["entity"] == "product" for one in turn.values)
    fits = _sold_as(lines, _codes(goods) if named_now else turn.entities("product"))
    return fits if fits or not by_words else _about(turn, lines, goods)


def _about(turn: Turn, lines: Sequence[LineView], goods: list[dict[str, Any]]) -> list[LineView]:
    """Lines of some goods of the message: of the product, else of a like name."""
    alike = (line for one in goods for line in _alike(lines, turn.text[one["start"] : one["end"]]))
    found = _sold_as(lines, _codes(goods)) or list(alike)
    ends = (line for one in goods for line in lines_meant(lines, turn.text[one["start"] : one["end"]]))
    return found or list(dict.fromkeys(ends))


def _codes(goods: list[dict[str, Any]]) -> list[Any]:
    return [one["value"] for one in goods if one["entity"] == "product"]


def _sold_as(lines: Sequence[LineView], codes: Sequence[Any]) -> list[LineView]:
    return [line for line in lines if line.product_code in codes]


def _alike(lines: Sequence[LineView], words: str) -> list[LineView]:
    said = "".join(words.split())
    names = {line.id: "".join(line.name.split()) for line in lines}
    return [line for line in lines if said and (said in names[line.id] or names[line.id] in said)]


def _keeps_some(turn: Turn) -> bool:
    """Whether the words say of any goods that they stay, so that goods named in them may be just those."""
    words = labels()
    return any(one in turn.request for one in (*words["stays_before"], *words["stays_after"], *words["fine_after"]))


def _stays(turn: Turn, goods: dict[str, Any], beside: bool) -> bool:
    """Whether the words next to the goods say that they are not meant; "it is fine" says so ``beside`` other goods."""
    before, after = turn.text[: goods["start"]].rstrip(), turn.text[goods["end"] :].lstrip()
    words = labels()
    fine = tuple(words["fine_after"]) if beside else ()
    return before.endswith(tuple(words["stays_before"])) or after.startswith((*words["stays_after"], *fine))


def line_words(line: LineView, quantity: int | None = None) -> str:
    """A line, or some units of it, in a few words."""
    units = phrase("quantity", quantity=quantity or line.quantity)
    return phrase("order_line", name=line.name, spec=line.spec, quantity=units).replace("  ", " ")
