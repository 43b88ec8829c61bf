"""Chinese words against names: folding, grams, colours and sizes.

Chinese has no spaces, so texts are compared by pairs of characters (bigrams);
runs of Latin letters and digits stay whole. This needs no dictionary, finds
parts of words, and is the same on every database.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from typing import Iterable

from shop.settings import ROOT

_RUN = re.compile(r"[a-z0-9.+]+|[^\W_a-z0-9]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\ufeff]+")
_LATIN_PART = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
_GIGABYTE = re.compile(r"(?<=\d)([gt])b\b")


def clean(text: str | None, limit: int) -> str:
    """A text that any database takes: no control characters, single blanks, at most ``limit`` characters."""
    return " ".join(_UNPRINTABLE.sub(" ", text or "").split())[:limit].strip()


def fold(text: str) -> str:
    """A text for comparing: full width to half, small letters, trimmed."""
    return unicodedata.normalize("NFKC", clean(text, 2000)).casefold().strip()


def digits(text: str) -> str:
    """The letters and digits of a number as people write it, in half width and capitals."""
    return "".join(one for one in fold(text) if one.isascii() and one.isalnum()).upper()


def grams(text: str) -> list[str]:
    """The pieces of a folded text: Latin runs whole, other runs as overlapping pairs.

    A run of one character is that character.
    """
    pieces: list[str] = []
    for run in _RUN.findall(text):
        if run[0].isascii():
            pieces.append(run)
        else:
            pieces.extend(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return pieces


def latin_parts(run: str) -> list[str]:
    """The words and numbers of a Latin run: note12 holds note and 12."""
    return _LATIN_PART.findall(run)


def overlap(words: str, text: str) -> float:
    """The part (0 to 1) of the words' grams that stand in the text; both folded."""
    asked = set(grams(words))
    if not asked:
        return 0.0
    return len(asked & set(grams(text))) / len(asked)


def fillers() -> list[str]:
    """Words that a wish is wrapped in and no product is named by, the longest first."""
    return sorted(_words()["fillers"], key=len, reverse=True)


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = json.loads((ROOT / "data" / "shop" / "words.json").read_text(encoding="utf-8"))
    return words


def _bare(text: str, kind: str) -> str:
    for suffix in _words()[kind]:
        if text.endswith(suffix) and len(text) > len(suffix):
            return text[: -len(suffix)]
    return text


@lru_cache(maxsize=4096)
def bare_color(text: str) -> str:
    """A folded colour without its suffix."""
    return _bare(fold(text), "color_suffixes")


@lru_cache(maxsize=4096)
def bare_size(text: str) -> str:
    """A folded size without its suffix; GB reads G."""
    return _bare(_GIGABYTE.sub(r"\1", fold(text)), "size_suffixes")


def _within(part: str, whole: str) -> bool:
    """Whether a size stands in another as a word of its own: xl in "xl 170", not in xxl."""
    return bool(re.search(rf"(?<![a-z0-9.]){re.escape(part)}(?![a-z0-9]|\.\d)", whole))


def fitting_colors(wanted: str, there: Iterable[str]) -> set[str]:
    """Which of the colours a wish means: the same one, else those that contain it."""
    bare, there = bare_color(wanted), list(there)
    same = {one for one in there if bare_color(one) == bare}
    return same or {one for one in there if one and (bare in bare_color(one) or bare_color(one) in bare)}


def fitting_sizes(wanted: str, there: Iterable[str]) -> set[str]:
    """Which of the sizes a wish means: the same one, else those that hold it as a word."""
    bare, there = bare_size(wanted), list(there)
    same = {one for one in there if bare_size(one) == bare}
    if same or not bare:
        return same
    held = {one for one in there if one and _within(bare, _GIGABYTE.sub(r"\1", fold(one)))}
    return held or {one for one in there if one and _within(bare_size(one), bare)}
