"""Sessions of browsers: which conversation a widget may see and speak in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from shop.entities import StoredMessage
from shop.errors import BadToken
from shop.front import Shop
from shop.handoff_rows import wire

HISTORY = 50
"""Messages that a widget is given at once."""


@dataclass(frozen=True)
class WebSession:
    """A browser's session; ``proof`` is what it keeps and shows."""

    sender_id: str
    proof: str
    token: str  # none, ok, bad
    speaker: str
    handoff: dict[str, Any]


def open_session(shop: Shop, proof: Any, token: Any) -> WebSession:
    """The session that a browser comes back to, or a new one.

    A conversation that a customer's token has opened is only for that token's
    customer; a guest or somebody else in the same browser gets a new one.
    """
    customer_id, state = _customer(shop, token)
    sender_id = _known(shop, proof)
    if sender_id is not None:
        owner = shop.identity.owner(sender_id)
        if owner is not None and owner != customer_id:
            sender_id = None
    if sender_id is None:
        sender_id = f"w-{secrets.token_hex(16)}"
    if customer_id is not None:
        try:
            if not shop.identity.claim(sender_id, customer_id, "web"):  # claimed by another tab just now
                sender_id = f"w-{secrets.token_hex(16)}"
                shop.identity.claim(sender_id, customer_id, "web")
        except BadToken:
            state = "bad"
    talk = shop.handoffs.current(sender_id)
    speaker = "bot" if talk is None else talk.state.value
    return WebSession(sender_id, shop.identity.sign_session(sender_id), state, speaker, wire(talk))


def may_see(shop: Shop, proof: Any, token: Any) -> str:
    """The conversation that these credentials open.

    Raises:
        BadToken: they open none.
    """
    sender_id = shop.identity.read_session(proof)
    owner = shop.identity.owner(sender_id)
    if owner is not None and owner != _customer(shop, token)[0]:
        raise BadToken("the conversation belongs to a customer; show their token")
    return sender_id


def after_id(raw: Any) -> int:
    """The id after which a widget wants its history; 0 for what can be no message's id."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 2**31 else 0


def wire_form(message: StoredMessage) -> dict[str, Any]:
    """A kept message as a widget reads it."""
    return {**message.body, "id": message.id, "direction": message.direction, "at": message.at.isoformat()}


def _customer(shop: Shop, token: Any) -> tuple[int | None, str]:
    if not token:
        return None, "none"
    try:
        return shop.identity.read_token(token), "ok"
    except BadToken:
        return None, "bad"


def _known(shop: Shop, proof: Any) -> str | None:
    try:
        return shop.identity.read_session(proof)
    except BadToken:
        return None
