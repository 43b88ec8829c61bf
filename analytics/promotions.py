"""What lower prices and promotions do to sales, learnt from all series together.

A Poisson regression with an effect of its own for each series (Hausman, Hall &
Griliches 1984), so that only a series' own ups and downs count. What is not
clearly there (three standard errors, the spread of real counts allowed for) is
left out: data without an effect are forecast as if no price were known.
"""

from __future__ import annotations

import numpy as np

from analytics.panel import Panel

Array = np.ndarray
USUAL = {"day": 28, "week": 4, "month": 3}
"""Steps whose highest price is the usual one: a price that stays becomes usual by itself."""
SURE = 3.0
STEPS = 12


def causes(panel: Panel) -> Array | None:
    """Series × time × (logarithm of the price over the usual one, promotion); None without either."""
    if panel.extra is None:
        return None
    made = panel.extra.astype(float).copy()
    if "price" in panel.known:
        at = panel.known.index("price")
        made[:, :, at] = _cheaper(made[:, :, at], USUAL[panel.frequency])
    return made


def _cheaper(price: Array, width: int) -> Array:
    from scipy.ndimage import maximum_filter1d

    price = np.maximum(price, 1e-6)
    usual = maximum_filter1d(price, width, axis=1, origin=(width - 1) // 2, mode="nearest")  # ends at the step itself
    return np.clip(np.log(price / usual), -1.5, 0.0)


def response(values: Array, known: Array, lift: Array) -> Array:
    """Coefficient of each cause, 0 where none is sure.

    Args:
        values: series × time of sales.
        known: series × time × causes.
        lift: factor of each step that all series share.
    """
    live = (values.sum(1) > 0) & (known != known[:, :1]).any((1, 2))
    count = known.shape[2]
    if not live.any():
        return np.zeros(count)
    sales, cause = values[live], known[live]
    total = sales.sum(1, keepdims=True)
    found = np.zeros(count)
    bend = np.eye(count)
    for _ in range(STEPS):
        weight = lift * np.exp(np.clip(cause @ found, -5, 5))
        part = weight / weight.sum(1, keepdims=True)
        mean = (part[:, :, None] * cause).sum(1)
        slope = (sales[:, :, None] * cause).sum((0, 1)) - (total * mean).sum(0)
        spread = np.einsum("nt,ntk,ntl->kl", total * part, cause, cause) - np.einsum("nk,nl->kl", total * mean, mean)
        bend = spread + 1e-6 * np.eye(count)
        found = np.clip(found + np.linalg.solve(bend, slope), -6, 6)
    expected = total * part
    width = max(1.0, float(((sales - expected) ** 2).sum() / expected.sum()))
    error = np.sqrt(width * np.diag(np.linalg.inv(bend)))
    return np.where(np.abs(found) > SURE * error, found, 0.0)


def factors(known: Array | None, learnt: Array, begin: int, end: int) -> Array:
    """Series × steps: the factor of what is known at each step; 1 beyond what is known."""
    assert known is not None
    made = np.ones((len(known), end - begin))
    there = known[:, begin:end]
    made[:, : there.shape[1]] = np.exp(there @ learnt)
    return made
