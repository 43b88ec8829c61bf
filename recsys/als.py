"""Alternating least squares for implicit feedback, by conjugate gradients.

Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
ICDM 2008; the solver after Takács, Pilászy, Tikk, "Applications of the Conjugate
Gradient Method for Implicit Feedback", RecSys 2011. A cell's confidence is
1 + alpha · weight; all customers take their steps together, as matrix products.
Steps are preconditioned by the inverse of what all rows share, YᵀY + λI: most of each
row's own matrix, so one step does what three plain ones did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DENSE_FROM = 0.02
"""From this share of filled cells on, whole matrix products beat walks along the cells."""

MOST_DENSE = 50_000_000
"""So many cells are held in full at most: 200 MB."""

BLOCK = 2048
"""Rows that are solved at once."""

FOLD_STEPS = 6
"""Steps for a history that was not trained on: as good as solved exactly."""


@dataclass(frozen=True)
class AlsConfig:
    """``binary`` takes every cell as weight 1; ``regularisation`` is λ of the norm of both sides.

    ``share`` raises λ to that share of the customers, where they are many: what a product's
    vector is fitted to grows with them, and one λ for both sides must keep up.
    """

    factors: int = 64
    alpha: float = 1.0
    regularisation: float = 20.0
    share: float = 0.0
    iterations: int = 5
    cg_steps: int = 1
    binary: bool = True
    seed: int = 1

    def for_customers(self, count: int) -> AlsConfig:
        """The same for so many customers: with their λ."""
        return replace(self, regularisation=max(self.regularisation, self.share * count))


class Als(Model):
    """Customers and items as vectors; a history's vector is solved for exactly when it is asked."""

    name = "als"
    Config = AlsConfig

    def _fit(self, data: Interactions) -> None:
        config = self.config = self.config.for_customers(data.shape[0])  # histories are solved by the same λ
        rng = np.random.default_rng(config.seed)
        extra = self._extra(data.matrix)
        customers = (rng.standard_normal((data.shape[0], config.factors)) * 0.01).astype(np.float32)
        items = (rng.standard_normal((data.shape[1], config.factors)) * 0.01).astype(np.float32)
        turned = extra.T.tocsr()
        full = _dense(extra)
        flipped = None if full is None else np.ascontiguousarray(full.T)
        for _ in range(config.iterations):
            customers = _solve(extra, items, customers, config.regularisation, config.cg_steps, full)
            items = _solve(turned, customers, items, config.regularisation, config.cg_steps, flipped)
        self.items = items

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Products of the histories' vectors with the items'."""
        return np.asarray(self.vectors(histories) @ self.items.T)

    def vectors(self, histories: csr_matrix) -> np.ndarray:
        """Each history's own vector: float32 (histories, factors); an empty one is 0."""
        extra = self._extra(histories)
        start = np.zeros((histories.shape[0], self.items.shape[1]), np.float32)
        return _solve(extra, self.items, start, self.config.regularisation, FOLD_STEPS)

    def _extra(self, weights: csr_matrix) -> csr_matrix:
        """Confidence above 1 of each cell."""
        extra = weights.astype(np.float32).copy()
        extra.data = (
            np.full_like(extra.data, self.config.alpha) if self.config.binary else self.config.alpha * extra.data
        )
        return extra

    def _state(self) -> dict[str, np.ndarray]:
        return {"items": self.items}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.items = state["items"]


def _dense(extra: csr_matrix) -> np.ndarray | None:
    """The matrix in full, where that is the faster way."""
    cells = extra.shape[0] * extra.shape[1]
    return extra.toarray() if DENSE_FROM * cells < extra.nnz and cells <= MOST_DENSE else None


def _solve(
    extra: csr_matrix, other: np.ndarray, start: np.ndarray, ridge: float, steps: int, full: np.ndarray | None = None
) -> np.ndarray:
    """A few steps of conjugate gradients on (YᵀY + Yᵀ(Cᵤ−I)Y + λI) xᵤ = YᵀCᵤpᵤ for all rows u."""
    gram = other.T @ other
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram.astype(float)).astype(np.float32)
    if full is not None:
        return _solve_block(extra, other, (gram, inverse), start, steps, full)
    found = np.empty_like(start)
    for begin in range(0, extra.shape[0], BLOCK):
        rows = slice(begin, begin + BLOCK)
        found[rows] = _solve_block(extra[rows], other, (gram, inverse), start[rows], steps, None)
    return found


def _solve_block(
    extra: csr_matrix,
    other: np.ndarray,
    shared: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    steps: int,
    full: np.ndarray | None,
) -> np.ndarray:
    """``shared``: what all rows' matrices have in common, and its inverse."""
    gram, inverse = shared
    wanted = extra.copy()
    wanted.data = extra.data + 1
    near = extra.copy()
    owner = np.repeat(np.arange(extra.shape[0]), np.diff(extra.indptr)) if full is None else None

    def times(p: np.ndarray) -> np.ndarray:
        if full is not None:
            products = p @ other.T
            products *= full
            return np.asarray(p @ gram + products @ other)
        near.data = extra.data * np.einsum("ij,ij->i", p[owner], other[extra.indices])
        return np.asarray(p @ gram + near @ other)

    r = wanted @ other - times(x)
    p = r @ inverse
    norm = np.einsum("ij,ij->i", r, p)
    for left in reversed(range(steps)):
        ap = times(p)
        step = norm / np.maximum(np.einsum("ij,ij->i", p, ap), 1e-20)
        x = x + step[:, None] * p
        if not left:
            break
        r = r - step[:, None] * ap
        nearer = r @ inverse
        fresh = np.einsum("ij,ij->i", r, nearer)
        p = nearer + (fresh / np.maximum(norm, 1e-20))[:, None] * p
        norm = fresh
    return x.astype(np.float32)
