"""How Chinese words are typed: their pinyin and its initials, with the places where a word may begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from nlp.sounds import sounds
from shop.text_match import fold

HEAD, WORD, INSIDE = 3, 2, 1
"""Kinds of places: where the text begins, after a gap between words or scripts, before any other character."""

_RUN = re.compile(r"[a-z0-9.+]+|[^\W_a-z0-9]+")
_LONGEST = 80


@dataclass(frozen=True)
class Spelled:
    """A text three times over; each with the kind of place that every character of it stands at (0: none)."""

    text: str  # folded, without blanks and signs
    text_places: bytes
    pinyin: str
    pinyin_places: bytes
    initials: str
    initials_places: bytes


@lru_cache(maxsize=20_000)
def spell(text: str) -> Spelled:
    """A text as it may be typed: by its characters, its whole pinyin, or the initials of that."""
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    places = (bytearray(), bytearray(), bytearray())
    for run in _RUN.findall(fold(text[:_LONGEST])):
        latin = run[0].isascii()
        syllables = [run] if latin else _syllables(run)
        characters = [run] if latin else list(run)
        for at, (character, syllable) in enumerate(zip(characters, syllables, strict=True)):
            kind = INSIDE if at else WORD if parts[0] else HEAD
            for column, piece in enumerate((character, syllable, syllable[:1])):
                parts[column].append(piece)
                places[column].extend([kind] + [0] * (len(piece) - 1) if piece else [])
    joined = [item for part, place in zip(parts, places, strict=True) for item in ("".join(part), bytes(place))]
    return Spelled(*joined)  # type: ignore[arg-type]


def _syllables(characters: str) -> list[str]:
    """The pinyin of each character, read in the context of its words; a character without one is itself."""
    return [fold(one) for one in sounds(characters)]
