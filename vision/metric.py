"""Learns a head from photos: directions in which photos of one product differ are shrunk.

The within-class scatter of photos, and of photo against catalogue picture, is
whitened with a ridge (within-class covariance normalisation: Hatch, Kajarekar,
Stolcke 2006; the metric of linear discriminant analysis). It has a closed form,
so it learns in seconds without torch, and what it learns about light, angle and
shelf helps on products that it never saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vision.head import Head, unit


@dataclass(frozen=True)
class MetricConfig:
    """How a metric is learnt."""

    width: int = 320
    """Principal directions kept before learning."""

    ridge: float = 0.2
    """Part of the mean variance that is added to each direction's."""

    catalogue_weight: float = 1.5
    """Weight of photo against catalogue picture beside photo against photo."""


@dataclass(frozen=True)
class Examples:
    """Features with the product of each row; one catalogue row or more a product."""

    catalogue: np.ndarray
    catalogue_products: np.ndarray
    photos: np.ndarray
    photo_products: np.ndarray

    def only(self, products: np.ndarray) -> Examples:
        """The rows of some products."""
        shown, taken = np.isin(self.catalogue_products, products), np.isin(self.photo_products, products)
        return Examples(
            self.catalogue[shown], self.catalogue_products[shown], self.photos[taken], self.photo_products[taken]
        )


class Metric:
    """Learns heads; principal directions are found once and shared between folds."""

    def __init__(self, examples: Examples, encoder: str, config: MetricConfig = MetricConfig()) -> None:
        self._config = config
        self._encoder = encoder
        photos, shown = unit(examples.photos), unit(examples.catalogue)
        some = photos[:: max(1, len(photos) // 1400)]
        rows = np.concatenate([some - photos.mean(0), shown - shown.mean(0)])
        _, _, axes = np.linalg.svd(rows, full_matrices=False)
        self._axes = np.asarray(axes[: config.width].T, np.float32)

    def fit(self, examples: Examples) -> Head:
        """The head that these examples teach."""
        photos, shown = unit(examples.photos), unit(examples.catalogue)
        products = np.unique(examples.photo_products)
        means = np.stack([photos[examples.photo_products == one].mean(0) for one in products])
        photo_centre, shown_centre = means.mean(0), shown.mean(0)
        photos, shown = (photos - photo_centre) @ self._axes, (shown - shown_centre) @ self._axes
        scatter = np.zeros((self._axes.shape[1],) * 2)
        for one in products:
            rows = photos[examples.photo_products == one]
            apart = rows - rows.mean(0)
            scatter += apart.T @ apart / len(rows)
            away = shown[examples.catalogue_products == one] - rows.mean(0)
            scatter += self._config.catalogue_weight * away.T @ away / max(len(away), 1)
        values, vectors = np.linalg.eigh(scatter / len(products))
        values = np.maximum(values, 0)
        shrunk = (vectors * (values + self._config.ridge * values.mean()) ** -0.5) @ vectors.T
        return Head(self._encoder, shown_centre, photo_centre, np.asarray(self._axes @ shrunk, np.float32))
