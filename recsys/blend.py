"""A weighted sum of other models' scores; the weights are learned on a validation part alone.

Each model's scores of a history are divided by their own spread over all items, so
that they can be added whatever their units. The weights are found by coordinate
search on NDCG@10: it is no smooth function, and a handful of weights needs no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

import numpy as np

from recsys.interactions import Interactions
from recsys.measures import ndcg_at
from recsys.model import Model
from shop.errors import BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STEPS = (0.0, 0.5, 2.0)
FROM_NOTHING = (0.2,)
START = {"als": 1.0, "als_wide": 1.0, "ease": 0.7, "user_neighbours": 0.7}
"""What the search begins with; the other parts must earn their place.

NDCG of a small validation part is noisy: a search from nothing with small steps finds
weights that are no better on the test part than these.
"""


@dataclass(frozen=True)
class BlendConfig:
    """``rounds`` of the search over all weights; ``least_gain`` is what a change must win."""

    rounds: int = 2
    least_gain: float = 0.0015


class Blend(Model):
    """The sum of its parts; fit the parts first, then ``tune``."""

    name = "blend"
    Config = BlendConfig

    def __init__(
        self,
        config: BlendConfig | None = None,
        parts: Sequence[Model] = (),
        least: Mapping[str, float] | None = None,
    ) -> None:
        """``least``: weights that some parts keep whatever the search says."""
        super().__init__(config)
        self._least = dict(least or {})
        self.parts = list(parts)
        self.weights: dict[str, float] = {one.name: 1.0 for one in self.parts}

    def _fit(self, data: Interactions) -> None:
        if not self.parts:
            raise BadValue("a blend without parts: give it fitted or unfitted models")
        for one in self.parts:
            if one._data is not data:
                one.fit(data)

    def tune(self, validation: Interactions) -> float:
        """Learn the weights on what customers did besides the training part; returns NDCG@10 there."""
        rows = np.unique(validation.rows)
        histories, truth = self.data.matrix[rows], validation.seen[rows]
        scores = {one.name: spread_one(one.score_histories(histories)) for one in self.parts}
        self.weights, best = search_weights(scores, self.data.seen[rows], truth, self.config)
        self.weights.update({name: max(self.weights[name], least) for name, least in self._least.items()})
        return best

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """The weighted sum of the parts' scores, each divided by its spread."""
        total = np.zeros((histories.shape[0], self.data.shape[1]), np.float32)
        for one in self.parts:
            if self.weights[one.name]:
                total += self.weights[one.name] * spread_one(one.score_histories(histories))
        return total

    def _state(self) -> dict[str, np.ndarray]:
        state = {f"{one.name}/{key}": value for one in self.parts for key, value in one._state().items()}
        names = [one.name for one in self.parts]
        return {**state, "names": np.array(names), "weights": np.array([self.weights[one] for one in names])}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        from recsys.registry import MODELS

        self.weights = dict(zip(state["names"].tolist(), state["weights"].tolist()))
        self.parts = []
        for name in self.weights:
            part = MODELS[name]()
            part._restore({key.partition("/")[2]: one for key, one in state.items() if key.startswith(f"{name}/")})
            self.parts.append(part)


def spread_one(scores: np.ndarray) -> np.ndarray:
    """Rows of scores divided by their standard deviation over all items; a constant row becomes 0."""
    centred = scores - scores.mean(1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(1, keepdims=True), 1e-9), dtype=np.float32)


def search_weights(
    scores: Mapping[str, np.ndarray], seen: csr_matrix, truth: csr_matrix, config: BlendConfig
) -> tuple[dict[str, float], float]:
    """Weights with the highest NDCG@10, and that."""
    names = list(scores)
    weights = {name: START.get(name, 0.0) for name in names}
    hidden = seen.nonzero()
    total = np.sum([weights[name] * scores[name] for name in names], axis=0)
    best = ndcg_at(total, truth, hidden)
    for _ in range(config.rounds):
        before = best
        for name in names:
            rest = total - weights[name] * scores[name]
            tries = [step * weights[name] for step in STEPS] if weights[name] else list(FROM_NOTHING)
            for value in tries:
                found = ndcg_at(rest + value * scores[name], truth, hidden)
                if found > best + config.least_gain:
                    best, weights[name] = found, value
            total = rest + weights[name] * scores[name]
        if best - before < config.least_gain:
            break
    return weights, best
