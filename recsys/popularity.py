"""What everybody likes, with a lean to what they like lately: the baseline to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DAY_S = 86400.0


@dataclass(frozen=True)
class PopularityConfig:
    """``trend`` is the share of the recent weight (halved each ``half_life_days``) in the score."""

    half_life_days: float = 30.0
    trend: float = 0.3


class Popularity(Model):
    """Customers who touched an item, all time and lately; the same for everybody."""

    name = "popularity"
    Config = PopularityConfig

    def _fit(self, data: Interactions) -> None:
        items = data.shape[1]
        always = np.bincount(data.columns, minlength=items).astype(float)
        age = (np.nanmax(data.times) - data.times) / DAY_S
        lately = np.bincount(data.columns, 0.5 ** (age / self.config.half_life_days), minlength=items)
        trend = self.config.trend
        self._scores = ((1 - trend) * always / always.sum() + trend * lately / lately.sum()).astype(np.float32)

    @property
    def scores(self) -> np.ndarray:
        """One score an item, summing to 1."""
        return self._scores

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """The same scores for every history."""
        return np.repeat(self._scores[None], histories.shape[0], axis=0)

    def _state(self) -> dict[str, np.ndarray]:
        return {"scores": self._scores}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._scores = state["scores"]
