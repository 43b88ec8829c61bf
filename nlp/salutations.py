"""Leaves out how a shop is addressed: "boss, ", "hello, ", "excuse me, " before what is wanted.

A greeting alone is a greeting; before a wish it says nothing, but a classifier of
short texts gives it weight ("boss, my orders" sounded like a complaint).
"""

from __future__ import annotations

import re
from functools import lru_cache

from nlp import lexicon

ENOUGH = 2  # letters and digits that must be left


def without_salutation(text: str) -> str:
    """A clean text from its first word that is no address; the text itself where nothing else is said."""
    place = 0
    while found := _pattern().match(text, place):
        place = found.end()
        if sum(char.isalnum() for char in text[place:]) < ENOUGH:
            return text[found.start() :]
    return text[place:]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    lists = lexicon.document("salutations")
    marked, joined = (
        "|".join(map(re.escape, sorted(lists[name], key=len, reverse=True))) for name in ("salutations", "joined")
    )
    return re.compile(rf"(?:(?:{marked})(?:[\W_]+)|(?:{joined})(?:[\W_]*))", re.IGNORECASE)
