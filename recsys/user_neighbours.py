"""Customers with the same taste, for histories without ratings.

While there are few customers, neighbours are weighed together: the weights are
those of a ridge regression of a history on the other customers' (the transpose of
EASE: Steck, WWW 2019), so that ten customers who are all alike count little more
than one. With more customers than ``most_customers`` the nearest few count by
their cosine (Resnick et al., CSCW 1994).
"""

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
    """``regularisation`` of the regression; ``neighbours`` and ``power`` of the cosine: cosine ** power."""

    regularisation: float = 300.0
    most_customers: int = 5000
    neighbours: int = 60
    power: float = 1.0


class UserNeighbours(Model):
    """A score is the sum of the weights of the customers who touched the item."""

    name = "user_neighbours"
    Config = UserNeighboursConfig

    def _fit(self, data: Interactions) -> None:
        self._seen = data.seen
        touched = np.asarray(data.seen.sum(0)).ravel()
        self._rarity = np.log1p(data.shape[0] / np.maximum(touched, 1.0)).astype(np.float32)
        self._inverse = np.zeros((0, 0), np.float32)
        if data.shape[0] <= self.config.most_customers:
            gram = (data.seen @ data.seen.T).toarray().astype(np.float64)
            gram[np.diag_indices_from(gram)] += self.config.regularisation
            self._inverse = np.linalg.inv(gram).astype(np.float32)

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Sums over the other customers; whoever has the very same history is taken for the same one."""
        plain = histories.copy()
        plain.data = np.ones_like(plain.data)
        weigh = self._by_regression if len(self._inverse) else self._by_cosine
        parts = [weigh(plain[begin : begin + BLOCK]) for begin in range(0, plain.shape[0], BLOCK)]
        return np.concatenate(parts)

    def _by_regression(self, histories: csr_matrix) -> np.ndarray:
        common = (histories @ self._seen.T).toarray()
        weights = common @ self._inverse
        own = self._same(histories, common)
        rows = np.flatnonzero(own >= 0)
        # The regression without one customer follows from the one with all (block inverse).
        column = self._inverse[own[rows]]
        weights[rows] -= column * (weights[rows, own[rows]] / column[np.arange(len(rows)), own[rows]])[:, None]
        return np.asarray(weights @ self._seen, np.float32)

    def _by_cosine(self, histories: csr_matrix) -> np.ndarray:
        from scipy.sparse import csr_matrix, diags

        rarity = diags(self._rarity)
        near = (unit_rows((histories @ rarity).tocsr()) @ unit_rows((self._seen @ rarity).tocsr()).T).toarray()
        own = self._same(histories, (histories @ self._seen.T).toarray())
        near[np.flatnonzero(own >= 0), own[own >= 0]] = 0.0
        keep = min(self.config.neighbours, near.shape[1])
        columns = np.argpartition(-near, keep - 1, axis=1)[:, :keep]
        values = np.take_along_axis(near, columns, 1) ** self.config.power
        owner = np.repeat(np.arange(len(near)), keep)
        picked = csr_matrix((values.ravel(), (owner, columns.ravel())), shape=near.shape, dtype=np.float32)
        return np.asarray((picked @ self._seen).todense(), dtype=np.float32)

    def _same(self, histories: csr_matrix, common: np.ndarray) -> np.ndarray:
        """For each history the customer who has exactly it, −1 for none."""
        sizes, theirs = np.diff(histories.indptr), np.diff(self._seen.indptr)
        same = (common == sizes[:, None]) & (theirs[None] == sizes[:, None]) & (sizes[:, None] > 0)
        return np.where(same.any(1), same.argmax(1), -1)

    def _state(self) -> dict[str, np.ndarray]:
        return {**stored(self._seen), "rarity": self._rarity, "inverse": self._inverse}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self._seen, self._rarity, self._inverse = restored(state), state["rarity"], state["inverse"]
