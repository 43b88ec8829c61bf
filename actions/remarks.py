"""Short words about goods that were just shown: cheaper, others, not in black, this one is nice, not the third.

What was recommended or found a moment ago is refined by them, whatever intent was
heard: "cheaper" alone is a question for a discount, "the cheapest" one for one's orders.
"""

from __future__ import annotations

from typing import Any

from actions.picking import chosen, points_back
from actions.turn import Turn
from actions.wishes import MOST_KEPT, memory, refused_word, words

LONGEST_REMARK = 18
"""A longer message is a request of its own, not a remark on what was shown."""

HEAR_REMARKS = frozenset(
    "action_faq action_reply action_affirm action_deny action_continue action_unsure action_search_product "
    "action_ask_stock action_ask_price action_product action_ask_attribute action_search_by_image "
    "action_ask_promotion action_stop action_start_case action_ask_authenticity".split()
)
"""Actions to which a short remark may be led when it stands alone; after a recommendation it belongs to that."""

FACTS = frozenset({"ask_price", "ask_stock", "ask_restock", "ask_attribute", "ask_authenticity", "ask_discount"})

PRICED = frozenset({"inform", "search_product", "ask_price", "ask_discount"})
"""Intents as which "anything below two hundred?" is heard."""

COLORED = frozenset({"inform", "ask_stock", "search_product", "ask_attribute"})
"""Intents as which "any in white?" is heard."""

LIKES = ("like", "alike")
"""Remarks that lead to more of the kind of one of the goods."""

PASSED = ("others", "other_brand")
"""Remarks after which the list shown is done with."""

ANEW = (*PASSED, "dislike", *LIKES)
"""Remarks after which what was shown does not come again."""


def not_again(held: dict[str, Any], said: str | None) -> dict[str, list[str]]:
    """What of the goods shown does not come again after a remark: ``shown``, and ``passed`` also in later refinements.

    Args:
        held: what was shown in this talk (see ``memory``).
        said: the remark; None for a wish of its own, with which all begins anew.
    """
    if said is None:
        return {"shown": [], "passed": []}
    passed = [*held.get("passed", []), *(held.get("list", []) if said in PASSED else [])][-MOST_KEPT:]
    return {"shown": held.get("shown", []) if said in ANEW else passed, "passed": passed}


def remark(turn: Turn) -> str | None:
    """What a message says of the goods shown last.

    One of cheaper, dearer, others, other_brand, not (a colour, brand or category), dislike (one of them),
    like, alike, price, color; None when it says nothing of them.
    """
    if len(turn.text) > LONGEST_REMARK:
        return None
    refine = words()["refine"]
    for kind in ("cheaper", "dearer", "other_brand", "others", "dislike", "not"):
        if any(word in turn.text for word in refine[kind]) and _holds(kind, turn):
            return kind
    if any(word in turn.text for word in refine["alike"]) and not _of_orders(turn) and not _asks_of_one(turn):
        return "alike"
    if any(word in turn.text for word in refine["like"]) and not any(
        one in turn.text
        for one in (*words()["negations"], *words()["questions"], *refine["of_others"], *refine["requests"])
    ):
        return "like"
    if turn.intent in PRICED and turn.entity("price_range") and not turn.names_goods and not _of_orders(turn):
        return "price"
    plain = not any(word in turn.text for word in refine["not"]) and not _means_one(turn)
    colored = turn.intent in COLORED and turn.entity("color") and not turn.names_goods and not _of_orders(turn)
    return "color" if colored and plain else None


def _holds(kind: str, turn: Turn) -> bool:
    """Whether a word of a remark is meant so here."""
    if kind == "dislike":  # "not the third", and no order's third line
        there = isinstance(turn.entity("ordinal"), int) and chosen(turn, "product") is not None
        return there and not _of_orders(turn) and not _anew(turn)
    if kind == "not":
        if refused_word(turn):
            return not _of_orders(turn)
        named = any(turn.entities(one) for one in ("color", "brand", "category"))
        about_people = bool(turn.entity("category")) and turn.entity("ordinal") is None and not _of_orders(turn)
        return named and (about_people or not _means_one(turn))
    return kind != "others" or not _means_one(turn)


def _asks_of_one(turn: Turn) -> bool:
    """Whether price, stock or material of "this kind" are asked for, and not more of the kind."""
    more = any(word in turn.text for word in words()["refine"]["wants_more"])
    return turn.intent in FACTS and not more


def _of_orders(turn: Turn) -> bool:
    return bool(turn.entity("order_no")) or any(word in turn.text for word in words()["of_orders"])


def _anew(turn: Turn) -> bool:
    return any(word in turn.text for word in words()["anew"])  # "I don't like this one, show me others"


def _means_one(turn: Turn) -> bool:
    """Whether "not" and "any left" are about one of the goods, or about an order, and not about the list shown."""
    if _of_orders(turn) or turn.entity("size") or turn.entities("product"):  # "the red dress in L, any left?"
        return True
    return not _anew(turn) and (turn.entity("ordinal") is not None or points_back(turn))


def follows_recommendation(turn: Turn) -> bool:
    """Whether the message is a remark on goods that were recommended or found last."""
    held, shown = memory(turn), turn.shown
    if not held or turn.slot("offer") or shown.get("kind") != "product":
        return False
    said = remark(turn)
    if shown.get("values") != held.get("list"):  # of a comparison, say; a list of other goods is another matter
        among = set(shown.get("values", [])) <= set(held.get("shown", []))
        if said not in ("others", "other_brand") or not among:
            return False
    if said == "color" and turn.focused("product") in held.get("list", []):
        return False  # of the one that is talked about
    return said is not None and (said != "like" or turn.entity("ordinal") is not None or len(turn.text) <= 8)


def asks_of_list(turn: Turn) -> bool:
    """Whether "which is the cheapest" is one of the goods that were shown last, and no order."""
    held, shown = memory(turn), turn.shown
    if turn.entity("ordinal") not in ("cheapest", "priciest") or turn.entity("date") or _of_orders(turn):
        return False
    return shown.get("kind") == "product" and bool(held) and shown.get("values") == held.get("list")
