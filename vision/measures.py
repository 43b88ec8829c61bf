"""Figures of a ranking, as fractions of one."""

from __future__ import annotations

import numpy as np


def places(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Place of the right column in each row, 0 for the best; ties count against it."""
    own = scores[np.arange(len(right)), right][:, None]
    return np.asarray((scores > own).sum(1) + (scores == own).sum(1) - 1)


def top(found: np.ndarray, count: int) -> float:
    """Share of rows whose right column is among the first ``count``."""
    return float((found < count).mean())


def reciprocal(found: np.ndarray) -> float:
    """Mean reciprocal rank."""
    return float((1 / (found + 1)).mean())


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Probability that a score of inside beats one of outside (Mann and Whitney 1947)."""
    everything = np.concatenate([inside, outside])
    order = everything.argsort(kind="stable")
    ranks = np.empty(len(everything))
    ranks[order] = np.arange(1, len(everything) + 1)
    for value in np.unique(everything[np.r_[False, np.diff(everything[order]) == 0][order.argsort()]]):
        ranks[everything == value] = ranks[everything == value].mean()
    total = ranks[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2
    return float(total / (len(inside) * len(outside)))


def calibration_error(sure: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): |certainty - accuracy| by tenths of certainty, weighed by rows."""
    at = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = (abs(float(sure[at == one].sum() - right[at == one].sum())) for one in range(bins))
    return sum(gaps) / len(sure)
