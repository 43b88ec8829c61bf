"""Scores of a history, part by part, from an artefact: the exact blend, without scipy.

Each part's score is divided by its spread over all items, as ``recsys.blend`` does
when the weights are learned. All parts but popularity are sums over the history,
or solved from it, so the score without one of its items can be had at once: that
is what makes a reason true.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from recsys.artefact import Artefact

History = dict[int, float]
"""Column → weight; below 0 for what was disliked."""

OF_HISTORY = ("als", "ease", "content")
"""The parts that follow from the history; popularity is everybody's."""

LEAST_VARIANCE = 1e-12
"""Below it all items score alike, and what is left is rounding."""


class Scorer:
    """Scores all items for one history."""

    def __init__(self, artefact: Artefact, history: History) -> None:
        self._artefact = artefact
        self.history = history
        self.columns = np.array(list(history), np.int64)
        self.amounts = np.array(list(history.values()), np.float32)

    def without(self, column: int) -> Scorer:
        """The scorer of the same history less one item."""
        return Scorer(self._artefact, {one: weight for one, weight in self.history.items() if one != column})

    def scores(self, columns: np.ndarray | None = None) -> np.ndarray:
        """The blend of the parts for some columns, or all: float32."""
        parts = self.parts(columns)
        return np.asarray(sum(parts.values()), np.float32)

    def parts(self, columns: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Each part's share of the score: weight · score / spread."""
        artefact, weights = self._artefact, self._artefact.weights
        chosen = slice(None) if columns is None else columns
        (als_mean, als_cov), (content_mean, content_cov), popular = artefact.spreads
        centred = artefact.popular[chosen] - artefact.mean_popularity
        found = {"popularity": weights["popularity"] / max(popular, 1e-9) * centred}
        if not len(self.columns):
            return found
        vector = self.vector()
        found["als"] = weights["als"] * _scaled(artefact.vectors[chosen] @ vector, vector, als_mean, als_cov)
        every, (mean, spread) = self.neighbour_scores(), self._neighbour_spread
        found["ease"] = weights["ease"] * (every[chosen] - mean) / spread
        profile = self.amounts @ np.asarray(artefact.content[self.columns])
        near = np.asarray(artefact.content[chosen]) @ profile
        found["content"] = weights["content"] * _scaled(near, profile, content_mean, content_cov)
        return found

    def drops(self, causes: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """What each column's score loses when one item of the history is taken away: (causes, columns).

        The same as ``scores(columns) - without(cause).scores(columns)``, for all causes at once.
        """
        return np.asarray(sum(self.drops_by_part(causes, columns).values()), np.float32)

    def drops_by_part(self, causes: np.ndarray, columns: np.ndarray) -> dict[str, np.ndarray]:
        """``drops`` of each part that the history has a say in."""
        artefact, weights = self._artefact, self._artefact.weights
        parts = self.parts(columns)
        if len(self.columns) < 2:
            return {name: np.repeat(parts[name][None], len(causes), 0) for name in OF_HISTORY}
        (als_mean, als_cov), (content_mean, content_cov), _ = artefact.spreads
        at = np.array([int(np.flatnonzero(self.columns == one)[0]) for one in causes])
        vectors = self._vectors_without(at)
        als = _scaled_rows(artefact.vectors[columns] @ vectors.T, vectors, als_mean, als_cov)
        profiles = self.amounts @ self._content - self.amounts[at, None] * self._content[at]
        near = np.asarray(artefact.content[columns]) @ profiles.T
        content = _scaled_rows(near, profiles, content_mean, content_cov)
        rest = {"als": als, "ease": self._neighbours_without(at, columns), "content": content}
        return {name: parts[name][None] - weights[name] * rest[name] for name in OF_HISTORY}

    @cached_property
    def _neighbour_spread(self) -> tuple[float, float]:
        every = self.neighbour_scores()
        return float(every.mean()), max(float(every.std()), 1e-9)

    def _neighbours_without(self, at: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The neighbours' part, scaled, without each of some items; only what an item speaks for is touched."""
        every = self.neighbour_scores().astype(np.float64)
        count, total, squares = len(every), every.sum(), float(every @ every)
        place = np.full(count, -1)
        place[columns] = np.arange(len(columns))
        found = np.empty((len(at), len(columns)))
        for row, cause in enumerate(at):
            items, values = self._artefact.near(int(self.columns[cause]))
            less = values.astype(np.float64) * float(self.amounts[cause])
            items, less = self._with_newcomers(items, less)
            here = every[columns].copy()
            told = place[items] >= 0
            here[place[items[told]]] -= less[told]
            mean = (total - less.sum()) / count
            spread = (squares - 2 * (every[items] @ less) + less @ less) / count - mean**2
            found[row] = (here - mean) / max(np.sqrt(max(spread, 0.0)), 1e-9)
        return found

    def _with_newcomers(self, items: np.ndarray, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is said of some items, and with it of the newcomers that are like them."""
        likes = self._artefact.likes
        if likes is None:
            return items, amounts
        trained = len(self._artefact.ids) - len(likes.columns)
        every = np.zeros(trained)
        every[items] = amounts
        newcomers = np.arange(trained, len(self._artefact.ids))
        return np.concatenate([items, newcomers]), np.concatenate([amounts, likes.mean(every)])

    @cached_property
    def _content(self) -> np.ndarray:
        return np.asarray(self._artefact.content[self.columns])

    def _vectors_without(self, at: np.ndarray) -> np.ndarray:
        """The history's vector without each of some items: (len(at), factors)."""
        rows = self._artefact.vectors[self.columns]
        amounts = np.maximum(self.amounts, 0)
        extra = self._artefact.alpha * amounts
        left = self._artefact.gram + (rows * extra[:, None]).T @ rows
        right = ((1 + extra) * (amounts > 0)) @ rows
        gone, less = rows[at], extra[at]
        lefts = left[None] - less[:, None, None] * gone[:, :, None] * gone[:, None, :]
        rights = right[None] - ((1 + less) * (amounts[at] > 0))[:, None] * gone
        return np.asarray(np.linalg.solve(lefts, rights), np.float32)

    def vector(self) -> np.ndarray:
        """The history's own vector; see ``_vector``."""
        return self._vector

    @cached_property
    def _vector(self) -> np.ndarray:
        """The history's own ALS vector, solved exactly: (YᵀY + λI + Σ αw yyᵀ) x = Σ (1 + αw) y."""
        liked = self.amounts > 0
        rows = self._artefact.vectors[self.columns[liked]]
        extra = self._artefact.alpha * self.amounts[liked]
        if not len(rows):
            return np.zeros(self._artefact.index.dimensions, np.float32)
        left = self._artefact.gram + (rows * extra[:, None]).T @ rows
        return np.asarray(np.linalg.solve(left, (1 + extra) @ rows), np.float32)

    def neighbour_scores(self) -> np.ndarray:
        """What the items of the history say about all others: (items,); not to be changed."""
        return self._neighbours

    @cached_property
    def _neighbours(self) -> np.ndarray:
        """Sums of what each item of the history says about the others: (items,)."""
        parts = [self._artefact.near(int(column)) for column in self.columns]
        items = np.concatenate([items for items, _ in parts])
        values = np.concatenate([values * amount for (_, values), amount in zip(parts, self.amounts)])
        every = np.bincount(items, values, minlength=len(self._artefact.ids)).astype(np.float32)
        likes = self._artefact.likes
        if likes is not None:
            every[-len(likes.columns) :] = likes.mean(every)
        return every


def _scaled(scores: np.ndarray, query: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Scores of a linear part, centred and divided by their spread over all items, which follows from the moments."""
    spread = float(np.sqrt(max(query @ covariance @ query, LEAST_VARIANCE)))
    return np.asarray((scores - query @ mean) / spread)


def _scaled_rows(scores: np.ndarray, queries: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """``_scaled`` for several queries: (columns, queries) → (queries, columns)."""
    spreads = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", queries, covariance, queries), LEAST_VARIANCE))
    return np.asarray(((scores - queries @ mean) / spreads).T)
