"""Which of the customer's own orders the words of a message speak of: by where it stands, its day, what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Sequence

from actions.texts import labels
from shop.entities import LineView, OrderView
from shop.states import OrderState

_NAME = re.compile(r"[\u4e00-\u9fff]{2,}")
_BREAK = re.compile(r"[,，。.!！?？;；、\s]")
_NEAR = 8  # characters after a day within which a word of buying speaks of that day
_SEARCHED = 20  # orders that are looked through for goods
_TELLING = 5  # characters from which a message may name goods
_LONGEST = 4  # characters of a goods' name that are compared, from its end: 护眼台灯 is 灯, 台灯, ...


def said_states(text: str) -> tuple[OrderState, ...]:
    """Where the order stands by the customer's own words ("the one that is not paid"), or nothing."""
    return tuple(
        OrderState(state) for state, words in labels()["said_state"].items() if any(word in text for word in words)
    )


@dataclass(frozen=True)
class Days:
    """A period from ``start`` up to ``end``."""

    start: datetime
    end: datetime


def days_bought(text: str, values: Sequence[dict[str, Any]], now: datetime) -> Days | None:
    """When the order was made by the customer's own words ("what I bought on Saturday"), or None.

    Args:
        text: the message.
        values: its entities, as the tracker holds them.
        now: the moment of the message; what begins later is no day of buying.
    """
    for one in values:
        span = one.get("value")
        if one["entity"] != "date" or not isinstance(span, dict):
            continue
        after = _BREAK.split(text[one.get("end") or 0 :], maxsplit=1)[0][:_NEAR]
        days = Days(datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"]))
        if days.start <= now and any(word in after for word in labels()["bought_then"]):
            return days
    return None


def means_another(order: OrderView, text: str) -> bool:
    """Whether the words turn from an order to one that stands elsewhere ("not that one, the one not sent yet")."""
    said = said_states(text)
    here = OrderState.DELIVERED if order.state is OrderState.COMPLETED else order.state  # it came, either way
    return bool(said) and here not in said and any(word in text for word in labels()["another_order"])


def orders_meant(listed: Callable[[int], list[OrderView]], text: str, most: int) -> list[OrderView]:
    """At most so many of the orders that ``listed`` gives, newest first: those whose goods the text names, else all.

    Older ones are looked at only when the text may name goods of theirs.
    """
    orders = listed(most)
    found = narrowed(orders, text)
    if len(found) == most and len(text) >= _TELLING:
        older = narrowed(listed(_SEARCHED), text)
        found = older if len(older) < _SEARCHED else found
    return found[:most]


def names_other_goods(number: str, listed: Callable[[int], list[OrderView]], text: str) -> bool:
    """Whether the text calls goods by the end of their name that other orders hold and the one of that number does not.

    ``listed`` is asked only when the text may name goods.
    """
    if len(text) < _TELLING:
        return False
    orders = listed(_SEARCHED)
    meant = {one.number for one in narrowed(orders, text)}
    return 0 < len(meant) < len(orders) and number not in meant


def narrowed(orders: Sequence[OrderView], text: str) -> list[OrderView]:
    """Those orders whose goods the text names best; all of them when it names none.

    People call goods by the end of their name ("my lamp" for a desk lamp). A single
    character counts only where a noun begins, because it is a part of many words.
    """
    fits = [_fit(order, text) for order in orders]
    best = max(fits, default=0)
    return [order for order, fit in zip(orders, fits) if fit == best]


def lines_meant(lines: Sequence[LineView], text: str) -> list[LineView]:
    """Those lines whose goods the text calls by the end of their name ("the trousers" for jeans); none without any."""
    fits = [_line_fit(line, text) for line in lines]
    best = max(fits, default=0)
    return [line for line, fit in zip(lines, fits) if best and fit == best]


def _fit(order: OrderView, text: str) -> int:
    return max((_line_fit(line, text) for line in order.lines), default=0)


def _line_fit(line: LineView, text: str) -> int:
    return max((_named(run, text) for run in _NAME.findall(line.name)), default=0)


def _named(name: str, text: str) -> int:
    """How many of a name's last characters the text says."""
    for word in labels()["no_goods"]:  # my parcel is no bag, my phone number no phone
        text = text.replace(word, " ")
    for length in range(min(_LONGEST, len(name)), 1, -1):
        if name[-length:] in text:
            return length
    before, after = labels()["before_goods"], labels()["after_goods"]
    places = (place for place, char in enumerate(text) if char == name[-1])
    return int(any(not place or text[place - 1] in before or text[place + 1 : place + 2] in after for place in places))
