"""A small artefact made by hand: four tastes, the columns go round them."""

from __future__ import annotations

import numpy as np

from recsys.artefact import Artefact, make_artefact

TASTES, ITEMS = 4, 40


def small_artefact() -> Artefact:
    """40 products (ids 10, 11, …) of four tastes: content is the taste, behaviour too, with some noise."""
    rng = np.random.default_rng(4)
    taste = np.arange(ITEMS) % TASTES
    content = np.eye(TASTES, dtype=np.float32)[taste]
    vectors = np.concatenate([content, 0.1 * rng.standard_normal((ITEMS, 4))], axis=1).astype(np.float32)
    like = [np.flatnonzero((taste == taste[one]) & (np.arange(ITEMS) != one)) for one in range(ITEMS)]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in like])])
    near = starts, np.concatenate(like), rng.uniform(0.05, 0.15, int(starts[-1]))
    weights = {"als": 1.0, "ease": 0.7, "content": 0.5, "popularity": 0.1}
    return make_artefact(
        np.arange(ITEMS) + 10, vectors, 1.0, near, content, rng.normal(-5, 0.5, ITEMS),
        weights=weights, alpha=1.0, praise={},
    )  # fmt: skip
