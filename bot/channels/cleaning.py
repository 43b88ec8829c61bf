"""What a client sent, checked and cleaned; pure functions."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

SENDER = re.compile(r"[A-Za-z0-9_.:@-]{1,100}")
"""Ids that a client may choose; ``~`` is kept for ids that the gate makes."""
MADE_BY_US = re.compile(r"(w|shell)-[0-9a-f]+|(wechat|wecom|wecom_kf|dingtalk|feishu|telegram|slack):.*")
"""Ids of browsers', terminals' and messengers' conversations. Who knows one has proved nothing: agents see them."""
MAX_ATTACHMENTS = 6

_KEPT_CONTROLS = "\n\t"
_KEPT_FORMATS = "\u200c\u200d"  # joiners: emoji families and some scripts need them


class Refusal(Exception):
    """A message that is not read; ``name`` is the sentence that says why."""

    def __init__(self, name: str, **facts: Any) -> None:
        super().__init__(name)
        self.name = name
        self.facts = facts


def clean_text(raw: Any, limit: int) -> str:
    """A message's text, fit for the bot; empty when there is none.

    Control characters, lone surrogates and invisible direction marks go. A
    leading ``/`` goes too: Rasa reads ``/intent{...}`` as a command, which no
    customer may give; buttons carry plain words.

    Raises:
        Refusal: it is no text (``not_text``) or too long (``too_long``).
    """
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise Refusal("not_text")
    if len(raw) > limit * 4:  # far too long: not worth cleaning first
        raise Refusal("too_long", limit=limit)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(one for one in text if _kept(one)).strip()
    while text.startswith("/"):  # Rasa strips blanks of every kind once more, then looks for a command
        text = text[1:].strip()
    if len(text) > limit:
        raise Refusal("too_long", limit=limit)
    return text


def _kept(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cc":
        return character in _KEPT_CONTROLS
    if category == "Cf":
        return character in _KEPT_FORMATS
    return category != "Cs"


def clean_id(raw: Any) -> str | None:
    """A client's id of its message, or None when it has no usable one."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        return None
    text = "".join(one for one in str(raw) if one.isprintable()).strip()
    return text[:100] or None


def clean_attachments(metadata: dict[str, Any]) -> list[str]:
    """Upload ids of a message's metadata; anything else is dropped."""
    raw = metadata.get("attachments")
    if not isinstance(raw, list):
        return []
    return [one for one in raw if isinstance(one, str) and re.fullmatch(r"[0-9a-f]{32}", one)][:MAX_ATTACHMENTS]


def scoped(sender_id: str, customer_id: int | None) -> str:
    """The conversation of a stranger who speaks under somebody else's sender id.

    Their talk, slots and history stay apart from the owner's.
    """
    tail = f"~{'guest' if customer_id is None else customer_id}"
    if len(sender_id) + len(tail) <= 100:
        return sender_id + tail
    digest = hashlib.sha256(sender_id.encode()).hexdigest()[:16]
    return f"{sender_id[:60]}~{digest}{tail}"
