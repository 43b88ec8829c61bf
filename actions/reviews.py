"""What others say of a product: stars, what is praised, and a few of their own words."""

from __future__ import annotations

from actions.base import ShopAction
from actions.cards import button
from actions.picking import ask_still_which, chosen
from actions.picking_goods import pick_product
from actions.texts import labels, phrase
from actions.turn import Turn
from actions.wishes import tell_look
from recsys.praise import praised
from shop.privacy import mask_text
from shop.product_reviews import GOOD_STARS, ProductReviews, reviews_of

POOR_STARS = 2
LONGEST_QUOTE = 40
LONGEST_QUESTION = 16
MOST_PRAISED = 3

HEAR_REVIEWS = frozenset(
    "action_faq action_continue action_unsure action_ask_attribute action_ask_stock action_product "
    "action_list_orders action_search_product action_ask_authenticity".split()
)
"""Actions of the intents as which a question for reviews is heard."""


def asks_for_reviews(turn: Turn) -> bool:
    """Whether the words ask what others say of a product that the talk is on, or of one of those shown."""
    words, text = labels(), turn.text
    of_reviews = any(one in text for one in words["review_words"]) and any(one in text for one in words["review_asks"])
    asks = of_reviews or any(one in text for one in words["asks_reviews"])
    if not asks or len(text) > LONGEST_QUESTION or any(one in text for one in words["writes_review"]):
        return False
    shown = turn.shown
    return bool(turn.entities("product") or turn.focused("product") or shown.get("kind") == "product")


class Reviews(ShopAction):
    """Reviews of one product."""

    action_name = "action_product_reviews"

    def answer(self, turn: Turn) -> None:
        """Stars, praise, and the newest good and poor words."""
        code = chosen(turn, "product")
        listed = turn.shown.get("kind") == "product" and not turn.focused("product")
        if code is None and listed and not turn.names_goods:
            ask_still_which(turn, self.action_name)
            return
        code = code or pick_product(turn, self.action_name)
        if code is None:
            return
        turn.focus("product", code)
        tell_look(turn, code)
        found, goods = reviews_of(turn.shop, code), turn.shop.catalogue.product(code).card.name
        stock = button("stock")
        buttons = [(stock["title"], stock["payload"])]
        if not found.count:
            turn.say("utter_reviews_none", buttons=buttons, goods=goods)
            return
        turn.say(
            "utter_reviews",
            buttons=buttons,
            goods=goods,
            rating=f"{found.rating:.1f}",
            reviews=found.count,
            good=f"{found.good_share:.0%}",
            said="".join(_said(found)),
        )


def _said(found: ProductReviews) -> list[str]:
    """Sentences on what is praised, then quotes: a word in a poor review is not yet what it complains of."""
    join = labels()["comma"].join
    praise = [aspect for kept in praised(found.texts).values() for aspect, _ in kept][:MOST_PRAISED]
    poor = [one for one in found.texts if one.stars <= POOR_STARS]
    sentences = [phrase("reviews_praised", aspects=join(praise))] if praise else []
    good = next((one for one in found.texts if one.stars >= GOOD_STARS), None)
    for name, one in (("reviews_good_quote", good), ("reviews_poor_quote", next(iter(poor), None))):
        if one is not None:
            text = mask_text(" ".join(one.text.split()))
            sentences.append(phrase(name, text=text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"))
    return sentences
