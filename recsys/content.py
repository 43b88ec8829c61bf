"""What products are: their words, shelf, brand, attributes, and the vectors that other parts left for them.

Names and descriptions are cut into pairs and triples of characters, weighed by
rarity and pressed into a few dimensions (latent semantic analysis: Deerwester et
al., 1990). So something new that nobody touched has neighbours from its first day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Sequence

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class ContentConfig:
    """``dimensions`` of the pressed words; ``others`` is the weight of vectors from the feature store."""

    dimensions: int = 64
    least_items: int = 2
    others: float = 0.7
    seed: int = 1


class Content(Model):
    """A score is the nearness of an item to the mean of what the history holds."""

    name = "content"
    Config = ContentConfig

    def __init__(self, config: ContentConfig | None = None, vectors: np.ndarray | None = None) -> None:
        super().__init__(config)
        self.vectors = vectors

    def _fit(self, data: Interactions) -> None:
        if self.vectors is None or len(self.vectors) != data.shape[1]:
            self.vectors = np.zeros((data.shape[1], 1), np.float32)  # nothing is known of the items

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Cosines with the histories' weighted means; an empty history scores 0."""
        assert self.vectors is not None
        profiles = np.asarray(histories @ self.vectors)
        lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
        return np.asarray(profiles / np.maximum(lengths, 1e-12) @ self.vectors.T, dtype=np.float32)

    def _state(self) -> dict[str, np.ndarray]:
        assert self.vectors is not None
        return {"vectors": self.vectors}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.vectors = state["vectors"]


def content_vectors(
    texts: Sequence[str],
    tags: Sequence[Iterable[str]],
    others: Iterable[np.ndarray] = (),
    config: ContentConfig | None = None,
) -> np.ndarray:
    """Unit vectors of items: float32 (items, dimensions + those of the others).

    Args:
        texts: what stands about each item.
        tags: words that count whole: shelf, brand, attribute values.
        others: more vectors of the items (encoder text, pictures), one row an item; rows of zeros are unknown.
    """
    config = config or ContentConfig()
    matrix = _words(texts, tags, config.least_items)
    parts = [_pressed(matrix, min(config.dimensions, max(1, min(matrix.shape) - 1)), config.seed)]
    parts += [config.others * _unit(_pressed_dense(one, config.dimensions)) for one in others]
    return _unit(np.concatenate(parts, axis=1))


def _words(texts: Sequence[str], tags: Sequence[Iterable[str]], least: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    counted = []
    for text, named in zip(texts, tags):
        words = Counter(text[at : at + size] for size in (2, 3) for at in range(len(text) - size + 1))
        words.update({f"={one}": 3 for one in named})
        counted.append(words)
    spread = Counter(word for words in counted for word in words)
    known = {word: at for at, word in enumerate(sorted(w for w, count in spread.items() if count >= least))}
    if not known:
        return csr_matrix((len(counted), 1), dtype=np.float32)
    rows, columns, values = [], [], []
    for row, words in enumerate(counted):
        for word, count in words.items():
            if word in known:
                rows.append(row)
                columns.append(known[word])
                values.append((1 + np.log(count)) * np.log(1 + len(counted) / spread[word]))
    return csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(counted), len(known)))


def _pressed(matrix: csr_matrix, dimensions: int, seed: int) -> np.ndarray:
    from recsys.neighbours import unit_rows

    if matrix.nnz == 0:
        return np.zeros((matrix.shape[0], 1), np.float32)
    from sklearn.decomposition import TruncatedSVD

    return _unit(TruncatedSVD(dimensions, random_state=seed).fit_transform(unit_rows(matrix)))


def _pressed_dense(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """Vectors centred by the known ones and turned to their main directions."""
    known = np.abs(vectors).sum(1) > 0
    centred = np.where(known[:, None], vectors - vectors[known].mean(0) if known.any() else 0.0, 0.0)
    if vectors.shape[1] <= dimensions:
        return np.asarray(centred, np.float32)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(centred @ directions[:dimensions].T, np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
