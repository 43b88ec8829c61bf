"""How like a product is a photo: its best picture, and the middle of all its pictures."""

from __future__ import annotations

import numpy as np

from vision.head import unit


class Gallery:
    """Unit vectors of pictures with the product of each, compared all at once.

    A product with one picture is as like as that picture. With several, its prototype
    (the middle of its pictures: Snell, Swersky, Zemel 2017) counts most: one odd
    picture neither finds nor hides it.
    """

    BEST = 0.1
    """Weight of the best picture beside the prototype's."""

    def __init__(self, vectors: np.ndarray, products: np.ndarray) -> None:
        order = np.argsort(products, kind="stable")
        self._vectors = vectors[order]
        self.products, self._starts = np.unique(products[order], return_index=True)
        sums = np.add.reduceat(self._vectors, self._starts, axis=0) if len(order) else self._vectors
        self.prototypes = unit(sums) if len(order) else sums

    def scores(self, photos: np.ndarray) -> np.ndarray:
        """Likeness of each photo [n, width] and product: [n, products], columns in the order of ``products``."""
        best = np.maximum.reduceat(photos @ self._vectors.T, self._starts, axis=1)
        return np.asarray(self.BEST * best + (1 - self.BEST) * photos @ self.prototypes.T)


SHARPNESS = 0.06
"""Difference of likeness by which one product is e times as probable as another."""

POWER = 3.5
"""Of the sums by category, so that they are met as often as they say; likeliest for half of a train split's photos."""


def shelf_shares(scores: np.ndarray, shelves: np.ndarray) -> np.ndarray:
    """Probability of each category, [n, categories in rising order], as the sum over its products.

    Args:
        scores: likeness of each photo and product.
        shelves: the category of each product.
    """
    weights = np.exp((scores - scores.max(1, keepdims=True)) / SHARPNESS)
    shares = np.stack([weights[:, shelves == one].sum(1) for one in np.unique(shelves)], 1)
    shares = (shares / shares.max(1, keepdims=True)) ** POWER
    return np.asarray(shares / shares.sum(1, keepdims=True))
