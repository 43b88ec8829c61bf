"""Matrix factorisation of ratings by stochastic gradient descent, with biases.

Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems",
IEEE Computer 2009. With e = r − (μ + bᵤ + bᵢ + pᵤ·qᵢ) the step is

    bᵤ += γ (e − λ bᵤ)      pᵤ += γ (e qᵢ − λ pᵤ)
    bᵢ += γ (e − λ bᵢ)      qᵢ += γ (e pᵤ − λ qᵢ)

Ratings come in shuffled batches; the steps of one batch are taken together, as
sparse products: where a customer stands twice in a batch, both steps add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from recsys.model import Model
from shop.errors import BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SgdFactorsConfig:
    """``rate`` γ falls to ``last_rate`` along a half cosine; ``regularisation`` λ."""

    factors: int = 100
    epochs: int = 40
    rate: float = 0.02
    last_rate: float = 0.001
    regularisation: float = 0.1
    batch: int = 400
    seed: int = 1


class SgdFactors(Model):
    """Predicts ratings; a history without ratings counts as liked."""

    name = "sgd_factors"
    Config = SgdFactorsConfig

    def _fit(self, data: Interactions) -> None:
        rated = np.flatnonzero(np.isfinite(data.ratings))
        # Where nobody rates, weights say how much something is liked.
        ratings = data.ratings[rated] if len(rated) else data.weights
        rows, columns = (data.rows[rated], data.columns[rated]) if len(rated) else (data.rows, data.columns)
        self._range = np.array([ratings.min(), ratings.max()], np.float32)
        if not np.isfinite(self._range).all():
            raise BadValue("a rating is not a finite number: clean the events first (recsys.cleaning)")
        self._learn(rows, columns, ratings.astype(np.float32), data.shape)

    def _learn(self, rows: np.ndarray, columns: np.ndarray, ratings: np.ndarray, shape: tuple[int, int]) -> None:
        config = self.config
        rng = np.random.default_rng(config.seed)
        self.mean = float(ratings.mean())
        # The bias stands as one more factor whose partner is the constant 1.
        self.customers = rng.normal(0, 0.1, (shape[0], config.factors)).astype(np.float32)
        self.items = rng.normal(0, 0.1, (shape[1], config.factors)).astype(np.float32)
        self.customer_bias, self.item_bias = np.zeros(shape[0], np.float32), np.zeros(shape[1], np.float32)
        for epoch in range(config.epochs):
            fall = 0.5 * (1 + np.cos(np.pi * epoch / config.epochs))
            rate = config.last_rate + (config.rate - config.last_rate) * fall
            order = rng.permutation(len(ratings))
            for begin in range(0, len(order), config.batch):
                part = order[begin : begin + config.batch]
                self._step(rows[part], columns[part], ratings[part], float(rate))

    def _step(self, rows: np.ndarray, columns: np.ndarray, ratings: np.ndarray, rate: float) -> None:
        p, q = self.customers[rows], self.items[columns]
        error = ratings - self.mean - self.customer_bias[rows] - self.item_bias[columns] - np.einsum("ij,ij->i", p, q)
        ridge = self.config.regularisation
        _add(self.customers, rows, rate * (error[:, None] * q - ridge * p))
        _add(self.items, columns, rate * (error[:, None] * p - ridge * q))
        np.add.at(self.customer_bias, rows, rate * (error - ridge * self.customer_bias[rows]))
        np.add.at(self.item_bias, columns, rate * (error - ridge * self.item_bias[columns]))

    def predict(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Ratings of fitted customers for items, cut to the range that was seen."""
        products = np.einsum("ij,ij->i", self.customers[rows], self.items[columns])
        found = self.mean + self.customer_bias[rows] + self.item_bias[columns] + products
        return np.asarray(np.clip(found, *self._range))

    def score_rows(self, rows: np.ndarray) -> np.ndarray:
        """Predicted ratings of all items for fitted customers."""
        return np.asarray(self.customers[rows] @ self.items.T + self.item_bias + self.mean)

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Ratings for histories: their factors are solved for, each item of the history taken as rated best."""
        ridge = self.config.regularisation
        factors = self.items.shape[1]
        scores = np.empty((histories.shape[0], len(self.items)), np.float32)
        best = float(self._range[1])
        for row in range(histories.shape[0]):
            columns = histories.indices[histories.indptr[row] : histories.indptr[row + 1]]
            q = self.items[columns]
            left = q.T @ q + ridge * max(len(columns), 1) * np.eye(factors, dtype=np.float32)
            vector = np.linalg.solve(left, q.T @ (best - self.mean - self.item_bias[columns]))
            scores[row] = self.items @ vector + self.item_bias + self.mean
        return scores

    def _state(self) -> dict[str, np.ndarray]:
        names = ("customers", "items", "customer_bias", "item_bias")
        return {**{name: getattr(self, name) for name in names}, "mean": np.array(self.mean), "range": self._range}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        for name in ("customers", "items", "customer_bias", "item_bias"):
            setattr(self, name, state[name])
        self.mean, self._range = float(state["mean"]), state["range"]


def _add(target: np.ndarray, rows: np.ndarray, steps: np.ndarray) -> None:
    """target[rows] += steps, where a row may stand several times."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    target[ordered[starts]] += np.add.reduceat(steps[order], starts, axis=0)
