"""EASE: a linear item–item model in closed form.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: with
G = XᵀX + λI and P = G⁻¹, the weights are B = I − P / diag(P), zero on the diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model, top

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class EaseConfig:
    """``regularisation`` is λ; only the ``most_items`` most touched items take part (memory grows with its square).

    ``binary`` takes every cell as 1, else cells count with their weights.
    """

    regularisation: float = 300.0
    most_items: int = 6000
    binary: bool = True


class Ease(Model):
    """Scores are sums of the weights from each item of the history: easy to explain."""

    name = "ease"
    Config = EaseConfig

    def _fit(self, data: Interactions) -> None:
        counts = np.bincount(data.columns, minlength=data.shape[1])
        self._items = data.shape[1]
        self._kept = np.sort(top(counts.astype(np.float32), self.config.most_items))
        seen = (data.seen if self.config.binary else data.matrix)[:, self._kept]
        self.learn(np.asarray((seen.T @ seen).todense(), dtype=np.float32), self._kept, self._items)

    def learn(self, gram: np.ndarray, kept: np.ndarray, items: int) -> Ease:
        """Learn from XᵀX of the kept columns of so many items; the matrix is written over."""
        self._kept, self._items = kept, items
        gram[np.diag_indices_from(gram)] += self.config.regularisation
        inverse = _inverse(gram)
        weights = -inverse / np.diag(inverse)[None]
        weights[np.diag_indices_from(weights)] = 0.0
        self.weights = weights.astype(np.float32)
        return self

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Sums of weights; items outside the kept ones get 0."""
        plain = histories[:, self._kept].copy()
        if self.config.binary:
            plain.data = np.ones_like(plain.data)
        scores = np.zeros((histories.shape[0], self._items), np.float32)
        scores[:, self._kept] = plain @ self.weights
        return scores

    @property
    def kept(self) -> np.ndarray:
        """Columns that take part, rising; row and column order of ``weights``."""
        return self._kept

    @property
    def item_count(self) -> int:
        """Columns of the matrix it was fitted on."""
        return self._items

    def _state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights, "kept": self._kept, "items": np.array(self._items)}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.weights, self._kept, self._items = state["weights"], state["kept"], int(state["items"])


def _inverse(gram: np.ndarray) -> np.ndarray:
    """The inverse of a symmetric positive definite matrix, by Cholesky in place."""
    from scipy.linalg.lapack import spotrf, spotri

    factor, failed = spotrf(gram, lower=True, overwrite_a=True)
    if failed:
        return np.asarray(np.linalg.inv(gram))
    inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(inverse, -1).T)
