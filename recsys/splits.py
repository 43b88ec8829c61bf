"""Ways to hide a part of what customers did: at random, by time, or the last thing each did."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys.interactions import Interactions
from shop.errors import BadValue

SPLITS = ("random", "temporal", "leave-one-out")


class Parts(NamedTuple):
    """Three parts over the same customers and items."""

    train: Interactions
    validation: Interactions
    test: Interactions


def split(data: Interactions, how: str = "random", seed: int = 1) -> Parts:
    """80 / 10 / 10 of each customer at random; the same shares by one moment for all; or each one's last two.

    Raises:
        BadValue: there is no such split.
    """
    if how == "random":
        return _by_place(data, _places(data, np.random.default_rng(seed).random(len(data))))
    if how == "temporal":
        edges = np.quantile(data.times, [0.8, 0.9])
        part = np.searchsorted(edges, data.times, side="left")
    elif how == "leave-one-out":
        place, size = _positions(data, data.times)
        left = size - place
        part = np.where((left <= 1) & (size > 2), 2, np.where((left <= 2) & (size > 2), 1, 0))
    else:
        raise BadValue(f"split={how!r}: give one of {', '.join(SPLITS)}")
    return Parts(*(data.part(part == at) for at in range(3)))


def halves(data: Interactions, share: float = 0.8, seed: int = 1) -> tuple[Interactions, Interactions]:
    """All cells at random into two, as ratings are usually split."""
    first = np.random.default_rng(seed).random(len(data)) < share
    return data.part(first), data.part(~first)


def _by_place(data: Interactions, place: np.ndarray) -> Parts:
    return Parts(data.part(place < 0.8), data.part((place >= 0.8) & (place < 0.9)), data.part(place >= 0.9))


def _places(data: Interactions, key: np.ndarray) -> np.ndarray:
    """Each cell's place among its customer's, from 0 to 1, in the order of a key."""
    place, size = _positions(data, key)
    return np.asarray((place + 0.5) / size)


def _positions(data: Interactions, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((key, data.rows))
    counts = np.bincount(data.rows, minlength=data.shape[0])
    starts = np.cumsum(counts) - counts
    place = np.empty(len(data), int)
    place[order] = np.arange(len(data)) - starts[data.rows[order]]
    return place, counts[data.rows]
