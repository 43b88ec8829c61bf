"""What a wish means among the goods on sale: ids, shelves, brands, and what does not come."""

from __future__ import annotations

from dataclasses import replace

from actions.turn import Turn
from actions.wishes import Wish, unfit_words
from recsys.shelf import Shelf, Wishes


def code_of(numbers: dict[str, int], number: int) -> str:
    """The code behind a shelf's number of a brand or category."""
    return next((code for code, one in numbers.items() if one == number), "")


def on_shelf(shelf: Shelf, wish: Wish, shown: list[str], beside: int | None) -> Wishes:
    """A wish as the filters of the recommender.

    Args:
        shelf: the goods on sale.
        wish: what is wished for.
        shown: codes that do not come again.
        beside: the id of the product that something should go with.
    """
    ids = shelf.id_of
    refused = shelf.categories.get(wish.get("not_category") or "")
    part = _part(shelf, wish.get("not_category"), wish.get("not_word")) or frozenset()
    if 2 * len(part) > sum(refused in one.shelves for one in shelf.items):
        part = frozenset()  # "no tents" leaves the other outdoor goods, "no earphones" means their shelf
    without = {ids[code] for code in shown if code in ids} | ({beside} if beside else set()) | part
    unwanted = wish.get("beside") if part else wish.get("not_category") or wish.get("beside")
    return Wishes(
        shelf=shelf.categories.get(wish.get("category") or ""),
        brand=shelf.brands.get(wish.get("brand") or ""),
        price_min_fen=wish.get("low"),
        price_max_fen=wish.get("high"),
        ids=_ids_named(shelf, wish),
        without=frozenset(without),
        without_shelf=shelf.categories.get(unwanted or ""),
        without_brands=frozenset(shelf.brands[one] for one in wish.get("not_brands", []) if one in shelf.brands),
        color=wish.get("color"),
        ages=tuple(wish["ages"]) if wish.get("ages") else None,
        without_colors=frozenset(wish.get("not_colors", [])),
        without_words=tuple(unfit_words(wish)),
    )


def alike(wishes: Wishes, shelf: Shelf, liked: str | None) -> Wishes:
    """Only what stands on the same shelf as the one that is liked."""
    at = shelf.place(liked) if liked else None
    return (
        wishes
        if at is None
        else replace(wishes, shelf=int(shelf.leaf[at]), without=wishes.without | {int(shelf.ids[at])})
    )


def _ids_named(shelf: Shelf, wish: Wish) -> frozenset[int] | None:
    """A shelf's other name may mean a part of it (earphones among the audio): what carries the word, if any."""
    return _part(shelf, wish.get("category"), wish.get("word"))


def _part(shelf: Shelf, code: str | None, word: str | None) -> frozenset[int] | None:
    """Ids of the goods of a category that carry a word; None where no such word or goods are."""
    category = shelf.categories.get(code or "")
    if not word or category is None:
        return None
    return frozenset(one.id for one in shelf.items if word in one.name and category in one.shelves) or None


def in_style(turn: Turn, shelf: Shelf, style: str) -> frozenset[int]:
    """Products whose texts hold the word of a style."""
    found = turn.shop.catalogue.search(style, limit=40)
    return frozenset(
        shelf.id_of[one.code] for one in found if one.code in shelf.id_of and style in one.name + one.subtitle
    )
