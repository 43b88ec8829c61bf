"""What an engineer would take today, for the same table: implicit's ALS and BPR, and EASE as in its paper.

``implicit`` is no requirement of the project (``pip install -r requirements-bench.in``);
without it its lines are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Scores = Callable[[np.ndarray], np.ndarray]
"""Rows of customers → scores of all items."""


def peers() -> dict[str, Callable[[csr_matrix, int], Scores]]:
    """Name → a training on a matrix of ones with a seed."""
    found: dict[str, Callable[[csr_matrix, int], Scores]] = {"peer_ease": _ease}
    try:
        import implicit  # noqa: F401
    except ImportError:
        return found
    return {**found, "implicit_als": _implicit("als"), "implicit_bpr": _implicit("bpr")}


def _ease(matrix: csr_matrix, _seed: int) -> Scores:
    """The listing of the paper with λ = 500, its usual choice."""
    gram = (matrix.T @ matrix).toarray().astype(float)
    gram[np.diag_indices_from(gram)] += 500.0
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    return lambda rows: np.asarray(matrix[rows] @ weights)


def _implicit(kind: str) -> Callable[[csr_matrix, int], Scores]:
    def train(matrix: csr_matrix, seed: int) -> Scores:
        import implicit.als
        import implicit.bpr

        made: Any
        if kind == "als":  # the best of three settings tried on one seed; a wider search may do better
            made = implicit.als.AlternatingLeastSquares(
                factors=32, regularization=5.0, alpha=1.0, random_state=seed, num_threads=1
            )
        else:
            made = implicit.bpr.BayesianPersonalizedRanking(factors=64, random_state=seed, num_threads=1)
        made.fit(matrix, show_progress=False)
        return lambda rows: np.asarray(made.user_factors[rows] @ made.item_factors.T)

    return train
