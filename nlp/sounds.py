"""How Chinese characters sound, alone and in words: what pypinyin says, without the 60 MB that it takes.

The tables are pypinyin's own. That of characters is made at first use; its 47,000
words lie in a mapped trie (``nlp.trie``), and of those that sound otherwise than
their characters the syllables lie in a file beside it.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from array import array
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nlp import trie
from nlp.kept import digest, mapped
from nlp.trie import NONE, ROOT, Trie
from shop.errors import BadValue

FIRST, LAST = 0x3400, 0x9FFF  # characters that are known
TONES = frozenset("\u0300\u0301\u0304\u030c")
PLAIN = 1  # number of a word that sounds as its characters do; of others: where its syllables begin, and one more
END = b"\n"


def sound(character: str) -> str:
    """Its commonest pinyin without the tone, v for an u with two dots; itself where it is none of the table's."""
    table, names = _table()
    code = ord(character)
    return names[table[code - FIRST]] if FIRST <= code <= LAST and table[code - FIRST] else character


def sounds(text: str) -> list[str]:
    """The same of each character of a text, in the longest words that begin where the one before ended."""
    words, syllables = _words()
    found: list[str] = []
    while len(found) < len(text):
        start = len(found)
        node, known, end = ROOT, PLAIN, start + 1
        for place in range(start, len(text)):
            node = words.child(node, text[place])
            if node == NONE:
                break
            if words.value(node):
                known, end = words.value(node), place + 1
        if known == PLAIN:
            found.extend(map(sound, text[start:end]))
        else:
            found.extend(syllables[known - PLAIN : syllables.find(END, known - PLAIN)].decode().split(" "))
    return found


@lru_cache(maxsize=1)
def _table() -> tuple[array[int], list[str]]:
    """The number of each character's sound, and the sounds; nought is none."""
    names = {"": 0}
    table = array("H", [0]) * (LAST - FIRST + 1)
    for code, several in _read("pinyin_dict").items():
        if FIRST <= int(code) <= LAST:
            table[int(code) - FIRST] = names.setdefault(_toneless(several.split(",")[0]), len(names))
    return table, list(names)


@lru_cache(maxsize=1)
def _words() -> tuple[Trie, Any]:
    """The words with their numbers, and the syllables of those that sound otherwise."""
    key = digest([__file__, trie.__file__], version("pypinyin"))
    made: list[tuple[bytes, bytes]] = []

    def make(part: int) -> bytes:
        made.extend([] if made else [_packed()])
        return made[0][part]

    return Trie(mapped(f"pinyin-words-{key}.bin", lambda: make(0))), mapped(f"pinyin-{key}.bin", lambda: make(1))


def _packed() -> tuple[bytes, bytes]:
    numbers, syllables = {}, bytearray(END)
    for word, several in _read("phrases_dict").items():
        read = [_toneless(one[0]) for one in several]
        if read == [sound(char) for char in word]:
            numbers[word] = PLAIN
        else:
            numbers[word] = len(syllables) + PLAIN
            syllables += " ".join(read).encode() + END
    return trie.packed(numbers), bytes(syllables)


def _read(name: str) -> dict[str, Any]:
    """One of pypinyin's tables; the package itself would load all of them and keep them twice.

    Raises:
        BadValue: pypinyin is not installed, or another version without it.
    """
    found = importlib.util.find_spec("pypinyin")
    if found is None or found.origin is None:
        raise BadValue("the package pypinyin is not installed: pip install -r requirements.txt")
    path = Path(found.origin).with_name(f"{name}.json")
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{path}: {error}; install pypinyin as in requirements.txt") from error
    return table


def _toneless(syllable: str) -> str:
    parts = "".join(one for one in unicodedata.normalize("NFD", syllable) if one not in TONES)
    return unicodedata.normalize("NFC", parts).replace("\u00fc", "v")
