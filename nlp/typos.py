"""Words that are typed wrongly by sound or shape, put right before a line is classified.

The list is small and of this trade (``data/lexicon/homophones.txt``): a wrong
correction costs more than a typo. Numbers are never touched. Entities are read
from the text as it came, days and periods from the mended one (``mended_places``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from nlp import lexicon


@lru_cache(maxsize=1)
def _rules() -> tuple[re.Pattern[str], dict[str, str]]:
    parts, right = [], {}
    for place, (word, wrongs) in enumerate(lexicon.entries("homophones").items()):
        forms = [rf"(?<![a-z0-9]){one}(?![a-z0-9])" if one.isascii() and one.isalpha() else one for one in wrongs]
        parts.append(f"(?P<w{place}>{'|'.join(forms)})")
        right[f"w{place}"] = word
    return re.compile("|".join(parts), re.IGNORECASE), right


def mended(text: str) -> str:
    """A clean text in small letters with the known mistakes put right."""
    pattern, right = _rules()
    return pattern.sub(lambda one: right[one.lastgroup or ""], text)


def mended_places(text: str) -> tuple[str, list[int]]:
    """A clean text with the known mistakes put right, and where its characters stood.

    Returns:
        The mended text; for each of its characters, and for its end, the place in ``text``:
        of a corrected word the begin for its first character, the end of the wrong form for the others.
    """
    pattern, right = _rules()
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for one in pattern.finditer(text):
        word = right[one.lastgroup or ""]
        parts += [text[done : one.start()], word]
        places += [*range(done, one.start()), one.start(), *[one.end()] * (len(word) - 1)]
        done = one.end()
    return "".join([*parts, text[done:]]), [*places, *range(done, len(text) + 1)]
