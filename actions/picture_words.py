"""Words about a picture ("not this, the strap", "the same but cheaper"), and few words that came with one."""

from __future__ import annotations

import time
from typing import Any

from actions.texts import labels
from actions.turn import FOCUS_S, Turn

SHORT_WORDS = frozenset(
    {
        "action_affirm", "action_deny", "action_reply", "action_ask_promotion", "action_recommend_product",
        "action_compare_products",
    }
)  # fmt: skip
"""Actions to which few words may be led by mistake, and that look at no picture."""

MAY_CORRECT = SHORT_WORDS | {"action_start_case"}
"""Where "not this one, I want the strap" may be heard as goods that were sent wrongly."""

_MARKS = " ,.!?;:\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f"


def seen_before(turn: Turn) -> dict[str, Any] | None:
    """The last photos and what was shown for them: photos, shown, at; None when that is long ago."""
    seen = turn.slot("seen")
    return seen if isinstance(seen, dict) and time.time() - seen.get("at", 0) <= FOCUS_S else None


def belongs_to_picture(turn: Turn, action: str) -> bool:
    """Whether a message that was heard as something else is about its picture, or about the one of before."""
    if action in SHORT_WORDS and turn.attachments:
        return True
    if seen_before(turn) is None or turn.attachments:
        return False
    like = any(word in turn.text for word in labels()["like_picture"])
    if action in SHORT_WORDS and (like or asks_for_cheaper(turn)):
        return True
    if sends_another(turn):
        return True
    begins = turn.text.strip(_MARKS).startswith((*labels()["not_this"], *labels()["not_so"]))
    return action in MAY_CORRECT and begins and corrects(turn)


def asks_for_cheaper(turn: Turn) -> bool:
    """Whether cheaper goods are wanted than those found on the photo, which were shown last."""
    seen, shown = seen_before(turn), turn.shown
    return (
        seen is not None
        and shown.get("kind") == "product"
        and set(shown["values"]) <= set(seen["shown"])
        and any(word in turn.text for word in labels()["cheaper_goods"])
    )


def sends_another(turn: Turn) -> bool:
    """Whether another photo is announced, just after one; it has not come yet."""
    announced = turn.text.strip(_MARKS).startswith(tuple(labels()["another_photo"]))
    return announced and not turn.attachments and seen_before(turn) is not None


def promises_picture(turn: Turn) -> bool:
    """Whether "the same" of a photo is asked for that has not come yet, and of nothing that was named."""
    named = turn.names_goods
    asked = any(word in turn.text for word in labels()["as_on_picture"])
    return asked and not named and not turn.attachments and turn.focused("product") is None


def corrects(turn: Turn) -> bool:
    """Whether the customer says that it is not what was found on the photo."""
    return seen_before(turn) is not None and _refusal(turn) is not None


def corrected_to(turn: Turn) -> str:
    """What the customer says that it is instead ("not this, the strap of the bag"); empty when nothing is said."""
    if not corrects(turn) or turn.entity("ordinal") is not None:
        return ""
    rest = (_refusal(turn) or "").strip(_MARKS)
    before = next((word for word in labels()["it_is"] if rest.startswith(word)), "")
    return rest[len(before) :].strip(_MARKS)


def _refusal(turn: Turn) -> str | None:
    """What is said beside "not this one"; None when that is not said. A bare "no" counts where nothing was offered."""
    words = labels()
    rest = turn.text.strip()
    if any(word in rest for word in words["not_this"]):
        for word in words["not_this"]:
            rest = rest.partition(word)[2] or rest.replace(word, "")
        return rest
    for word in words["not_so"] if not turn.slot("offer") else ():
        after = rest[len(word) :].lstrip("".join(words["not_so_ends"]))
        if rest.startswith(word) and (not after or after[0] in _MARKS):
            return after
    return None
