"""The catalogue's text index: built in memory from one reading, never changed after.

Terms are characters, pairs of characters and Latin runs (``shop.text_match``),
and, weighed more, the whole names and aliases of brands, categories and colours.
Memory and building time grow with the number of products times the length of
their texts (450 products: 0.2 s of one core); a query grows with the number of
products that share its terms.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Iterable, Iterator, Mapping

from shop.text_match import bare_color, fillers, fold, grams, latin_parts

NAME, WORD, SHELF, SMALL, OPTION = 3.0, 4.0, 2.0, 1.2, 1.0
"""Weights of a term in: the name, as a whole known word, category and brand, subtitle and attributes, SKUs."""

LONE = 0.4
"""Weight of a lone character of a pair that no product has."""

NAMED_BY_LONE = 2
"""Lone characters in its name by which a product fits that is not of the kind asked for."""

COVERED, COVERED_BY_LONE = 0.34, 0.6
"""Least part of a query's weight that an answer covers; more if it does so by lone characters only."""

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
    lone: bool = False  # nothing but single characters fits

    @property
    def answers(self) -> bool:
        """Whether it covers enough of the query to be an answer."""
        return self.covered >= (COVERED_BY_LONE if self.lone else COVERED)


@dataclass(frozen=True)
class _Query:
    """A query's known terms with weights; those that are parts of unknown pairs; the weight of what nobody knows."""

    asked: dict[str, float]
    lone: set[str]
    unknown: float
    head: str  # its last character: a Chinese phrase has its head last


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
            for word in _whole_words(entry):
                self._words[word].add(f"={word}")
                self._post(f"={word}", at, WORD)
        self._post_shelves()
        self._longest_word = max(map(len, self._words), default=0)
        self._top = math.log1p(max((entry.popularity for entry in self.entries), default=0)) or 1.0

    def search(self, words: str) -> list[Scored]:
        """All products that share a term with the words, best first (not cut)."""
        query = self._ask(fold(words))
        asked, lone = query.asked, query.lone
        mass = query.unknown + sum(asked.values())
        scores: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        named: dict[int, int] = defaultdict(int)  # how many lone characters stand in the name
        strong: set[int] = set()
        for term, weight in asked.items():
            posting = self._postings[term]
            for at, here in posting.items():
                named[at] += term in lone and here == NAME
                scores[at] += weight * here
                covered[at] += weight
            if len(term) > 1:
                strong.update(posting)
        if not strong and not any(term.isascii() for term in asked):  # nothing but single characters fits
            scores = {
                at: score
                for at, score in scores.items()
                if named[at] >= NAMED_BY_LONE or _is_kind_of(self.entries[at], query.head)
            }
        shelf = {at for term in asked if term[0] == _SHELF for at in self._postings[term]}
        # "phone" names a shelf: a phone case says it too, but fits less well than what stands there.
        least = max((covered[at] for at in shelf), default=0.0)
        found = [
            Scored(self.entries[at], score * self._lift(at), covered[at] / mass, at not in strong)
            for at, score in scores.items()
            if not shelf or at in shelf or covered[at] >= least
        ]
        return sorted(found, key=lambda one: (-one.score, one.entry.id))

    @cached_property
    def everything(self) -> list[Scored]:
        """All products, the popular ones first."""
        ordered = sorted(self.entries, key=lambda one: (-one.popularity, one.id))
        return [Scored(one, 0.0, 1.0) for one in ordered]

    def _post_shelves(self) -> None:
        """Post categories' words: to the products that carry one in their own text, or if none does, to all there.

        "thermos" may be an alias of kitchenware; then it means the thermoses, not the pans beside them.
        """
        standing: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(self.entries):
            for word in {fold(word) for word in entry.category_words}:
                standing[word].append(at)
        texts = [fold(f"{entry.name} {entry.subtitle}") for entry in self.entries]
        for word, there in standing.items():
            if len(word) > 1:
                self._words[word].add(f"{_SHELF}{word}")
                for at in [at for at in there if word in texts[at]] or there:
                    self._post(f"{_SHELF}{word}", at, WORD)

    def _post(self, term: str, at: int, weight: float) -> None:
        posting = self._postings[term]
        posting[at] = max(weight, posting.get(at, 0.0))

    def _lift(self, at: int) -> float:
        return 1.0 + 0.1 * math.log1p(self.entries[at].popularity) / self._top

    def _weight(self, term: str) -> float:
        return math.log1p(len(self.entries) / max(1, len(self._postings[term])))

    def _ask(self, words: str) -> _Query:
        lone: set[str] = set()
        asked: dict[str, float] = {}
        unknown, rarest = 0.0, math.log1p(len(self.entries))
        spans = list(self._find_words(words))
        for start, end in spans:
            asked.update((term, self._weight(term)) for term in self._words[words[start:end]])
        pieces = grams(_without_fillers(words, spans))
        for gram in dict.fromkeys(pieces):
            if gram in self._postings:
                asked[gram] = self._weight(gram)
                continue
            latin = gram[0].isascii()
            for part in latin_parts(gram) if latin else gram:
                share = 1.0 if latin else LONE
                if part in self._postings:
                    asked.setdefault(part, share * self._weight(part))
                    lone |= set() if latin else {part}
                else:
                    unknown += share * rarest
        return _Query(asked, lone, unknown, pieces[-1][-1] if pieces else "")

    def _find_words(self, words: str) -> Iterator[tuple[int, int]]:
        """Places of the known words in a query, from its end: a Chinese phrase has its head last."""
        end = len(words)
        while end > 0:
            start = next(
                (start for start in range(max(0, end - self._longest_word), end) if words[start:end] in self._words),
                None,
            )
            if start is not None:
                yield start, end
            end = end - 1 if start is None else start


def _is_kind_of(entry: Entry, head: str) -> bool:
    """Whether a character ends what the goods are called: black shoes are shoes, but Lego is no loafer."""
    words = (*entry.category_words, *entry.name.split())
    return bool(head) and any(len(word) > 1 and fold(word).endswith(head) for word in words)  # units are single


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


def _whole_words(entry: Entry) -> set[str]:
    """Brand and colours, as words that are known whole."""
    words = {fold(word) for word in (*entry.brand_words, *entry.colors)} | set(map(bare_color, entry.colors))
    return {word for word in words if len(word) > 1}


def _without_fillers(words: str, spans: Iterable[tuple[int, int]]) -> str:
    """The words without what a wish is wrapped in; known words stay as they are."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept += [_fillers().sub(" ", words[at:start]), words[start:end]]
        at = end
    return "".join((*kept, _fillers().sub(" ", words[at:])))


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, fillers())))


_SHELF = "#"
