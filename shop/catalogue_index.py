"""The catalogue's text index: built in memory from one reading, never changed after.

Terms are characters, pairs of characters and Latin runs (``shop.text_match``),
and, weighed more, the whole names and aliases of brands, categories and colours.
Memory and building time grow with the number of products times the length of
their texts (1,000 products: about 10 MB, 0.1 s); a query grows with the number
of products that share its terms.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Iterable, Mapping

from shop.text_match import bare_color, fold, grams, latin_parts

NAME, WORD, SHELF, SMALL, OPTION = 3.0, 4.0, 2.0, 1.2, 1.0
"""Weights of a term in: the name, as a whole known word, category and brand, subtitle and attributes, SKUs."""

LONE = 0.4
"""Weight of a lone character of a pair that no product has."""

COVERED = 0.34
"""Least part of a query's weight that a product must cover to be an answer."""

NEAR_BEST = 0.6
"""Products below this part of the best product's score are left out."""


@dataclass(frozen=True)
class Entry:
    """A product on sale, as the index knows it."""

    id: int
    code: str
    name: str
    subtitle: str
    category: str
    shelves: frozenset[str]  # codes of its category and all above
    category_words: tuple[str, ...]  # names and aliases of all these
    brand: str
    brand_words: tuple[str, ...]
    attributes: Mapping[str, str]
    colors: frozenset[str]
    sizes: frozenset[str]
    popularity: int


@dataclass(frozen=True)
class Scored:
    """A product and how well it fits; ``covered`` is the part of the query it answers."""

    entry: Entry
    score: float
    covered: float


@dataclass
class TextIndex:
    """Postings of all terms; ``entries`` in the order of their ids."""

    entries: list[Entry]
    _postings: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    _words: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # a colour may be a category too
    _longest_word: int = 0

    def __post_init__(self) -> None:
        for at, entry in enumerate(self.entries):
            for text, weight in _texts(entry):
                for term in _terms(fold(text)):
                    self._post(term, at, weight)
            for word, term in _known_words(entry):
                self._words[word].add(term)
                self._post(term, at, WORD)
        self._longest_word = max(map(len, self._words), default=0)
        self._top = math.log1p(max((entry.popularity for entry in self.entries), default=0)) or 1.0

    def search(self, words: str) -> list[Scored]:
        """All products that share a term with the words, best first (not cut)."""
        asked, unknown = self._ask(fold(words))
        mass = unknown + sum(weight for _, weight in asked)
        scores: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        for term, weight in asked:
            for at, here in self._postings[term].items():
                scores[at] += weight * here
                covered[at] += weight
        shelf = {at for term, _ in asked if term[0] == _SHELF_MARK for at in self._postings[term]}
        # "phone" names a shelf: a phone case says it too, but fits less well than what stands there.
        least = max((covered[at] for at in shelf), default=0.0)
        found = [
            Scored(self.entries[at], score * self._lift(at), covered[at] / mass)
            for at, score in scores.items()
            if not shelf or at in shelf or covered[at] >= least
        ]
        return sorted(found, key=lambda one: (-one.score, one.entry.id))

    def everything(self) -> list[Scored]:
        """All products, the popular ones first."""
        ordered = sorted(self.entries, key=lambda one: (-one.popularity, one.id))
        return [Scored(one, 0.0, 1.0) for one in ordered]

    def _post(self, term: str, at: int, weight: float) -> None:
        posting = self._postings[term]
        posting[at] = max(weight, posting.get(at, 0.0))

    def _lift(self, at: int) -> float:
        return 1.0 + 0.1 * math.log1p(self.entries[at].popularity) / self._top

    def _weight(self, term: str) -> float:
        return math.log1p(len(self.entries) / max(1, len(self._postings[term])))

    def _ask(self, words: str) -> tuple[list[tuple[str, float]], float]:
        """The query's known terms with weights, and the weight of what nobody knows."""
        asked: dict[str, float] = {}
        unknown, rarest = 0.0, math.log1p(len(self.entries))
        for term in self._find_words(words):
            asked[term] = self._weight(term)
        for gram in dict.fromkeys(grams(words)):
            if gram in self._postings:
                asked[gram] = self._weight(gram)
                continue
            latin = gram[0].isascii()
            for part in latin_parts(gram) if latin else gram:
                share = 1.0 if latin else LONE
                if part in self._postings:
                    asked.setdefault(part, share * self._weight(part))
                else:
                    unknown += share * rarest
        return list(asked.items()), unknown

    def _find_words(self, words: str) -> Iterable[str]:
        """Terms of the known words in a query, the longest first at each place."""
        at = 0
        while at < len(words):
            for size in range(min(self._longest_word, len(words) - at), 0, -1):
                terms = self._words.get(words[at : at + size])
                if terms:
                    yield from sorted(terms)
                    at += size - 1
                    break
            at += 1


def _texts(entry: Entry) -> Iterable[tuple[str, float]]:
    yield entry.name, NAME
    yield from ((word, SHELF) for word in (*entry.category_words, *entry.brand_words))
    yield entry.subtitle, SMALL
    yield from ((f"{name} {value}", SMALL) for name, value in entry.attributes.items())
    yield from ((option, OPTION) for option in (*entry.colors, *entry.sizes))


def _terms(text: str) -> set[str]:
    terms = set()
    for piece in grams(text):
        terms |= {piece, *(latin_parts(piece) if piece[0].isascii() else piece)}
    return terms


def _known_words(entry: Entry) -> set[tuple[str, str]]:
    """Whole words with the terms they are posted under; a category's are marked as such."""
    colors = {*entry.colors, *map(bare_color, entry.colors)}
    words = {fold(word): f"={fold(word)}" for word in (*entry.brand_words, *colors)}
    words |= {fold(word): f"{_SHELF_MARK}{fold(word)}" for word in entry.category_words}
    return {(word, term) for word, term in words.items() if len(word) > 1}


_SHELF_MARK = "#"
