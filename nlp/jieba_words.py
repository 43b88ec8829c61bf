"""jieba's dictionary in a tenth of its memory: half a million words and beginnings of words as a mapped trie.

jieba asks its table for words and for beginnings of words, whose count is nought.
This table answers alike; what is added later stands in a dictionary of its own.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version

import numpy as np

from nlp import trie
from nlp.kept import digest, mapped
from nlp.trie import NONE, Trie

NAME = 1 << 31  # marks words that the dictionary knows as people's names and nothing else
LONGEST_NAME = 3
REMEMBERED = 4096  # places of words and beginnings that were asked last
LONGEST_REMEMBERED = 8  # characters of these


class JiebaWords:
    """Counts of words, as ``jieba.Tokenizer.FREQ`` has them."""

    def __init__(self) -> None:
        self._trie = _shared()
        self._added: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def __contains__(self, word: str) -> bool:
        return word in self._added or self._place(word) != NONE

    def __getitem__(self, word: str) -> int:
        found = self.get(word)
        if found is None:
            raise KeyError(word)
        return found

    def get(self, word: str, default: int | None = None) -> int | None:
        """The count of a word, nought for a mere beginning; the default for what is neither."""
        if word in self._added:
            return self._added[word]
        place = self._place(word)
        return default if place == NONE else self._trie.value(place) & ~NAME

    def __setitem__(self, word: str, count: int) -> None:
        self._added[word] = count

    def is_name(self, word: str) -> bool:
        """Whether the dictionary knows it as a person's name of two or three characters."""
        place = self._place(word)
        return place != NONE and self._trie.value(place) & NAME > 0

    def _place(self, word: str) -> int:
        """The node of a word; jieba asks for ever longer beginnings, so the one before is known mostly."""
        if not word:
            return NONE
        found = self._places.get(word)
        if found is not None:
            return found
        before = self._places.get(word[:-1])
        if before is None:
            found = self._trie.find(word)
        else:
            found = before if before == NONE else self._trie.child(before, word[-1])
        if len(word) <= LONGEST_REMEMBERED:
            if len(self._places) >= REMEMBERED:
                self._places = {}
            self._places[word] = found
        return found


@lru_cache(maxsize=1)
def total() -> int:
    """The sum of all counts, by which jieba divides."""
    return int((_shared().values() & ~np.uint32(NAME)).sum(dtype=np.uint64))


@lru_cache(maxsize=1)
def _shared() -> Trie:
    return Trie(mapped(f"jieba-{digest([__file__, trie.__file__], version('jieba'))}.bin", _packed))


def _packed() -> bytes:
    import jieba

    with jieba.get_module_res("dict.txt") as file:
        rows = [line.decode("utf-8").split() for line in file]
    return trie.packed({word: int(count) | (NAME if _is_name(word, more) else 0) for word, count, *more in rows})


def _is_name(word: str, more: list[str]) -> bool:
    return more == ["nr"] and len(word) <= LONGEST_NAME
