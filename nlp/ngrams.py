"""Character n-grams weighted by TF-IDF and hashed to a fixed number of buckets (Weinberger et al. 2009).

The weight is scikit-learn's: ``(1 + ln tf) * (1 + ln((1 + n) / (1 + df)))``, each
vector brought to length one (Salton & Buckley 1988). Hashing needs no vocabulary:
65,536 buckets tell the intents of real queries apart as well as a list of all 150,000
n-grams, in a tenth of the memory.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence
from zlib import crc32

import numpy as np

from nlp.text import shorten

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SparseRow:
    """Buckets of one text's n-grams and their weights."""

    columns: np.ndarray
    weights: np.ndarray


class NgramFeatures:
    """Buckets of n-grams with their inverse document frequencies.

    Args:
        longest: n-grams of one to so many characters are used.
        buckets: their number.
    """

    def __init__(self, longest: int = 4, buckets: int = 1 << 16) -> None:
        self.longest = longest
        self.buckets = buckets
        self.idf = np.zeros(buckets, np.float32)

    def __len__(self) -> int:
        return self.buckets

    def fit(self, texts: Sequence[str]) -> NgramFeatures:
        """Learn how rare the n-grams of some texts are."""
        seen = np.zeros(self.buckets, np.int64)
        for text in texts:
            seen[list(self._counts(text))] += 1
        idf = np.where(seen > 0, 1 + np.log((1 + len(texts)) / (1 + seen)), 0)  # what no text had says nothing
        self.idf = idf.astype(np.float32)
        return self

    def row(self, text: str) -> SparseRow:
        """The features of one text; of a long one those of its beginning and its end."""
        counts = self._counts(text)
        columns = np.fromiter(counts, np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        length = math.sqrt(float((weights**2).sum()))
        return SparseRow(columns, (weights / length if length else weights).astype(np.float32))

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """The features of many texts as a scipy matrix (training only)."""
        from scipy.sparse import csr_matrix

        rows = [self.row(text) for text in texts]
        ends = np.cumsum([0] + [len(one.columns) for one in rows])
        columns = np.concatenate([one.columns for one in rows]) if rows else np.zeros(0, np.int64)
        weights = np.concatenate([one.weights for one in rows]) if rows else np.zeros(0, np.float32)
        return csr_matrix((weights, columns, ends), shape=(len(rows), self.buckets))

    def _counts(self, text: str) -> Counter[int]:
        padded = f" {shorten(text).lower()} "
        sizes = range(1, self.longest + 1)
        grams = (padded[at : at + size] for size in sizes for at in range(len(padded) - size + 1))
        return Counter(crc32(gram.encode("utf-8", "ignore")) % self.buckets for gram in grams)
