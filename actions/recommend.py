"""Ideas for a customer: within their wishes, from what they like, with the reason of each."""

from __future__ import annotations

import time
from typing import Any

from actions.base import ShopAction
from actions.cards import button, product_card
from actions.picking import MOST_CHOICES, chosen, let_choose
from actions.reason_words import of_own, of_talk, reason_words
from actions.remarks import LIKES, follows_recommendation, not_again, remark
from actions.shelf_wishes import alike, code_of, in_style, on_shelf
from actions.taste import WHOM, ask, hear, names_something
from actions.texts import phrase
from actions.turn import Turn
from actions.wishes import (
    MOST_KEPT,
    NAMED,
    Wish,
    memory,
    new_wish,
    of_whom,
    refined,
    refused_word,
    suiting_shelves,
)
from recsys.ask import Ask
from recsys.recommender import Pick, Recommender, recommender_of
from recsys.shelf import Shelf
from shop.entities import ProductCard

REFINES = ("cheaper", "dearer", "not", "price", "color")
"""Remarks that change the wish."""

OTHERS_TASTE = 0.3
"""How much the customer's own taste counts when it is a present, for an occasion, or goes with something."""


class Recommend(ShopAction):
    """Ideas, and remarks on the ideas of before: others, cheaper, not in black, this one is nice."""

    action_name = "action_recommend_product"

    def answer(self, turn: Turn) -> None:
        """Show the best fits with their reasons; who is new and names nothing is asked two questions first."""
        recommender = recommender_of(turn.shop)
        held, said = memory(turn), remark(turn) if follows_recommendation(turn) else None
        heard = hear(turn)
        if heard is not None:
            if heard.left is not None:
                ask(turn, heard.left, heard.wish)
                return
            held, said = {**held, "taste": heard.wish, "wish": heard.wish}, None
        else:
            held["wish"] = self._wish(turn, held, said, recommender.shelf())
            if said is None and not held.get("list") and self._is_new(turn, recommender, held):
                ask(turn, WHOM, held["wish"])
                return
        self._suggest(turn, recommender, held, said)

    def _suggest(self, turn: Turn, recommender: Recommender, held: dict[str, Any], said: str | None) -> None:
        """Show what fits the wish and the talk so far."""
        liked, wish = self._meant(turn, held) if said in LIKES else None, held["wish"]
        if said == "not" and self._none_such(turn, held):
            return
        if said == "dislike":
            held["disliked"] = [*held.get("disliked", []), chosen(turn, "product")]
        held.update(not_again(held, said))
        if liked:
            held["liked"] = [*held.get("liked", []), liked]
        picks = self._picks(turn, recommender, held, liked)
        if not picks and said in ("cheaper", "dearer") and wish.get("word"):
            # No cheaper running shoe: another one of the shelf.
            held["wish"] = wish = {**wish, "word": None}
            picks = self._picks(turn, recommender, held, liked)
        if not picks and said in REFINES and held["shown"]:  # rather what was passed over than nothing
            held.update(shown=[], passed=[])
            picks = self._picks(turn, recommender, held, liked)
        if liked and not picks:
            self._say_alone(turn, liked, held)
            return
        if not picks and held["shown"]:
            turn.say("utter_recommend_exhausted")
            turn.remember(recommend={**held, "shown": [], "passed": [], "at": int(time.time())})
            return
        cards = recommender.cards(picks)
        if not cards and said == "cheaper":
            turn.say("utter_recommend_none_cheaper")
            return
        if not cards:
            turn.say("utter_recommend_nothing")
            turn.remember(resume=self.action_name)
            return
        self._say(turn, said, liked, picks, cards, wish)
        self._show(turn, picks, cards, wish)
        list_id = recommender.log(turn.guest_or_customer, "chat", picks)
        codes = [one.code for one in cards]
        shown = [*held.get("shown", []), *codes][-MOST_KEPT:]
        turn.remember(recommend={**held, "shown": shown, "list": codes, "list_id": list_id, "at": int(time.time())})

    @staticmethod
    def _is_new(turn: Turn, recommender: Recommender, held: dict[str, Any]) -> bool:
        """Whether nothing tells what this customer might like: no wish, nothing done here, nothing talked about."""
        wish = held["wish"]
        refuses = any(wish.get(one) for one in ("not_category", "not_brands", "not_colors"))
        if names_something(wish) or refuses or turn.entities("product") or turn.focused("product"):
            return False
        return not recommender.knows(Ask(customer_id=turn.guest_or_customer))

    @staticmethod
    def _meant(turn: Turn, held: dict[str, Any]) -> str | None:
        """The code of what is liked: the one with that number, the one talked about, else the first."""
        return chosen(turn, "product") or turn.focused("product") or next(iter(held.get("list", [])), None)

    @staticmethod
    def _none_such(turn: Turn, held: dict[str, Any]) -> bool:
        """Whether something is refused that none of the goods shown is; it is said so."""
        word = refused_word(turn)
        if not word or any(word in one.name + one.subtitle for one in turn.shop.catalogue.cards(held["list"])):
            return False
        turn.say("utter_recommend_none_such", word=word)
        return True

    @staticmethod
    def _say_alone(turn: Turn, liked: str, held: dict[str, Any]) -> None:
        """What is liked has nothing like it left within the wishes: it stands by itself, to be bought."""
        card = turn.shop.catalogue.product(liked).card
        turn.focus("product", liked)
        turn.say("utter_recommend_liked_alone", liked=card.name)
        turn.show("products", [product_card(card)])
        turn.remember(recommend={**held, "at": int(time.time())})

    @staticmethod
    def _wish(turn: Turn, held: dict[str, Any], said: str | None, shelf: Shelf) -> Wish:
        if said is None:
            wish = new_wish(turn)
            if of_whom(turn):  # "he likes fishing" goes on with the present for him
                return {**held.get("wish", wish), "styles": wish["styles"]}
            return wish if names_something(wish) else held.get("taste", wish)
        there = [shelf.items[at] for code in held["list"] if (at := shelf.place(code)) is not None]
        wish = held.get("wish", {})
        if there and not names_something(wish) and not held.get("list_id"):  # a search by mere words: its best's shelf
            wish = {**wish, "category": code_of(shelf.categories, there[0].shelves[0])}
            there = [one for one in there if one.shelves[0] == there[0].shelves[0]]
        brands = {code_of(shelf.brands, one.brand) for one in there} - {""}
        return refined(wish, said, turn, [one.price_min_fen for one in there], brands)

    @staticmethod
    def _picks(turn: Turn, recommender: Recommender, held: dict[str, Any], liked: str | None) -> list[Pick]:
        shelf = recommender.shelf()
        wish, ids = held["wish"], shelf.id_of
        beside = shelf.items[at] if (at := shelf.place(wish.get("beside_product") or "")) is not None else None
        talk = [(ids[code], "liked") for code in held.get("liked", []) if code in ids]
        talk += [(ids[code], "disliked") for code in held.get("disliked", []) if code in ids]
        focus, for_others = turn.focused("product"), bool(wish.get("persons")) or "beside" in wish
        of_this = not names_something(wish) or focus in held.get("shown", [])
        if focus in ids and of_this and not for_others and focus not in held.get("disliked", []):
            talk.insert(0, (ids[str(focus)], "asked"))
        styles = frozenset().union(*(in_style(turn, shelf, one) for one in wish.get("styles", [])))
        ask = Ask(
            customer_id=turn.guest_or_customer,
            talk=tuple(talk),
            wishes=alike(on_shelf(shelf, wish, held.get("shown", []), beside.id if beside else None), shelf, liked),
            suits=frozenset(shelf.categories[one] for one in suiting_shelves(wish) if one in shelf.categories),
            style=styles,
            beside=beside.shelves[0] if beside else shelf.categories.get(wish.get("beside") or ""),
            taste=OTHERS_TASTE if (for_others or wish.get("occasions")) and not liked else 1.0,
            own=not (for_others and liked),
            count=MOST_CHOICES,
            talk_id=turn.sender,
        )
        return recommender.recommend(ask)

    @staticmethod
    def _say(
        turn: Turn, said: str | None, liked: str | None, picks: list[Pick], cards: list[ProductCard], wish: Wish
    ) -> None:
        reasons = picks[0].reasons
        facts: dict[str, Any] = {"count": len(cards), "best": cards[0].name, "reason": reason_words(reasons[0], wish)}
        if liked:
            named = turn.shop.catalogue.product(liked).card.name
            turn.focus("product", liked)
            turn.say("utter_recommend_liked", liked=named, **facts)
        elif said:
            turn.say("utter_recommend_again", **facts)
        elif any(wish.get(one) for one in NAMED) or of_talk(picks):
            turn.say("utter_recommend", **facts)
        elif wish.get("beside") is not None:
            turn.say("utter_recommend_beside", beside=wish.get("word") or phrase("this_kind"), **facts)
        elif any(of_own(one) for pick in picks for one in pick.reasons):
            turn.say("utter_recommend_yours", **facts)
        else:
            turn.say("utter_recommend_popular", **facts)

    @staticmethod
    def _show(turn: Turn, picks: list[Pick], cards: list[ProductCard], wish: Wish) -> None:
        reasons = {one.code: one.reasons for one in picks}
        items = []
        for position, one in enumerate(cards, 1):
            card = product_card(one, position)
            told = [reason_words(reason, wish) for reason in reasons[one.code][:2]]
            card["lines"] = [*dict.fromkeys(told), *card["lines"]]
            link = cart_link(turn, one.code)
            items.append({**card, "link": link} if link else card)
        turn.show("products", items)
        let_choose(turn, "product", [one.code for one in cards], "action_product")


def cart_link(turn: Turn, code: str) -> dict[str, str] | None:
    """A link that puts a product into the shop's cart; None where the shop has named none."""
    address = turn.shop.settings.cart_url
    return {"title": button("add_to_cart")["title"], "url": address.replace("{code}", code)} if address else None
