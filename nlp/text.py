"""Clean text that still knows where each character came from.

``clean`` brings what people type on a phone into one form: NFKC (full width to
half width), traditional to simplified characters, no control or invisible
characters, one blank for any white space, and runs of the same mark folded to
at most three so that their strength stays visible. Every character of the
result remembers its place in the original, so that a span found in the clean
text can be shown in what the customer wrote.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LONGEST = 2000  # characters that are read; what follows is ignored
HEAD, TAIL = 120, 60  # characters of a long message that models read: its beginning and its end
STRENGTH = 3  # of a run of one mark so many are kept


@dataclass(frozen=True)
class CleanText:
    """A cleaned text and the way back.

    Attributes:
        text: the clean characters.
        original: what came in.
        places: for each clean character the index of its original character.
    """

    text: str
    original: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span in the original for a half-open span in the clean text."""
        if not self.places or start >= len(self.places):
            return len(self.original), len(self.original)
        if end <= start:
            return self.places[start], self.places[start]
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _simplified(text: str) -> str:
    """Simplified characters, one for one; left as it is where lengths would differ."""
    if text.isascii():
        return text
    done: str = _converter().convert(text)
    if len(done) == len(text):
        return done
    return "".join(one if len(one) == 1 else char for char, one in ((c, _converter().convert(c)) for c in text))


@lru_cache(maxsize=8192)
def _character(char: str) -> str:
    """What one character becomes: "" drops it."""
    if "\ud800" <= char <= "\udfff":
        return ""
    if char.isspace():
        return " "
    kind = unicodedata.category(char)
    if kind in ("Cc", "Cf", "Cn", "Co") or "\ufe00" <= char <= "\ufe0f":
        return ""
    return unicodedata.normalize("NFKC", char)


def clean(text: str) -> CleanText:
    """Clean a message; never raises for any string.

    Args:
        text: whatever a channel delivered; read up to ``LONGEST`` characters.
    """
    chars: list[str] = []
    places: list[int] = []
    for place, raw in enumerate(text[:LONGEST]):
        for char in _character(raw):
            if char == " " and (not chars or chars[-1] == " "):
                continue
            if not char.isalnum() and chars[-STRENGTH:] == [char] * STRENGTH:
                continue
            chars.append(char)
            places.append(place)
    while chars and chars[-1] == " ":
        chars.pop()
        places.pop()
    return CleanText(_simplified("".join(chars)), text, tuple(places))


def without_noise(text: str) -> str:
    """Lower case letters and digits of a text only: the form in which names are compared."""
    return "".join(char for char in clean(text).text.lower() if char.isalnum())


def shorten(text: str) -> str:
    """What of a text is read: all of a short one, beginning and end of a long one."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]
