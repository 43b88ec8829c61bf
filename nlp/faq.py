"""Which of the merchant's answers fits a question.

Question variants are compared by their centred sentence vectors, by their character
n-grams and by their words (BM25 over jieba's); the three become one score between 0
and 1 by a logistic curve. Entries are read live: a changed file changes the index at the
next question, and vectors of known questions come from the disk.

    python -m nlp.faq "QUESTION" [--intent INTENT] [--json]

prints what would be answered, and why: the nearest entries, the question of each that
is nearest, and what the score is made of.
"""

from __future__ import annotations

import argparse
import json
import threading
from dataclasses import dataclass
from typing import Protocol, Sequence

import numpy as np

from nlp.bm25 import Bm25
from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.intent import prepare
from nlp.kernel_view import unit
from nlp.ngrams import NgramFeatures
from nlp.tokenizer import shared_tokenizer
from shop.faq_store import FaqEntry

VECTOR, GRAMS, WORDS, OFFSET = 6.6, 1.2, 1.0, -4.9
"""The logistic curve, fitted on data/nlu: of the lines that score 0.86 or more, 85 % belong to the entry's intent."""
FREE_MARGIN = 0.08  # an entry without an intent must be so much better than the intent's own
SECOND = 0.85  # a runner-up is named when it has so large a share of the best score
LOWEST = 0.2  # below it nothing is offered
HEARD_LOWEST = 0.05  # the same for entries of the heard intent; below it the intent's default entry answers


class Entries(Protocol):
    """Where entries come from: ``shop.faq_store.FaqStore``."""

    def all(self) -> list[FaqEntry]:
        """Every entry in force."""


@dataclass(frozen=True)
class FaqHit:
    """A chosen entry.

    Attributes:
        id, answer, buttons: the entry's.
        score: 0 to 1, how well the question fits.
        second: id of a runner-up that is nearly as good, or None.
    """

    id: str
    answer: str
    buttons: tuple[str, ...]
    score: float
    second: str | None = None


@dataclass(frozen=True)
class Candidate:
    """An entry that was weighed, and why.

    Attributes:
        id, intent: the entry's.
        question: its question that is nearest.
        score: 0 to 1, how well it fits.
        meaning: cosine of the sentence vectors.
        spelling: cosine of the n-grams.
        words: share of the question's words, by weight, that it holds.
    """

    id: str
    intent: str
    question: str
    score: float
    meaning: float
    spelling: float
    words: float


class _Index:
    """The questions of one version of the entries as vectors and n-grams."""

    def __init__(self, entries: list[FaqEntry], encoder: RememberingEncoder) -> None:
        self.entries = entries
        questions = [(place, prepare(one)) for place, entry in enumerate(entries) for one in entry.questions]
        self.owner = np.array([place for place, _ in questions], np.int64)
        self.texts = texts = [text for _, text in questions]
        vectors = encoder.encode_for_training(texts)
        self.mean = vectors.mean(axis=0) if len(vectors) else np.zeros(encoder.width, np.float32)
        self.vectors = unit(vectors - self.mean)
        self.grams = NgramFeatures(longest=3).fit(texts)
        self.lists = self.grams.matrix(texts).tocsr() if texts else None
        self.words = Bm25(texts, shared_tokenizer())

    def scores(self, vector: np.ndarray, text: str) -> np.ndarray:
        """The best score of each entry over its questions."""
        out = np.zeros(len(self.entries), np.float32)
        if self.lists is not None:
            np.maximum.at(out, self.owner, fit(*self.similarities(vector, text)))
        return out

    def similarities(self, vector: np.ndarray, text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each question: cosine of the sentence vectors, and of the n-grams; share of the words."""
        row = self.grams.row(text)
        dense = np.zeros(len(self.grams), np.float32)
        dense[row.columns] = row.weights
        assert self.lists is not None
        return self.vectors @ unit((vector - self.mean)[None])[0], self.lists @ dense, self.words.scores(text)


def fit(near: np.ndarray, alike: np.ndarray, words: np.ndarray) -> np.ndarray:
    """One score between 0 and 1 for three similarities."""
    score: np.ndarray = 1 / (1 + np.exp(-(VECTOR * near + GRAMS * alike + WORDS * words + OFFSET)))
    return score


class FaqIndex:
    """Chooses an entry for a message.

    Args:
        store: the entries; asked at every message, so changes are live.
        encoder: sentence vectors; default: the process's.
    """

    def __init__(self, store: Entries, encoder: RememberingEncoder | None = None) -> None:
        self._store = store
        self._encoder = encoder or shared_encoder()
        self._index: _Index | None = None
        self._lock = threading.Lock()

    def intents(self) -> frozenset[str]:
        """Intents that entries answer."""
        return frozenset(one.intent for one in self._store.all() if one.intent)

    def answer(self, text: str, intent: str | None = None) -> FaqHit | None:
        """The entry that fits best.

        Args:
            text: the customer's words.
            intent: choose among its entries (and those of no intent that fit clearly
                better); its default entry answers when none fits. None: choose among all.
        """
        index = self._current()
        if not index.entries:
            return None
        prepared = prepare(text)
        scores = index.scores(self._encoder.encode([prepared])[0], prepared)
        if intent is None:
            return self._best(index, scores, np.ones(len(scores), bool), LOWEST)
        own = np.array([one.intent == intent for one in index.entries])
        free = np.array([not one.intent for one in index.entries])
        allowed = own | free & (scores >= LOWEST)
        hit = self._best(index, np.where(free, scores - FREE_MARGIN, scores), allowed, HEARD_LOWEST)
        if hit is not None:
            return hit
        default = next((one for one in index.entries if one.intent == intent and one.default), None)
        return FaqHit(default.id, default.answer, default.buttons, 0.0) if default else None

    def suggest(self, text: str, count: int = 2) -> list[str]:
        """Ids of the entries that may be meant, best first; for a message that no entry fits well enough to be said."""
        return [one.id for one in self.weigh(text, count) if one.score >= LOWEST]

    def weigh(self, text: str, count: int = 5) -> list[Candidate]:
        """The entries that fit best and why, whatever their intent."""
        index = self._current()
        if index.lists is None:
            return []
        prepared = prepare(text)
        near, alike, words = index.similarities(self._encoder.encode([prepared])[0], prepared)
        scores = fit(near, alike, words)
        found: dict[int, Candidate] = {}
        for at in np.argsort(-scores, kind="stable"):
            place = int(index.owner[at])
            if place not in found:
                entry = index.entries[place]
                parts = (float(scores[at]), float(near[at]), float(alike[at]), float(words[at]))
                found[place] = Candidate(entry.id, entry.intent, index.texts[at], *parts)
            if len(found) >= count:
                break
        return list(found.values())

    def _best(self, index: _Index, scores: np.ndarray, allowed: np.ndarray, lowest: float) -> FaqHit | None:
        order = [int(at) for at in np.argsort(-np.where(allowed, scores, -1.0)) if allowed[at]]
        if not order or scores[order[0]] < lowest:
            return None
        best = index.entries[order[0]]
        near = len(order) > 1 and scores[order[1]] >= SECOND * scores[order[0]]
        second = index.entries[order[1]].id if near else None
        return FaqHit(best.id, best.answer, best.buttons, float(scores[order[0]]), second)

    def _current(self) -> _Index:
        entries = self._store.all()
        with self._lock:
            if self._index is None or self._index.entries != entries:
                self._index = _Index(entries, self._encoder)
                self._encoder.forget_stored()
            return self._index


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    from shop.front import open_shop

    parser = argparse.ArgumentParser(prog="python -m nlp.faq", description=__doc__)
    parser.add_argument("question")
    parser.add_argument("--intent")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    index = FaqIndex(open_shop().faq)
    hit, weighed = index.answer(asked.question, asked.intent), index.weigh(asked.question)
    if asked.json:
        told = {"hit": vars(hit) if hit else None, "candidates": [vars(one) for one in weighed]}
        print(json.dumps(told, ensure_ascii=False))
        return
    print(
        f"{hit.id} ({hit.score:.2f}): {hit.answer}" if hit else f"no entry fits by {LOWEST}: suggestions, then a person"
    )
    if hit and hit.second:
        print(f"nearly as good: {hit.second}; below a score of 0.8 the customer chooses")
    for one in weighed:
        print(
            f"  {one.score:.2f}  {one.id} [{one.intent}] {one.question} (meaning {one.meaning:.2f}, spelling {one.spelling:.2f}, words {one.words:.2f})"
        )


if __name__ == "__main__":
    main()
