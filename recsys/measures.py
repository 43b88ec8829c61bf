"""How good a ranking is: NDCG, recall, MAP, coverage, novelty, Gini, RMSE.

Rankings are full: every item competes, what the customer had before is hidden.
NDCG after Järvelin, Kekäläinen, 2002, with gain 1 for every item of the truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Cells = tuple[np.ndarray, np.ndarray]


def best_columns(scores: np.ndarray, hidden: Cells | None, count: int) -> np.ndarray:
    """The ``count`` best columns of each row, best first: int (rows, count)."""
    scores = scores.copy()
    if hidden is not None:
        scores[hidden] = -np.inf
    count = min(count, scores.shape[1])
    some = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(scores, some, 1), axis=1, kind="stable")
    return np.take_along_axis(some, order, 1)


def ndcg_at(scores: np.ndarray, truth: csr_matrix, hidden: Cells | None = None, count: int = 10) -> float:
    """Mean NDCG of the rows that have a truth."""
    return float(np.mean(ndcg_rows(best_columns(scores, hidden, count), truth)))


def ndcg_rows(best: np.ndarray, truth: csr_matrix) -> np.ndarray:
    """NDCG of each row that has a truth."""
    hits, sizes = _hits(best, truth)
    discount = 1.0 / np.log2(np.arange(2, best.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(sizes, best.shape[1]) - 1]
    return np.asarray((hits * discount).sum(1) / ideal)


def recall_rows(best: np.ndarray, truth: csr_matrix) -> np.ndarray:
    """Share of each row's truth among its best columns."""
    hits, sizes = _hits(best, truth)
    return np.asarray(hits.sum(1) / sizes)


def average_precision_rows(best: np.ndarray, truth: csr_matrix) -> np.ndarray:
    """Mean precision at each hit, divided by as many hits as were possible."""
    hits, sizes = _hits(best, truth)
    precision = np.cumsum(hits, axis=1) / np.arange(1, best.shape[1] + 1)
    return np.asarray((precision * hits).sum(1) / np.minimum(sizes, best.shape[1]))


def coverage(best: np.ndarray, items: int) -> float:
    """Share of the items that anybody is shown."""
    return len(np.unique(best)) / items


def novelty(best: np.ndarray, touched: np.ndarray, customers: int) -> float:
    """Mean bits of surprise of a shown item: −log₂ of the share of customers who touched it."""
    share = np.maximum(touched, 1) / customers
    return float(-np.log2(share[best]).mean())


def gini(best: np.ndarray, items: int) -> float:
    """How unevenly items are shown: 0 all alike, 1 always the same."""
    counts = np.sort(np.bincount(best.ravel(), minlength=items)).astype(float)
    ranks = np.arange(1, items + 1)
    return float(2 * (ranks * counts).sum() / (items * counts.sum()) - (items + 1) / items)


def rmse(predicted: np.ndarray, ratings: np.ndarray) -> float:
    """Root of the mean squared error over the ratings that are numbers."""
    known = np.isfinite(ratings)
    return float(np.sqrt(np.mean((predicted[known] - ratings[known]) ** 2)))


def _hits(best: np.ndarray, truth: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.diff(truth.indptr)
    rows = np.flatnonzero(sizes)
    there = np.zeros((len(rows), truth.shape[1]), bool)
    part = truth[rows]
    there[np.repeat(np.arange(len(rows)), np.diff(part.indptr)), part.indices] = True
    return np.take_along_axis(there, best[rows], 1).astype(float), sizes[rows]
