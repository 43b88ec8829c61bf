"""Messages that nobody could answer are kept, masked, for whoever teaches the bot."""

from __future__ import annotations

import logging
import re

from actions.turn import Turn
from shop.errors import ShopError

log = logging.getLogger("xiaoer.actions")
PERSONAL = frozenset(
    ["order_no", "tracking_no", "case_no", "phone", "phone_tail", "email", "person", "address", "tax_no",
     "invoice_title"]
)  # fmt: skip
_DIGITS = re.compile(r"\d{4,}")


def masked(turn: Turn) -> str:
    """The message with ``[kind]`` in the place of every personal value."""
    text, last, parts = turn.text, 0, []
    for one in sorted(turn.values, key=lambda value: int(value["start"])):
        if one["entity"] in PERSONAL and one["start"] >= last:
            parts += [text[last : one["start"]], f"[{one['entity']}]"]
            last = one["end"]
    return _DIGITS.sub("[number]", "".join((*parts, text[last:])))


def keep_unanswered(turn: Turn) -> None:
    """Keep the message; a shop that cannot takes nothing from the customer's answer."""
    intent, confidence = next(
        ((name, share) for name, share in turn.ranking if name != "nlu_fallback"), (turn.intent, turn.confidence)
    )
    try:
        turn.shop.unanswered.record(masked(turn), intent, confidence)
    except ShopError as error:
        log.warning("message %s: not kept as unanswered: %s", turn.message_id, type(error).__name__)
