"""Words that are typed wrongly by sound or shape, put right before a line is classified.

The list is small and of this trade (``data/lexicon/homophones.txt``): a wrong
correction costs more than a typo. Numbers are never touched, and entities are
read from the text as it came.
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
    return re.compile("|".join(parts)), right


def mended(text: str) -> str:
    """A clean text in small letters with the known mistakes put right."""
    pattern, right = _rules()
    return pattern.sub(lambda one: right[one.lastgroup or ""], text)
