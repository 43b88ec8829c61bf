"""Which product a customer means: named, numbered, pictured, one of those shown last, or found by their words."""

from __future__ import annotations

import re
from typing import Any, Sequence

from actions.cards import product_card
from actions.picking import MOST_CHOICES, ask_still_which, chosen, let_choose, points_back
from actions.sight import pictured
from actions.texts import labels
from actions.turn import Turn
from shop.entities import ProductCard
from shop.text_match import fold

_MEASURE = re.compile(r"\d+(?:\.\d+)?[a-z\u4e00-\u9fff]")
_PAIR = re.compile(r"(?=([\u4e00-\u9fff]{2}))")


def pick_product(turn: Turn, resume: str) -> str | None:
    """The code of the product that is meant, or None when the customer was asked which, or their picture refused.

    Raises:
        ProductNotFound: the shop has nothing of that name.
    """
    code = chosen(turn, "product")
    if code is None and len(set(turn.entities("product"))) == 1:
        code = turn.entity("product")
    if code is None and not turn.names_goods and not turn.attachments:
        code = turn.focused("product")
    if code is None and not turn.names_goods and _lists_products(turn):
        code = _measured(turn)
        if code is None and not _asks_of_others(turn):
            ask_still_which(turn, resume)  # "is this one in stock", "any left": which one?
            return None
    if code is None:
        seen = pictured(turn, MOST_CHOICES)
        if seen is None:
            return None
        cards = turn.shop.catalogue.cards(seen) if seen else _sought(turn)
        if not cards:
            turn.say("utter_which_product")
            turn.remember(resume=resume)
            return None
        if len(cards) > 1:
            turn.say("utter_choose_product", count=len(cards))
            show_products(turn, cards, resume, must=True)
            return None
        code = cards[0].code
    turn.focus("product", str(code))
    turn.remember(resume=None)
    return str(code)


def show_products(
    turn: Turn,
    cards: list[ProductCard],
    then: str = "action_product",
    *,
    must: bool = False,
    told: Sequence[str] = (),
) -> None:
    """Show product cards, and remember what was shown and what a choice is for; ``told`` is a first line for each."""
    from actions.wishes import keep_found

    shown = [product_card(card, position) for position, card in enumerate(cards, 1)]
    for card, line in zip(shown, told):
        card["lines"] = [line, *card["lines"]]
    turn.show("products", shown)
    let_choose(turn, "product", [card.code for card in cards], then, must=must)
    keep_found(turn, [card.code for card in cards])


def find_products(turn: Turn, limit: int, **wishes: Any) -> list[ProductCard]:
    """Products that fit the message's words, category, brand, colour and price."""
    prices = turn.entity("price_range") or {}
    category, brand = turn.entity("category"), turn.entity("brand")
    words = " ".join(
        filter(None, [turn.entity_text("product"), turn.entity_text("category"), turn.entity_text("brand")])
    )
    return turn.shop.catalogue.search(
        words or turn.text[:60],
        category=category,
        brand=brand,
        color=turn.entity("color"),
        price_min_fen=prices.get("min_fen"),
        price_max_fen=prices.get("max_fen"),
        limit=limit,
        **wishes,
    )


def _sought(turn: Turn) -> list[ProductCard]:
    """What a search by the words finds; nothing where they hold none of goods."""
    bare = not turn.names_goods and not turn.attachments and _asks_only(turn.text)
    return [] if bare else find_products(turn, limit=MOST_CHOICES)


def _lists_products(turn: Turn) -> bool:
    """Whether several products were shown last, and nothing is sent along that could be meant instead."""
    shown = turn.shown
    return shown.get("kind") == "product" and len(shown["values"]) > 1 and not turn.attachments


def _measured(turn: Turn) -> str | None:
    """The code of the one of the goods shown last in whose name a measure of the words stands ("are 3 l enough?")."""
    said = _MEASURE.findall(_close(turn.text))
    cards = turn.shop.catalogue.cards(turn.shown["values"]) if said else []
    fits = [one.code for one in cards if any(measure in _close(one.name) for measure in said)]
    return fits[0] if len(fits) == 1 else None


def _asks_of_others(turn: Turn) -> bool:
    """Whether the words are of goods that are not in the list shown last: a search by them finds a part of them."""
    if points_back(turn) or _asks_only(turn.text):
        return False
    said = set(_PAIR.findall(turn.text))
    return any(said & set(_PAIR.findall(one.name)) for one in find_products(turn, limit=MOST_CHOICES))


def _asks_only(text: str) -> bool:
    """Whether a question for price or stock holds no word of what it is about ("how much?", "is this in stock?")."""
    for word in (*labels()["pronouns"], *labels()["asks_only"]):
        text = text.replace(word, "")
    return not any(char.isalnum() for char in text)


def _close(text: str) -> str:
    return fold(text).replace(" ", "")
