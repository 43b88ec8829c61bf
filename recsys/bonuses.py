"""What is added to the model's score, in spreads of it: stars, newness, price, occasion."""

from __future__ import annotations

import numpy as np

from recsys.shelf import Shelf, Wishes

PRAISE, NEWNESS, FITS_PRICE, SUITS = 0.25, 0.15, 0.4, 4.0
NEW_DAYS = 30.0
TOGETHER = 1.5
"""For each doubling of how often a shelf is bought together with the one that was named."""


def price_fit(shelf: Shelf, positions: np.ndarray, wishes: Wishes) -> np.ndarray:
    """1 where the price is about what was named, less the further it is; 0 without a wish."""
    low, high = wishes.price_min_fen, wishes.price_max_fen
    if low is None and high is None:
        return np.zeros(len(positions))
    if high is None:
        target = 1.3 * float(low or 1)
    else:
        target = 0.8 * high if not low else 0.5 * (low + high)
    price = np.maximum(shelf.low[positions], 1)
    return np.asarray(np.exp(-np.abs(np.log(price / max(target, 1.0)))))
