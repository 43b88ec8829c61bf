"""Two questions to somebody whose taste nobody knows yet: for whom or what, and at what price.

What they asked for by themselves is shown at once; only who says no more than
"recommend me something", and never did anything here, is asked. The slot ``taste``
holds the open question and what was answered before; it lapses with the next turn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.turn import Turn
from actions.wishes import NAMED, Wish, new_wish, words

WHOM, PRICE = "whom", "price"
LONGEST_ANSWER = 24
"""A longer message is a request of its own."""

_BARE_SUM = re.compile(r"\D{0,6}?(\d{2,6})\D{0,3}")


@dataclass(frozen=True)
class Heard:
    """What the answers have come to, and the question that is left."""

    wish: Wish
    left: str | None


def open_question(turn: Turn) -> str | None:
    """The question asked a turn ago, if one was."""
    held = turn.slot("taste")
    return str(held["asking"]) if isinstance(held, dict) else None


def names_something(wish: Wish) -> bool:
    """Whether a wish says anything that a choice could be made by."""
    return any(wish.get(one) for one in NAMED) or wish.get("beside") is not None


def answers_taste(turn: Turn) -> bool:
    """Whether the message answers the open question, whatever intent was heard in it."""
    if open_question(turn) is None or len(turn.text) > LONGEST_ANSWER or turn.entity("order_no"):
        return False
    if any(word in turn.text for word in (*words()["of_orders"], *words()["questions"])):
        return False
    return names_something(_said(turn)) or _says(turn, "any") or _says(turn, "leave")


def ask(turn: Turn, question: str, wish: Wish) -> None:
    """Put a question and remember what was answered before."""
    turn.say(f"utter_taste_{question}")
    turn.remember(taste={"asking": question, "wish": wish})


def hear(turn: Turn) -> Heard | None:
    """What the questions have come to with this message; None when none was open.

    Who answers neither question nor "whatever" insists on goods, and gets them.
    """
    question = open_question(turn)
    if question is None:
        return None
    said = _said(turn)
    wish = {**turn.slot("taste")["wish"], **{name: value for name, value in said.items() if value}}
    answered = names_something(said) or _says(turn, "any")
    priced = wish.get("low") is not None or wish.get("high") is not None
    done = question == PRICE or priced or _says(turn, "leave") or not answered
    return Heard(wish, None if done else PRICE)


def _said(turn: Turn) -> Wish:
    wish = new_wish(turn)
    if open_question(turn) == PRICE and not (wish.get("low") or wish.get("high")):
        bare = _BARE_SUM.fullmatch(turn.text.strip())
        named = max((word for word in words()["taste"]["sums"] if word in turn.text), key=len, default=None)
        if bare or named:
            wish["high"] = 100 * (int(bare.group(1)) if bare else words()["taste"]["sums"][named])
    return wish


def _says(turn: Turn, kind: str) -> bool:
    return any(word in turn.text for word in words()["taste"][kind])
