"""Customers with the same taste (Resnick et al., CSCW 1994), for histories without ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model
from recsys.neighbours import restored, stored, unit_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BLOCK = 512


@dataclass(frozen=True)
class UserNeighboursConfig:
    """``power`` sharpens nearness: neighbours count with cosine ** power."""

    neighbours: int = 120
    power: float = 1.5


class UserNeighbours(Model):
    """A score is the sum of the nearness of the nearest customers who touched the item."""

    name = "user_neighbours"
    Config = UserNeighboursConfig

    def _fit(self, data: Interactions) -> None:
        self._weighted = self._weigh(data.seen, data.seen)
        self._seen = data.seen

    def _weigh(self, histories: csr_matrix, base: csr_matrix) -> csr_matrix:
        """Unit rows in which rare items say more."""
        from scipy.sparse import diags

        touched = np.asarray(base.sum(0)).ravel()
        self._rarity = np.log1p(base.shape[0] / np.maximum(touched, 1.0)).astype(np.float32)
        return unit_rows((histories @ diags(self._rarity)).tocsr())

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Sums over the nearest customers; a customer is not their own neighbour when the history is theirs."""
        from scipy.sparse import csr_matrix, diags

        plain = histories.copy()
        plain.data = np.ones_like(plain.data)
        unit = unit_rows((plain @ diags(self._rarity)).tocsr())
        turned = self._weighted.T.tocsr()
        keep = min(self.config.neighbours, self._seen.shape[0])
        parts = []
        for begin in range(0, unit.shape[0], BLOCK):
            near = (unit[begin : begin + BLOCK] @ turned).toarray()
            near[near > 0.9999] = 0.0
            columns = np.argpartition(-near, keep - 1, axis=1)[:, :keep]
            values = np.take_along_axis(near, columns, 1) ** self.config.power
            owner = np.repeat(np.arange(len(near)), keep)
            picked = csr_matrix((values.ravel(), (owner, columns.ravel())), shape=near.shape, dtype=np.float32)
            parts.append(np.asarray((picked @ self._seen).todense(), dtype=np.float32))
        return np.concatenate(parts)

    def _state(self) -> dict[str, np.ndarray]:
        weighted = {f"weighted_{name}": value for name, value in stored(self._weighted).items()}
        seen = {f"seen_{name}": value for name, value in stored(self._seen).items()}
        return {**weighted, **seen, "rarity": self._rarity}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        parts = ("data", "indices", "indptr", "shape")
        self._weighted = restored({one: state[f"weighted_{one}"] for one in parts})
        self._seen = restored({one: state[f"seen_{one}"] for one in parts})
        self._rarity = state["rarity"]
