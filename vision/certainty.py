"""How probable it is that the first product found is the right one, learnt from photos of known products.

A logistic curve (Cox 1958) over the best likeness and its lead over the second. Its
examples are photos of products that neither head nor gallery knows (the shop does not
sell them) and of products that it knows, so that it tells both "another product" and
"not in this shop" from the right one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vision.findings import Thresholds

LEAST_EXAMPLES = 30
"""Right ones, and others, below which nothing is learnt."""

STRANGERS = 0.25
"""Weight of all strangers beside all photos of the shop's products: so often customers send them."""


def first_and_lead(scores: np.ndarray) -> np.ndarray:
    """Best likeness of each row and its lead over the second, [n, 2]; scores [n, products ≥ 2]."""
    best = np.sort(scores, axis=1)[:, ::-1]
    return np.stack([best[:, 0], best[:, 0] - best[:, 1]], 1)


def learnt_curve(known: np.ndarray, right: np.ndarray, strangers: np.ndarray) -> list[float] | None:
    """Offset, slope over the likeness and slope over the lead; None when there are too few examples.

    Args:
        known: ``first_and_lead`` of photos of products in the gallery, [n, 2].
        right: whether the first product of each is the right one.
        strangers: ``first_and_lead`` of photos of products that are not in it, [m, 2].
    """
    rows = np.concatenate([known, strangers])
    truth = np.concatenate([right, np.zeros(len(strangers), bool)])
    if min(truth.sum(), (~truth).sum()) < LEAST_EXAMPLES:
        return None
    from sklearn.linear_model import LogisticRegression

    weights = np.ones(len(rows))
    weights[len(known) :] = STRANGERS * len(known) / max(len(strangers), 1)
    model = LogisticRegression(C=100.0, max_iter=1000).fit(rows, truth, sample_weight=weights)
    return [float(model.intercept_[0]), *(float(one) for one in model.coef_[0])]


def thresholds_of(facts: dict[str, Any], given: Thresholds, sure_from: float) -> Thresholds:
    """The curve that a head brings, or the given one, and the precision that "sure" must have.

    Args:
        facts: the head's.
        given: thresholds of a shop that taught nothing.
        sure_from: the probability of being right from which one product is named (``XIAOER_IMAGE_SURE_FROM``).
    """
    curve = facts.get("curve")
    if not isinstance(curve, list) or len(curve) != 3 or curve[1] <= 0:
        return replace(given, sure_from=sure_from)
    offset, slope, lead = (float(one) for one in curve)
    return replace(given, offset=offset, slope=slope, lead_slope=lead, sure_from=sure_from)
