"""The commonest sound of a Chinese character, without pypinyin's 47,000 words, which take 60 MB.

The table is pypinyin's own, of single characters; words with sounds of their own
matter where somebody types pinyin (``nlp.spelling``), not where names are compared.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from array import array
from functools import lru_cache
from pathlib import Path

from shop.errors import BadValue

FIRST, LAST = 0x4E00, 0x9FFF  # characters that are known
TONES = frozenset("\u0300\u0301\u0304\u030c")


def sound(character: str) -> str:
    """Its pinyin without the tone, v for an u with two dots; itself where it is none of the table's."""
    table, names = _table()
    code = ord(character)
    return names[table[code - FIRST]] if FIRST <= code <= LAST and table[code - FIRST] else character


@lru_cache(maxsize=1)
def _table() -> tuple[array[int], list[str]]:
    """The number of each character's sound, and the sounds; nought is none.

    Raises:
        BadValue: pypinyin is not installed, or another one.
    """
    found = importlib.util.find_spec("pypinyin")
    if found is None or found.origin is None:
        raise BadValue("the package pypinyin is not installed: pip install -r requirements.txt")
    path = Path(found.origin).with_name("pinyin_dict.json")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{path}: {error}; install pypinyin as in requirements.txt") from error
    names = {"": 0}
    table = array("H", [0]) * (LAST - FIRST + 1)
    for code, sounds in known.items():
        if FIRST <= int(code) <= LAST:
            table[int(code) - FIRST] = names.setdefault(_toneless(sounds.split(",")[0]), len(names))
    return table, list(names)


def _toneless(syllable: str) -> str:
    parts = "".join(one for one in unicodedata.normalize("NFD", syllable) if one not in TONES)
    return unicodedata.normalize("NFC", parts).replace("\u00fc", "v")
