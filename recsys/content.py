"""What products are: their words, shelf, brand, attributes, texts and pictures, as vectors (``recsys.content_space``).

So something new that nobody touched has neighbours from its first day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recsys.content_space import ContentConfig
from recsys.interactions import Interactions
from recsys.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Content(Model):
    """A score is the nearness of an item to the mean of what the history holds."""

    name = "content"
    Config = ContentConfig

    def __init__(self, config: ContentConfig | None = None, vectors: np.ndarray | None = None) -> None:
        super().__init__(config)
        self.vectors = vectors

    def _fit(self, data: Interactions) -> None:
        if self.vectors is None or len(self.vectors) != data.shape[1]:
            self.vectors = np.zeros((data.shape[1], 1), np.float32)  # nothing is known of the items

    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Cosines with the histories' weighted means; an empty history scores 0."""
        assert self.vectors is not None
        profiles = np.asarray(histories @ self.vectors)
        lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
        return np.asarray(profiles / np.maximum(lengths, 1e-12) @ self.vectors.T, dtype=np.float32)

    def _state(self) -> dict[str, np.ndarray]:
        assert self.vectors is not None
        return {"vectors": self.vectors}

    def _restore(self, state: dict[str, np.ndarray]) -> None:
        self.vectors = state["vectors"]
