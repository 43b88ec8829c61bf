"""Character n-grams weighted by TF-IDF, without a library at serving time.

The formula is scikit-learn's: ``(1 + ln tf) * (1 + ln((1 + n) / (1 + df)))``,
each vector brought to length one (Salton & Buckley 1988).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, Sequence

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SparseRow:
    """Column numbers of one text's n-grams and their weights."""

    columns: np.ndarray
    weights: np.ndarray


class NgramFeatures:
    """A vocabulary of n-grams with their inverse document frequencies.

    Args:
        longest: n-grams of one to so many characters are used.
        rarest: an n-gram counts if so many texts have it.
    """

    def __init__(self, longest: int = 4, rarest: int = 1) -> None:
        self.longest = longest
        self.rarest = rarest
        self.columns: dict[str, int] = {}
        self.idf = np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self.columns)

    def fit(self, texts: Sequence[str]) -> NgramFeatures:
        """Learn the vocabulary of some texts."""
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(self._grams(text)))
        kept = sorted(gram for gram, count in seen.items() if count >= self.rarest)
        self.columns = {gram: column for column, gram in enumerate(kept)}
        self.idf = np.array([1 + math.log((1 + len(texts)) / (1 + seen[gram])) for gram in kept], np.float32)
        return self

    def row(self, text: str) -> SparseRow:
        """The features of one text; empty when it has no known n-gram."""
        counts = Counter(self.columns[gram] for gram in self._grams(text) if gram in self.columns)
        columns = np.fromiter(counts, np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        length = float(np.sqrt((weights**2).sum()))
        return SparseRow(columns, (weights / length if length else weights).astype(np.float32))

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """The features of many texts as a scipy matrix (training only)."""
        from scipy.sparse import csr_matrix

        rows = [self.row(text) for text in texts]
        ends = np.cumsum([0] + [len(one.columns) for one in rows])
        columns = np.concatenate([one.columns for one in rows]) if rows else np.zeros(0, np.int64)
        weights = np.concatenate([one.weights for one in rows]) if rows else np.zeros(0, np.float32)
        return csr_matrix((weights, columns, ends), shape=(len(rows), len(self)))

    def _grams(self, text: str) -> Iterator[str]:
        padded = f" {text.lower()} "
        for size in range(1, self.longest + 1):
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]
