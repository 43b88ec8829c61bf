"""Items that the same customers touched (Sarwar et al., WWW 2001), by cosine or BM25 weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model
from recsys.neighbours import bm25, nearest, restored, stored, unit_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class ItemNeighboursConfig:
    """``weighting`` is cosine or bm25; ``shrink`` damps neighbours with few customers in common."""

    neighbours: int = 100
    weighting: str = "cosine"
    shrink: float = 20.0
    k1: float = 1.2
    b: float = 0.6


class ItemNeighbours(Model):
    """A score is the sum of an item's nearness to the items of the history."""

    name = "item_neighbours"
    Config = ItemNeighboursConfig

    def _fit(self, data: Interactions) -> None:
        config = self.config
        items = data.seen.T.tocsr()
        if config.weighting == "bm25":
            items = bm25(items, config.k1, config.b)
            self._near = nearest(items, items, config.neighbours)
        else:
            unit = unit_rows(items)
            self._near = nearest(unit, unit, config.neighbours, shrink=config.shrink)

    @property
    def near(self) -> csr_matrix:
        """Items × items: how near each row's nearest items are to it."""
        return self._near

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Sums over the history."""
        plain = histories.copy()
        plain.data = np.ones_like(plain.data)
        return np.asarray((plain @ self._near.T).todense(), dtype=np.float32)

    def _state(self) -> dict[str, np.ndarray]:
        return stored(self._near)

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._near = restored(state)
