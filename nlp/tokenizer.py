"""Words of a Chinese text, by a jieba of our own.

A ``jieba.Tokenizer`` instance is used, never the process-wide one, so that
nothing else in the process sees our dictionary. It knows the word lists of
``data/lexicon`` and whatever names the catalogue holds.
"""

from __future__ import annotations

import logging
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterable

from nlp import lexicon
from nlp.jieba_words import JiebaWords, total

# Kept as one token, whatever the dictionary says: addresses of pages, e-mail, numbers and codes.
_WHOLE = re.compile(r"https?://[^\s\u4e00-\u9fff]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[A-Za-z]*\d[A-Za-z0-9.]*", re.ASCII)
_LISTS = ("colors", "sizes", "couriers", "terms")


@dataclass(frozen=True)
class Word:
    """A token with its half-open span."""

    text: str
    start: int
    end: int


class WordTokenizer:
    """Splits clean text into words; ``learn`` adds names while serving."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._jieba: Any = jieba.Tokenizer()
        self._known = JiebaWords()
        self._jieba.FREQ, self._jieba.total, self._jieba.initialized = self._known, total(), True
        self._learnt: set[str] = set()
        for name in _LISTS:
            self.learn(lexicon.words(name))
        self.learn(names)

    def learn(self, names: Iterable[str]) -> None:
        """Add words that must stay whole."""
        for name in names:
            if 1 < len(name) <= 12 and not name.isascii():
                self._jieba.add_word(name)
                self._learnt.add(name)

    def words(self, text: str) -> list[Word]:
        """The tokens of a text in order; blanks are left out."""
        found: list[Word] = []
        last = 0
        for whole in _WHOLE.finditer(text):
            found.extend(self._cut(text, last, whole.start()))
            found.append(Word(whole.group(), whole.start(), whole.end()))
            last = whole.end()
        found.extend(self._cut(text, last, len(text)))
        return found

    def tagged(self, text: str) -> list[tuple[Word, str]]:
        """The tokens with jieba's part-of-speech tags; what is kept whole by form is ``eng`` or ``m`` (numbers)."""
        return [(word, self._tag(word.text)) for word in self.words(text)]

    def _tag(self, word: str) -> str:
        if word.isascii():
            return "m" if word.replace(".", "", 1).isdigit() else "eng" if word[0].isalnum() else "w"
        if not any(char.isalnum() for char in word):
            return "w"
        if word in self._learnt:
            return "n"
        return _tags().get(word) or ("m" if word.isnumeric() else "x")

    def is_name(self, word: str) -> bool:
        """Whether a word of two or three characters can only be a person's name: unknown, or known as one."""
        return not self._known.get(word) or self._known.is_name(word)

    def _cut(self, text: str, start: int, end: int) -> list[Word]:
        if start >= end:
            return []
        cut = self._jieba.tokenize(text[start:end], HMM=True)
        return [Word(word, start + begin, start + stop) for word, begin, stop in cut if word.strip()]


@lru_cache(maxsize=1)
def _tags() -> dict[str, str]:
    """The tag of every word of jieba's dictionary."""
    import jieba

    with jieba.get_module_res("dict.txt") as file:
        rows = (line.decode("utf-8").split() for line in file)
        return {row[0]: sys.intern(row[2]) for row in rows if len(row) == 3}


@lru_cache(maxsize=1)
def shared_tokenizer() -> WordTokenizer:
    """The process's tokenizer."""
    return WordTokenizer()
