"""Two towers: one reads a history, one an item, and their vectors meet in an inner product.

Covington, Adams, Sargin, "Deep neural networks for YouTube recommendations", RecSys
2016; Yi et al., "Sampling-bias-corrected neural modeling for large corpus item
recommendations", RecSys 2019. An item is its own learned vector and what is known of
it (words, picture, mood of its reviews) through a layer. ``recsys.two_tower_net``
learns it in torch; here are the arrays, and numpy reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ARRAYS = ("told", "items", "bias", "inner", "inner_bias", "outer", "outer_bias")


@dataclass(frozen=True)
class TwoTowerConfig:
    """Sizes of the towers and how they learn; ``negatives`` are drawn a step by popularity to the power 0.75.

    ``correction`` is the share of the logarithm of an item's chance that is taken off its logit: 1 undoes the
    drawing. ``kept`` is the share of a history that the tower sees while it learns what else belongs to it.
    """

    factors: int = 64
    hidden: int = 128
    epochs: int = 60
    batch: int = 128
    negatives: int = 512
    rate: float = 0.003
    decay: float = 1e-5
    dropout: float = 0.3
    correction: float = 0.0
    temperature: float = 0.1
    kept: float = 0.7
    seed: int = 1


class TwoTower(Model):
    """Scores are cosines of a history's vector with the items', over the temperature, and each item's own number."""

    name = "two_tower"
    Config = TwoTowerConfig

    def __init__(self, config: TwoTowerConfig | None = None, features: Mapping[str, np.ndarray] | None = None) -> None:
        """``features``: kind (text, picture, mood) → vectors, one row an item, zeros where nothing is known."""
        super().__init__(config)
        self._features = dict(features or {})

    def _fit(self, data: Interactions) -> None:
        from recsys.two_tower_net import learn_towers  # torch: only where a model is trained

        self._restore(learn_towers(data, scaled_features(self._features, data.shape[1]), self.config))

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Cosines over the temperature, and each item's own number; an empty history is the tower's idea of anybody."""
        return np.asarray(self.vectors(histories) @ self._arrays["items"].T + self._arrays["bias"], np.float32)

    def vectors(self, histories: csr_matrix) -> np.ndarray:
        """Each history's vector: float32 (histories, factors)."""
        arrays = self._arrays
        weights = np.asarray(histories.sum(1)).reshape(-1, 1)
        told = np.asarray(histories @ arrays["told"]) / np.maximum(weights, 1e-9)
        inner = np.maximum(told @ arrays["inner"] + arrays["inner_bias"], 0)
        found = told + inner @ arrays["outer"] + arrays["outer_bias"]
        length = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return np.asarray(found / length / self.config.temperature, np.float32)

    def _state(self) -> dict[str, np.ndarray]:
        return self._arrays

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._arrays = {name: np.asarray(state[name], np.float32) for name in ARRAYS}


def scaled_features(features: Mapping[str, np.ndarray], items: int) -> np.ndarray:
    """All kinds side by side, each centred by what is known and brought to one length: float32 (items, width)."""
    parts = []
    for name in sorted(features):
        given = np.asarray(features[name], np.float32)
        known = np.abs(given).sum(1) > 0
        if len(given) != items or not known.any():
            continue
        centred = np.where(known[:, None], given - given[known].mean(0), 0.0)
        spread = np.sqrt((centred[known] ** 2).sum(1).mean())
        parts.append((centred / max(float(spread), 1e-9)).astype(np.float32))
    return np.concatenate(parts, axis=1) if parts else np.zeros((items, 1), np.float32)
