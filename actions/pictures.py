"""Search by picture: the photo alone, with words, after words, several, and "not this one"."""

from __future__ import annotations

from actions.base import Events, ShopAction, active_form
from actions.picking import MOST_CHOICES
from actions.picking_goods import show_products
from actions.picture_words import corrected_to, corrects, promises_picture, seen_before, sends_another
from actions.registry import go_on
from actions.sight import (
    ALL,
    look,
    photos_of,
    pixels_of,
    read_screens,
    refuse_unsafe,
    remember_seen,
    tell_unknown,
)
from actions.texts import labels, price_span
from actions.turn import Turn
from shop.entities import ProductCard
from vision.findings import Certainty, Finding

EACH_OF_SEVERAL = 2


class SearchByImage(ShopAction):
    """A picture came, was promised, or is still talked about."""

    action_name = "action_search_by_image"

    def answer(self, turn: Turn) -> Events | None:
        """Show the likeliest products, ask which, or say honestly that none is known."""
        photos = [] if sends_another(turn) else photos_of(turn)
        if not photos:
            if turn.slot("resume") == "action_start_case":  # "shall I send you a photo?" of what is broken
                turn.resumes = True
                turn.keep_request()
                turn.say("utter_proof_later")
                return None
            if active_form(turn) == "case_form":
                return None  # it asks for the photo by itself
            turn.say("utter_image_send")
            turn.remember(resume=self.action_name)
            turn.keep_request()
            return None
        if turn.slot("resume") == self.action_name:
            turn.resumes = True  # "the same one in black?", then the photo
        pixels = pixels_of(turn, photos)
        if not pixels:
            turn.say("utter_image_gone")
            return None
        if refuse_unsafe(turn):
            return None
        number = read_screens(turn)
        if number is not None:
            return go_on("action_order_status" if number == "order_no" else "action_track_package", turn)
        seen = seen_before(turn)
        without = seen["shown"] if seen and corrects(turn) and not turn.attachments else []
        findings = look(turn, pixels, MOST_CHOICES, without)
        turn.remember(resume=None, kept=None)
        self._tell(turn, photos, findings, without)
        return None

    def _tell(self, turn: Turn, photos: list[str], findings: list[Finding], without: list[str]) -> None:
        first = findings[0]
        if len(findings) == 1 and first.flaw is not None:
            tell_unknown(turn, findings)
            return
        known = [one for one in findings if one.certainty is not Certainty.UNKNOWN]
        each = MOST_CHOICES if len(known) < 2 else EACH_OF_SEVERAL
        cards = turn.shop.catalogue.cards(hit.code for one in known for hit in one.hits[:each])[:MOST_CHOICES]
        remember_seen(turn, photos, [*without, *(card.code for card in cards)])
        if not cards and self._by_words(turn):
            return
        if not cards and not without and self._by_category(turn, photos, first):
            return
        if not cards:
            tell_unknown(turn, findings, refused=bool(without))
        elif len(known) == 1 and known[0].certainty is Certainty.SURE and not without:
            self._sure(turn, cards)
        else:
            turn.say("utter_image_choose" if len(findings) == 1 else "utter_image_several", count=len(cards))
            show_products(turn, cards)

    @staticmethod
    def _by_words(turn: Turn) -> bool:
        """Whether what the customer says it is instead could be shown, though nothing near it is on the photo."""
        words = corrected_to(turn)
        cards = turn.shop.catalogue.search(words, limit=MOST_CHOICES) if words else []
        if cards:
            turn.say("utter_image_by_words", goods=words, count=len(cards))
            show_products(turn, cards)
        return bool(cards)

    @staticmethod
    def _by_category(turn: Turn, photos: list[str], found: Finding) -> bool:
        """Whether the kind of thing could be named, though no product is surely it; then some of the kind are shown."""
        if found.category is None:
            return False
        mates = {card.code for card in turn.shop.catalogue.search("", limit=ALL, category=found.category)}
        cards = turn.shop.catalogue.cards([hit.code for hit in found.hits if hit.code in mates])[:MOST_CHOICES]
        if not cards:
            return False
        turn.say("utter_image_category", category=cards[0].category, count=len(cards))
        show_products(turn, cards)
        remember_seen(turn, photos, [card.code for card in cards])
        turn.remember(resume="action_search_product")
        return True

    @staticmethod
    def _sure(turn: Turn, cards: list[ProductCard]) -> None:
        best = cards[0]
        turn.say(
            "utter_image_sure" if best.available > 0 else "utter_image_sure_sold_out",
            goods=best.name,
            price=price_span(best.price_min_fen, best.price_max_fen),
        )
        turn.focus("product", best.code)
        show_products(turn, cards[:3])


def by_picture(turn: Turn) -> Events | None:
    """Let the search by picture answer a message of another kind that came with one."""
    return go_on(SearchByImage.action_name, turn)


def is_about_the_picture(turn: Turn) -> bool:
    """Whether a message with few words is about its picture, or about the one of before."""
    return bool(turn.attachments) or corrects(turn) or promises_picture(turn) or (
        seen_before(turn) is not None and any(word in turn.text for word in labels()["like_picture"])
    )  # fmt: skip
