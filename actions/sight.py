"""What an action sees on the pictures of a talk: products, or the number of an order."""

from __future__ import annotations

import time
from typing import Sequence

import numpy as np

from actions.picture_words import asks_for_cheaper, corrected_to, seen_before
from actions.texts import labels
from actions.turn import Turn
from recsys.recommender import Ask, recommender_of
from recsys.shelf import Wishes
from shop.errors import BadPicture, NotFound
from vision import screenshot
from vision.finder import Keep, Taste, finder_of
from vision.findings import Certainty, Finding
from vision.image_file import read_pixels
from vision.preprocessing import flaw_of
from vision.unsafe import guard

MOST_PHOTOS = 4
MOST_ORDERS = 30
ALL = 2000
KNOWN_FROM = 0.5
"""A photo whose first product is at least this probable shows something of the shop, though nothing may fit."""


def photos_of(turn: Turn) -> list[str]:
    """Upload ids of this message, else of the photo that the talk was about just now."""
    if turn.attachments:
        return turn.attachments
    seen = seen_before(turn)
    return [str(one) for one in seen["photos"]] if seen else []


def remember_seen(turn: Turn, photos: Sequence[str], shown: Sequence[str]) -> None:
    """Let the next messages be about these photos."""
    turn.remember(seen={"photos": list(photos), "shown": list(shown), "at": int(time.time())})


def read_screens(turn: Turn) -> str | None:
    """Hear the order or tracking number on this message's screenshots; the kind of what was heard, None for nothing."""
    for one in turn.attachments[:MOST_PHOTOS]:
        if not any(screenshot.is_screen(pixels) for pixels in pixels_of(turn, [one])):
            continue
        try:
            pixels = read_pixels(turn.shop.uploads.path(one, turn.sender), turn.shop.settings, screenshot.SIDE)
        except (NotFound, BadPicture, OSError):
            continue
        words = labels()["on_screens"]
        found = screenshot.numbers_in(screenshot.read_lines(pixels), words["order"], words["tracking"])
        if found.tracking:
            turn.hear("tracking_no", found.tracking)
        order = found.order or (order_of_parcel(turn, found.tracking) if found.tracking else None)
        if order:
            turn.hear("order_no", order)
        if order or found.tracking:
            return "order_no" if found.order else "tracking_no"
    return None


def order_of_parcel(turn: Turn, tracking: str) -> str | None:
    """The number of this customer's order that travels under a tracking number; None for a guest."""
    customer = turn.guest_or_customer
    if customer is None:
        return None
    for order in turn.shop.orders.list(customer, limit=MOST_ORDERS):
        if any(parcel.tracking_number == tracking for parcel in order.shipments):
            return order.number
    return None


def refuse_unsafe(turn: Turn) -> bool:
    """Whether a picture of this message is indecent; then it is deleted, and that is said."""
    least = turn.shop.settings.unsafe_pictures_from
    if least <= 0:
        return False
    bad = [one for one in turn.attachments if any(guard.score(pixels) >= least for pixels in pixels_of(turn, [one]))]
    for one in bad:
        turn.shop.uploads.discard(one, turn.sender)
        turn.attachments.remove(one)
        turn.opened.pop(one, None)
    if bad:
        turn.say("utter_image_unsafe")
    return bool(bad)


def pixels_of(turn: Turn, photos: Sequence[str]) -> list[np.ndarray]:
    """The pictures that are still there; a broken one is left out."""
    for one in photos[:MOST_PHOTOS]:
        if one in turn.opened:
            continue
        try:
            turn.opened[one] = read_pixels(turn.shop.uploads.path(one, turn.sender), turn.shop.settings)
        except (NotFound, BadPicture, OSError):
            continue
    return [turn.opened[one] for one in photos[:MOST_PHOTOS] if one in turn.opened]


def proofs_among(turn: Turn, pictures: Sequence[str]) -> list[str]:
    """The pictures that people can judge a case by; what is wrong with the others is said.

    Nothing is looked for on them: a proof shows what happened, not what is wanted.
    """
    kept: list[str] = []
    wrong: list[str] = []
    for one in pictures:
        pixels = pixels_of(turn, [one])
        flaw = flaw_of(pixels[0]) if pixels else None
        if pixels and flaw is None:
            kept.append(one)
        else:
            wrong.append(flaw.value if flaw else "gone")
    for name in dict.fromkeys(wrong):
        turn.say(f"utter_image_{name}")
    return kept


def look(turn: Turn, photos: Sequence[np.ndarray], count: int, without: Sequence[str] = ()) -> list[Finding]:
    """The products on the photos that fit the message's words."""
    if not photos:
        return []
    return finder_of(turn.shop).find(photos, count, keep=_wishes(turn, frozenset(without)), taste=_taste(turn))


def _taste(turn: Turn) -> Taste | None:
    """What the recommender says this customer would like; it parts products that look alike. None for a guest."""
    customer = turn.guest_or_customer
    if customer is None:
        return None

    def liked(codes: Sequence[str]) -> dict[str, float]:
        recommender = recommender_of(turn.shop)
        ids = recommender.shelf().id_of
        only = frozenset(ids[one] for one in codes if one in ids)
        wishes = Wishes(ids=only, in_stock=False)
        ask = Ask(customer, wishes=wishes, bought_too=True, count=len(only), diversity=0.0, explore=0.0)
        return {one.code: one.score for one in recommender.recommend(ask)}

    return liked


def pictured(turn: Turn, most: int) -> list[str] | None:
    """Codes of the products on this message's pictures: one when there is no doubt, else the likeliest.

    None when a picture was refused, or shows nothing that fits and no goods are named beside it, and that has been
    said: goods of any other look are no answer to "have you got this in black?".
    """
    if refuse_unsafe(turn):
        return None
    findings = look(turn, pixels_of(turn, turn.attachments), most) if turn.attachments else []
    known = [one for one in findings if one.certainty is not Certainty.UNKNOWN]
    codes = [hit.code for one in known for hit in one.hits][:most]
    if len(known) == 1 and known[0].certainty is Certainty.SURE:
        codes = codes[:1]
    if codes:
        remember_seen(turn, turn.attachments, codes)
    elif turn.attachments and not turn.names_goods:
        remember_seen(turn, turn.attachments, [])
        tell_unknown(turn, findings)
        return None
    return codes


def tell_unknown(turn: Turn, findings: Sequence[Finding], *, refused: bool = False) -> None:
    """Say what is wrong with the photos, that nothing fits what was said, or that they are not known.

    ``refused`` says that what is like them was shown already, and was not it.
    """
    flaw = findings[0].flaw if len(findings) == 1 else None
    fits_nothing = not refused and any(one.in_shop >= KNOWN_FROM for one in findings)
    name = flaw.value if flaw else "gone" if not findings else "none_fits" if fits_nothing else "unknown"
    turn.say(f"utter_image_{name}")
    turn.remember(resume="action_search_by_image" if flaw else "action_search_product")
    if name == "none_fits":  # "shall I show what only looks like it?"
        turn.remember(offer="action_search_by_image")


def _wishes(turn: Turn, without: frozenset[str]) -> Keep | None:
    """What the customer said of the thing, as a choice among products; None when nothing was said."""
    prices = turn.entity("price_range") or {}
    filters = {
        "category": turn.entity("category"),
        "brand": turn.entity("brand"),
        "color": turn.entity("color"),
        "price_min_fen": prices.get("min_fen"),
        "price_max_fen": prices.get("max_fen"),
    }
    cheaper = any(word in turn.text or word in turn.request for word in labels()["cheaper"])
    than = turn.shown["values"][0] if asks_for_cheaper(turn) else None
    named = corrected_to(turn)
    if not any(filters.values()) and not cheaper and not without:
        return None

    def keep(codes: Sequence[str]) -> set[str]:
        kept = set(codes) - without
        if any(filters.values()):
            kept &= {card.code for card in turn.shop.catalogue.search("", limit=ALL, **filters)}
        if named:
            kept &= {card.code for card in turn.shop.catalogue.search(named, limit=ALL)} or kept
        if cheaper and codes:
            like = turn.shop.catalogue.cards([than or codes[0]])
            below = like[0].price_min_fen if like else 0
            kept = {card.code for card in turn.shop.catalogue.cards(kept) if card.price_min_fen < below}
        return kept

    return keep
