"""How well short texts fit a question by the words that they share: Okapi BM25 (Robertson & Zaragoza 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import numpy as np

from nlp.tokenizer import WordTokenizer

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

SATURATION, LENGTH = 1.2, 0.75  # k1 and b of the paper


class Bm25:
    """The words of some texts, each with its weight in each text.

    Args:
        texts: what is searched.
        tokenizer: cuts them and the questions into words.
    """

    def __init__(self, texts: Sequence[str], tokenizer: WordTokenizer) -> None:
        self._tokenizer = tokenizer
        cut = [self._words(text) for text in texts]
        self._places = {
            word: place for place, word in enumerate(dict.fromkeys(word for words in cut for word in words))
        }
        self._table = self._weights(cut)

    def scores(self, text: str) -> np.ndarray:
        """A score of each text, from 0 to about 1: the share of the question's weight that the text holds."""
        words = set(self._words(text))
        known = [self._places[word] for word in words if word in self._places]
        unknown = np.log1p((self._table.shape[0] + 0.5) / 0.5) * (len(words) - len(known))
        most = float(self._rarity[known].sum() + unknown) * (SATURATION + 1)
        done = np.asarray(self._table[:, known].sum(axis=1), np.float32).ravel()
        return done / most if most else done

    def _words(self, text: str) -> list[str]:
        return [one.text for one in self._tokenizer.words(text) if any(char.isalnum() for char in one.text)]

    def _weights(self, cut: Sequence[Sequence[str]]) -> csc_matrix:
        from scipy.sparse import csc_matrix

        rows = np.repeat(np.arange(len(cut)), [len(words) for words in cut])
        columns = np.array([self._places[word] for words in cut for word in words], np.int64)
        counts = csc_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(cut), len(self._places)))
        counts.sum_duplicates()
        having = np.diff(counts.indptr)
        self._rarity: np.ndarray = np.log1p((len(cut) - having + 0.5) / (having + 0.5))
        lengths = np.array([len(words) for words in cut], np.float32)
        slack = SATURATION * (1 - LENGTH + LENGTH * lengths / max(float(lengths.mean()) if len(cut) else 0.0, 1e-9))
        held = counts.data
        worth = held * (SATURATION + 1) / (held + slack[counts.indices]) * np.repeat(self._rarity, having)
        return csc_matrix((worth, counts.indices, counts.indptr), shape=counts.shape)
