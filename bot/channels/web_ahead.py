"""Type-ahead of the widget: what is typed goes in, suggestions with what they say come out."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from bot.channels.gate import Gate, log_incident
from bot.channels.pace import RateLimit
from nlp.suggest import LONGEST, Suggester, Suggestion
from shop.entities import ProductCard
from shop.errors import DatabaseDown

log = logging.getLogger(__name__)

ASKED_PER_MINUTE = 240
"""Fast typists ask four times a second."""


class TypeAhead:
    """Suggests to a conversation; a failure suggests nothing, since the customer is still writing."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._shop = gate.shop
        self._rate = RateLimit(ASKED_PER_MINUTE)

    @cached_property
    def _suggester(self) -> Suggester:
        return Suggester(self._shop)

    async def warm_up(self) -> None:
        """Read the names, so that they are in before the first customer types (a second for some hundred products)."""
        try:
            await self._gate.in_thread(self._suggester.suggest, "a")
        except Exception as error:  # noqa: BLE001 - it is a courtesy; the first question will show what is wrong
            log.warning("no suggestions yet: %s", type(error).__name__)

    async def items(self, sender_id: str, typed: Any) -> list[dict[str, Any]]:
        """Suggestions in the form of the wire: kind, title, say, and what is shown beside the title."""
        if not isinstance(typed, str) or not typed.strip() or len(typed) > LONGEST or not self._rate.admits(sender_id):
            return []
        try:
            return await self._gate.in_thread(self._items, sender_id, typed)
        except DatabaseDown:
            return []
        except Exception as error:  # noqa: BLE001 - no suggestion is worth an error in a customer's face
            log_incident("got no suggestions", "web", error)
            return []

    def _items(self, sender_id: str, typed: str) -> list[dict[str, Any]]:
        found = self._suggester.suggest(typed, self._shop.identity.owner(sender_id))
        cards = {card.code: card for card in self._shop.catalogue.cards(one.code for one in found if one.code)}
        return [self._wire(one, cards.get(one.code)) for one in found]

    def _wire(self, one: Suggestion, card: ProductCard | None) -> dict[str, Any]:
        item: dict[str, Any] = {
            "kind": one.kind,
            "title": one.title,
            "say": self._gate.texts.body(f"suggest_{one.kind}", value=one.value)["text"],
        }
        if one.detail:
            item["detail"] = one.detail
        if one.state:
            item["state"] = one.state
        if card is not None and card.picture:
            item["picture"] = card.picture
        if card is not None and one.kind == "product":
            item["price_fen"] = card.price_min_fen
        return item
