"""An order in which neighbours differ: maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998)."""

from __future__ import annotations

import numpy as np


def spread_out(scores: np.ndarray, alike: np.ndarray, count: int, share: float) -> np.ndarray:
    """Positions of ``count`` entries, each the best by score less its likeness to those before it.

    Args:
        scores: falling; their unit does not matter.
        alike: (n, n), 0 for nothing in common to 1 for the same.
        count: how many are wanted.
        share: 0 takes scores alone, 1 likeness alone.
    """
    count = min(count, len(scores))
    if share <= 0 or count <= 1:
        return np.arange(count)
    span = float(scores[0] - scores[-1]) or 1.0
    worth = (scores - scores[-1]) / span
    chosen = [0]
    closest = alike[0].copy()
    left = np.ones(len(scores), bool)
    left[0] = False
    while len(chosen) < count:
        value = np.where(left, (1 - share) * worth - share * closest, -np.inf)
        one = int(np.argmax(value))
        chosen.append(one)
        left[one] = False
        closest = np.maximum(closest, alike[one])
    return np.array(chosen)
