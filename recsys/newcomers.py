"""Products that came after the training: scored by what is like them, searchable and recommended at once.

A newcomer's place in every part that learned from behaviour is the mean of the places
of the products most like it in content; its content is its own. The model in service
is not touched: the extended one is another value over the same files.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recsys.artefact import Artefact
from shop.product_features import product_features
from shop.product_texts import product_texts

if TYPE_CHECKING:
    from recsys.shelf import Shelf
    from shop.front import Shop

MOST_NEWCOMERS = 900
"""More than so many wait for the next training."""

MODELS = 8
"""So many products that are like it stand for a newcomer."""

SHARPNESS = 6
"""Power of the cosine by which they count."""

LEAST_ALIKE = 0.15
"""Cosine below which nothing is like it: such a product stands where an ordinary one stands."""


@dataclass(frozen=True)
class Likes:
    """Whose scores stand for the newcomers': columns and weights (newcomers, MODELS); each row sums to 1."""

    columns: np.ndarray
    weights: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The newcomers' values from those of what is like them: (newcomers, …)."""
        picked = np.asarray(values[self.columns])
        return np.asarray(np.einsum("nk,nk...->n...", self.weights, picked), np.float32)


def likes_of(artefact: Artefact, content: np.ndarray) -> tuple[np.ndarray, Likes]:
    """Which of some products have their like among the trained ones, and what that is.

    Args:
        artefact: the trained one.
        content: unit vectors of the newcomers.

    Returns:
        Positions of the newcomers that are placed, and their likes.
    """
    near = np.asarray(content) @ np.asarray(artefact.content).T
    count = min(MODELS, near.shape[1])
    columns = np.argpartition(-near, count - 1, axis=1)[:, :count]
    alike = np.take_along_axis(near, columns, 1)
    placed = np.flatnonzero(alike.max(1, initial=0.0) >= LEAST_ALIKE)
    weights = alike[placed].clip(0) ** SHARPNESS
    return placed, Likes(columns[placed], (weights / weights.sum(1, keepdims=True)).astype(np.float32))


def extended(artefact: Artefact, ids: np.ndarray, content: np.ndarray, gone: np.ndarray | None = None) -> Artefact:
    """The artefact with products that it was not trained on, as far as anything is like them.

    Args:
        artefact: the trained one.
        ids: product ids that it does not know.
        content: their unit vectors, in the artefact's space.
        gone: ids of products that are no longer on sale: the index brings them up no more.
    """
    placed, likes = likes_of(artefact, content) if len(ids) else (np.zeros(0, int), None)
    if likes is None or not len(placed):
        lost = gone is not None and len(gone)
        return replace(artefact, index=artefact.index.with_more(ids[:0], content[:0], gone)) if lost else artefact
    near = [_near(artefact, columns, weights) for columns, weights in zip(likes.columns, likes.weights)]
    lengths = np.array([len(items) for items, _ in near])
    vectors = likes.mean(artefact.vectors)
    index = artefact.index.with_more(ids[placed], vectors, gone)
    return replace(
        artefact,
        ids=np.concatenate([artefact.ids, ids[placed]]),
        index=index,
        near_starts=np.concatenate([artefact.near_starts, artefact.near_starts[-1] + np.cumsum(lengths)]),
        near_items=np.concatenate([artefact.near_items, *(items for items, _ in near)]),
        near_values=np.concatenate([artefact.near_values, *(values for _, values in near)]),
        content=np.concatenate([artefact.content, content[placed]]),
        popular=np.concatenate([artefact.popular, likes.mean(artefact.popular)]),
        likes=likes,
    )


class Follower:
    """Keeps a trained artefact in step with the shelf: what is new is put in, what has left is found no more."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._last: tuple[Artefact, Shelf, Artefact] | None = None

    def follow(self, artefact: Artefact, shelf: Shelf) -> Artefact:
        """The artefact for this reading of the shelf; made once a reading, and only if the products changed."""
        last = self._last
        if last is not None and last[0] is artefact and last[1] is shelf:
            return last[2]
        with self._lock:
            last = self._last
            if (
                last is not None
                and last[0] is artefact
                and (last[1] is shelf or np.array_equal(last[1].ids, shelf.ids))
            ):
                made = last[2]
            else:
                made = self._made(artefact, shelf)
            self._last = (artefact, shelf, made)
            return made

    def _made(self, artefact: Artefact, shelf: Shelf) -> Artefact:
        fresh = np.setdiff1d(shelf.ids, artefact.ids)
        gone = np.setdiff1d(artefact.ids, shelf.ids)
        if artefact.space is None or not len(fresh):
            nothing = np.zeros((0, artefact.content.shape[1]), np.float32)
            return extended(artefact, fresh[:0], nothing, gone)
        products = product_texts(self._shop, fresh[:MOST_NEWCOMERS].tolist())
        features = product_features(self._shop, products)
        content = artefact.space.vectors([one.text for one in products], [one.tags for one in products], features)
        return extended(artefact, np.array([one.id for one in products], np.int64), content, gone)


def _near(artefact: Artefact, columns: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a newcomer says of others: the mean of what its like say, and that they are its like."""
    rows = [artefact.near(int(one)) for one in columns]
    items = np.concatenate([items for items, _ in rows])
    values = np.concatenate([weight * values for (_, values), weight in zip(rows, weights)])
    found, place = np.unique(items, return_inverse=True)
    return found.astype(np.int32), np.bincount(place, values, minlength=len(found)).astype(np.float32)
