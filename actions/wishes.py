"""What a customer wishes for when they ask for ideas, gathered over the turns of a talk.

A wish is a plain dictionary, kept in the slot ``recommend``: category, brand, color,
low, high (fen), ages (years, from and to), not_colors, not_brands, not_category, not_words,
persons, occasions, styles, beside.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any, Iterable

from ruamel.yaml import YAML

from actions.picking import points_back
from actions.turn import Turn
from shop.ages import age_span
from shop.ages import words as age_words
from shop.settings import ROOT

FRESH_S = 15 * 60
CHEAPER, DEARER = 0.8, 1.25
LONGEST_HOBBY = 4
MOST_KEPT = 60
"""Codes shown in a talk that are remembered, so that they do not come again."""

CHILD = "child"
"""The entry of data/lexicon/wishes.yml for whoever is young."""

Wish = dict[str, Any]

NAMED = ("category", "brand", "low", "high", "persons", "occasions", "styles", "color")
"""What of a wish narrows the choice."""


@cache
def words() -> dict[str, Any]:
    """The table of data/lexicon/wishes.yml."""
    return dict(YAML(typ="safe").load(ROOT / "data" / "lexicon" / "wishes.yml"))


def memory(turn: Turn) -> dict[str, Any]:
    """What was wished for and shown in this talk a short while ago; empty when it is long past."""
    held = turn.slot("recommend")
    fresh = isinstance(held, dict) and time.time() - held.get("at", 0) < FRESH_S
    return dict(held) if fresh else {}


def keep_found(turn: Turn, codes: list[str]) -> None:
    """Remember goods that a search found, so that "cheaper" and "others" go on with them."""
    turn.remember(recommend={"wish": new_wish(turn), "shown": codes, "list": codes, "at": int(time.time())})


def tell_look(turn: Turn, code: str) -> None:
    """A product was opened in this talk: a click, when it was recommended, and a view of a consenting customer."""
    from recsys.recommender import recommender_of

    held = memory(turn)
    if code not in held.get("list", []):
        return
    product = recommender_of(turn.shop).shelf().id_of.get(code)
    if product is not None:
        turn.shop.impressions.click(str(held.get("list_id", "")), product)
        if turn.guest_or_customer is not None:
            turn.shop.events.record(turn.guest_or_customer, _talk_print(turn), "view", product)


def _talk_print(turn: Turn) -> str:
    """The session of what is done in this talk: another for each talk, and no way back to the talk's id."""
    return f"chat-{turn.shop.cipher.fingerprint(f'talk:{turn.sender}')[:16]}"


def of_whom(turn: Turn) -> str:
    """What somebody else likes ("fishing" of "he likes fishing"), or nothing."""
    for word in words()["refine"]["of_others"]:
        if word in turn.text:
            return turn.text.split(word, 1)[1].strip()[:LONGEST_HOBBY]
    return ""


def new_wish(turn: Turn) -> Wish:
    """The wish of a message that stands for itself."""
    text, lexicon = turn.request, words()
    wish: Wish = {
        "persons": _named(text, lexicon["persons"]),
        "occasions": _named(text, lexicon["occasions"]),
        "styles": [
            *filter(None, [of_whom(turn)]),
            *(one for one in lexicon["styles"] if one in text),
            *(goods for what, goods in lexicon["activities"].items() if what in text),
        ],
    }
    ages, young = age_span(text), age_words()["grown_from"]
    if ages is not None and 1 <= ages[0] < young and not wish["persons"]:
        wish["persons"] = [CHILD]
    if ages is not None and wish["persons"]:
        wish["ages"] = list(ages)
    category, refused = turn.entity("category"), any(one in text for one in lexicon["refine"]["not"])
    if any(one in text for one in lexicon["companions"]) and (category or turn.entities("product")):
        wish["beside"] = category or ""
        wish["beside_product"] = turn.entity("product")
    elif category:
        wish["not_category" if refused else "category"] = category
    wish["word"] = turn.entity_text("category")
    if turn.entity("brand"):
        wish["not_brands" if refused else "brand"] = [turn.entity("brand")] if refused else turn.entity("brand")
    if turn.entity("color"):
        wish["not_colors" if refused else "color"] = [turn.entity("color")] if refused else turn.entity("color")
    return {**wish, **_prices(turn)}


def refined(wish: Wish, said: str, turn: Turn, prices: list[int], brands: Iterable[str]) -> Wish:
    """The wish after a remark.

    Args:
        wish: what was wished for before.
        said: the remark (see ``remark``).
        turn: the turn with its entities.
        prices: of the goods shown last, fen.
        brands: their brands' codes.
    """
    wish = {**wish}
    middle = sorted(prices)[len(prices) // 2] if prices else 0
    if said == "cheaper" and middle:
        wish.update(low=None, high=_round(CHEAPER * middle))
    elif said == "dearer" and middle:
        wish.update(low=_round(DEARER * middle), high=None)
    elif said == "other_brand":
        wish["not_brands"] = sorted({*wish.get("not_brands", []), *brands})
        wish["brand"] = None
    elif said == "not":
        _refuse(wish, turn)
    elif said == "color":
        wish["color"] = turn.entity("color")
    wish.update(_prices(turn))
    return wish


def unfit_words(wish: Wish) -> list[str]:
    """Words in the names of goods that are not for whom they are meant: wine for a child, a school bag for a wife."""
    table = words()
    unfit = [set(table["persons"][one].get("unfit", [])) for one in wish.get("persons", [])]
    kinds = set.intersection(*unfit) if unfit else set()
    kinds |= {"grown"} if any("grown" in one for one in unfit) else set()
    return [*(word for kind in sorted(kinds) for word in table["unfit"][kind]), *wish.get("not_words", [])]


def refused_word(turn: Turn) -> str:
    """What "not the wired ones" refuses, where no value was heard in it; empty when nothing is refused."""
    text, table = turn.text.strip(), words()["refine"]
    begin = next((one for one in table["not"] if text.startswith(one)), "")
    word = text[len(begin) :].removesuffix(table["refused_end"])
    whole = bool(begin) and text.endswith(table["refused_end"]) and 0 < len(word) <= LONGEST_HOBBY
    heard = any(turn.entities(one) for one in ("color", "brand", "category", "ordinal", "price_range"))
    return word if whole and not heard and not points_back(turn) else ""


def suiting_shelves(wish: Wish) -> list[str]:
    """Codes of the categories that suit the persons and occasions of a wish."""
    table = words()
    return [
        shelf
        for kind in ("persons", "occasions")
        for name in wish.get(kind, [])
        for shelf in table[kind][name]["shelves"]
    ]


def _round(fen: float) -> int:
    """Whole tens of yuan, or whole yuan below a hundred."""
    step = 1000 if fen >= 10_000 else 100
    return max(step, int(fen) // step * step)


def _refuse(wish: Wish, turn: Turn) -> None:
    for kind, name in (("color", "not_colors"), ("brand", "not_brands")):
        refused = turn.entities(kind)
        if refused:
            wish[name] = sorted({*wish.get(name, []), *refused})
            if wish.get(kind) in refused:
                wish[kind] = None
    if turn.entity("category"):
        wish["not_category"], wish["not_word"] = turn.entity("category"), turn.entity_text("category")
    if word := refused_word(turn):
        wish["not_words"] = sorted({*wish.get("not_words", []), word})


def _named(text: str, table: dict[str, Any]) -> list[str]:
    """Names of the entries with a word in the text; of overlapping words the longest counts."""
    found = [(word, name) for name, one in table.items() for word in one["words"] if word in text]
    return list(dict.fromkeys(n for w, n in found if not any(w != other and w in other for other, _ in found)))


def _prices(turn: Turn) -> Wish:
    """The price that was named; a bare "budget 300" is a ceiling, though the ear hears about 300 in it."""
    named = turn.entity("price_range")
    if not named:
        return {}
    low, high, table = named.get("min_fen"), named.get("max_fen"), words()["budget"]
    about = any(word in turn.text for word in (*table["about"], *table["span"]))
    if low and high and not about and any(word in turn.text for word in table["words"]):
        low, high = None, (low + high) // 2
    return {"low": low, "high": high}
