"""Which order or product a customer means: named, numbered, "it", or the only one there is."""

from __future__ import annotations

from functools import partial
from typing import Iterable, Sequence, TypeVar

from actions.cards import order_card
from actions.meant import Days, days_bought, names_other_goods, orders_meant, said_states
from actions.sight import read_screens, refuse_unsafe
from actions.texts import labels
from actions.turn import Turn
from shop.entities import OrderView
from shop.states import OrderState

T = TypeVar("T")
MOST_CHOICES = 5

OPEN_STATES = (OrderState.PENDING_PAYMENT, OrderState.PAID, OrderState.SHIPPED)
UNSHIPPED = (OrderState.PENDING_PAYMENT, OrderState.PAID)
ARRIVED = (OrderState.DELIVERED, OrderState.COMPLETED)
UNDER_WAY = (OrderState.PAID, OrderState.SHIPPED)
_OTHER_VALUES = ("address", "invoice_title", "tax_no", "phone", "tracking_no", "email")
PAID_FOR = (OrderState.PAID, OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)


def pick_order(turn: Turn, states: Iterable[OrderState], resume: str, *, only_states: bool = False) -> OrderView | None:
    """The order that is meant, or None when the customer was asked which.

    Args:
        turn: the turn.
        states: where an order stands that such a request is usually about.
        resume: the action that goes on when the customer has chosen.
        only_states: "it" never means an order elsewhere (broken goods have arrived).

    Raises:
        NotIdentified: the talk has not proved whose it is.
        OrderNotFound: the number is unknown or not theirs.
    """
    customer, wanted = turn.customer, tuple(states)
    if refuse_unsafe(turn):
        return None
    number = turn.entity("order_no") or chosen(turn, "order")
    if not number and turn.attachments and read_screens(turn):
        number = turn.entity("order_no")
    if number:
        return _take(turn, turn.shop.orders.get(customer, str(number)))
    words = turn.entity_text("product") or turn.entity_text("category") or turn.entity_text("brand")
    said = said_states(turn.text)
    wanted = tuple(state for state in said if state in wanted) or said or wanted
    made = days_bought(turn.text, turn.values, turn.shop.clock())
    held = None if words or made else turn.focused("order")
    if held and names_other_goods(held, lambda most: turn.shop.orders.list(customer, limit=most), turn.text):
        held = None
    if held and ((points_back(turn) and not only_states and not said) or _fits(turn, held, wanted)):
        return _take(turn, turn.shop.orders.get(customer, held))
    orders = orders_meant(lambda most: _candidates(turn, wanted, words, made, most), turn.text, MOST_CHOICES)
    missing = words if words and not turn.shop.orders.list(customer, words=words, limit=1) else None
    if len(orders) == 1 and not missing:
        return _take(turn, orders[0])
    if not orders:
        turn.say("utter_no_orders")
        return None
    ask_which_order(turn, orders, resume, missing)
    return None


def ask_which_order(turn: Turn, orders: list[OrderView], resume: str, missing: str | None = None) -> None:
    """Show orders with a number each, and remember what was shown; ``missing`` names goods that none of them holds."""
    if missing:
        turn.say("utter_no_order_of", goods=missing)
    else:
        turn.say("utter_choose_order", count=len(orders))
    turn.show("orders", [order_card(one, position) for position, one in enumerate(orders, 1)])
    let_choose(turn, "order", [one.number for one in orders], resume, must=True)


def ask_still_which(turn: Turn, resume: str | None = None) -> None:
    """Keep the request and ask which one of the list shown last is meant; ``resume`` waits for it from now on."""
    if resume is not None:
        turn.remember(resume=resume)
    turn.keep_request(adds=True)
    turn.say("utter_still_which", count=len(turn.shown.get("values", ())))


def asks_order_for(turn: Turn, action: str) -> bool:
    """Whether that action has just asked which of the orders shown is meant."""
    return turn.slot("resume") == action and turn.shown.get("kind") == "order"


def waits_for_order(turn: Turn) -> str | None:
    """The action that waits for one of the orders shown, when the words point at goods of one ("that sun jacket")."""
    waiting, shown = turn.slot("resume"), turn.shown
    words = turn.entity_text("product") or turn.entity_text("category")
    if not waiting or not words or shown.get("kind") != "order" or turn.guest_or_customer is None:
        return None
    if not points_back(turn) or any(one in turn.text for one in labels()["of_the_shelf"]):
        return None
    found = {one.number for one in turn.shop.orders.list(turn.customer, words=words, limit=MOST_CHOICES)}
    meant = found & set(shown["values"]) or (found and turn.text.startswith(tuple(labels()["that_is"])))
    return str(waiting) if meant else None


def let_choose(turn: Turn, kind: str, values: list[str], then: str, *, must: bool = False) -> None:
    """Remember a numbered list, so that "the second one" goes on with the action ``then``.

    ``must`` says that the request can't go on without the choice: it waits, and
    its words and values are kept.
    """
    turn.remember(choices={"kind": kind, "values": values, "then": then}, resume=then if must else None)
    if len(values) > 1 and turn.focused(kind) not in (None, *values):
        turn.focus(kind, None)  # "is it in stock" is about one of these now
    if must:
        turn.keep_request()


def chosen(turn: Turn, kind: str) -> str | None:
    """What "the second one" points at among the choices shown last."""
    shown = turn.slot("choices")
    position = turn.entity("ordinal")
    if position is None or not isinstance(shown, dict) or shown.get("kind") != kind:
        return None
    values = shown["values"]
    if position == "newest":
        return str(values[0])
    if position in ("cheapest", "priciest"):
        return _by_price(turn, values, position) if kind == "product" else None
    index = position - 1 if position > 0 else len(values) + position
    return str(values[index]) if 0 <= index < len(values) else None


def offered(turn: Turn, options: Sequence[T]) -> T | None:
    """Which of the buttons or lines shown with a question is meant by "the first one", if any."""
    position = turn.entity("ordinal")
    if not isinstance(position, int) or not 0 < abs(position) <= len(options):
        return None
    return options[position - 1 if position > 0 else position]


def in_own_words(turn: Turn) -> bool:
    """Whether an open question was answered with words, not with some other value."""
    words = any(char.isalpha() for char in turn.text)
    return words and turn.intent == "inform" and not any(turn.entities(kind) for kind in _OTHER_VALUES)


def names_order(turn: Turn) -> bool:
    """Whether the message says by itself which order it is about."""
    return bool(
        turn.entity("order_no") or turn.entity("ordinal") is not None or turn.names_goods or said_states(turn.text)
    )


def points_back(turn: Turn) -> bool:
    """Whether the words point at something said before: it, that one, just now."""
    return any(word in turn.text for word in labels()["pronouns"])


def _by_price(turn: Turn, codes: list[str], position: str) -> str | None:
    details = [turn.shop.catalogue.product(code).card for code in codes]
    best = min if position == "cheapest" else max
    return best(details, key=lambda card: card.price_min_fen).code if details else None


def _take(turn: Turn, order: OrderView) -> OrderView:
    turn.focus("order", order.number)
    turn.remember(resume=None)
    return order


def _fits(turn: Turn, number: str, states: tuple[OrderState, ...]) -> bool:
    return turn.shop.orders.get(turn.customer, number).state in states


def _candidates(
    turn: Turn, states: tuple[OrderState, ...], words: str | None, made: Days | None, most: int
) -> list[OrderView]:
    """Orders in these states with these goods of these days; what fits none of them counts for less in that order."""
    mine = partial(turn.shop.orders.list, turn.customer)
    if made:
        then = partial(mine, since=made.start, until=made.end, words=words, limit=most)
        orders = then(states=states) or then()
        if orders:
            return orders
    orders = mine(states=states, words=words, limit=most)
    named = set(turn.entities("product"))  # a product's own name means no goods of a similar one
    orders = [one for one in orders if any(line.product_code in named for line in one.lines)] or orders
    if orders or not words:
        return orders or mine(limit=1)
    return mine(words=words, limit=most) or mine(states=states, limit=most)
