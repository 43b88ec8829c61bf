"""A space of what products are, into which one that came yesterday can be put without training.

Names and descriptions are cut into pairs and triples of characters, counted in a fixed
number of buckets (the hashing trick: Weinberger et al., 2009), weighed by rarity and
pressed into a few dimensions (latent semantic analysis: Deerwester et al., 1990).
Vectors that other parts left for the products (text by the sentence encoder,
pictures by the eye) are centred, turned to their main directions, and stand beside.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Mapping, Sequence

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUCKETS = 1 << 15
TAG_COUNT = 3
"""How often a tag counts beside the pieces of the texts."""

Tags = Sequence[Iterable[str]]


@dataclass(frozen=True)
class ContentConfig:
    """``dimensions`` of each part; ``others`` is the weight of vectors from the feature store."""

    dimensions: int = 64
    least_items: int = 2
    others: float = 0.7
    seed: int = 1


@dataclass(frozen=True)
class ContentSpace:
    """What was learned of the products' words and of each other kind of vectors.

    ``rarity`` has one number a bucket (0: not used); ``words`` is (buckets, dimensions);
    ``means`` and ``turns`` belong to the other kinds, by name.
    """

    rarity: np.ndarray
    words: np.ndarray
    means: Mapping[str, np.ndarray]
    turns: Mapping[str, np.ndarray]
    others: float

    def vectors(self, texts: Sequence[str], tags: Tags, others: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """Unit vectors of products: float32 (products, dimensions).

        Args:
            texts: what stands about each product.
            tags: words that count whole: shelf, brand, attribute values.
            others: kind → vectors, one row a product; a row of zeros, or a kind that is missing, is unknown.
        """
        parts = [_unit(_weighed(_counts(texts, tags), self.rarity) @ self.words)]
        for name, turn in self.turns.items():
            given = (others or {}).get(name)
            parts.append(self.others * _turned(given, self.means[name], turn, len(texts)))
        return _unit(np.concatenate(parts, axis=1))

    @property
    def slices(self) -> dict[str, slice]:
        """Which numbers of a vector belong to the ``words`` and to each other kind."""
        widths = {"words": self.words.shape[1], **{name: turn.shape[1] for name, turn in self.turns.items()}}
        ends = np.cumsum(list(widths.values())).tolist()
        return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything as named arrays, for storing."""
        kinds = {
            f"{what}_{name}": one
            for what, of in (("mean", self.means), ("turn", self.turns))
            for name, one in of.items()
        }
        return {"rarity": self.rarity, "words": self.words, "others": np.array(self.others, np.float32), **kinds}


def space_of(arrays: Mapping[str, np.ndarray]) -> ContentSpace:
    """The space that ``arrays`` came from."""
    kinds = [name.partition("_")[2] for name in arrays if name.startswith("mean_")]
    return ContentSpace(
        np.asarray(arrays["rarity"]),
        np.asarray(arrays["words"]),
        {one: np.asarray(arrays[f"mean_{one}"]) for one in kinds},
        {one: np.asarray(arrays[f"turn_{one}"]) for one in kinds},
        float(arrays["others"]),
    )


def learn_space(
    texts: Sequence[str],
    tags: Tags,
    others: Mapping[str, np.ndarray] | None = None,
    config: ContentConfig | None = None,
) -> ContentSpace:
    """A space learned from the products at hand; the arguments are those of ``ContentSpace.vectors``."""
    config = config or ContentConfig()
    counts = _counts(texts, tags)
    spread = np.bincount(counts.indices, minlength=BUCKETS)
    rarity = np.where(spread >= config.least_items, np.log(1 + len(texts) / np.maximum(spread, 1)), 0).astype(
        np.float32
    )
    means, turns = {}, {}
    for name, given in (others or {}).items():
        known = given[np.abs(given).sum(1) > 0]
        if len(known) > 1:
            means[name], turns[name] = _main_directions(known, config.dimensions)
    return ContentSpace(rarity, _pressed(_weighed(counts, rarity), config), means, turns, config.others)


def _counts(texts: Sequence[str], tags: Tags) -> csr_matrix:
    """How often each product has each bucket, damped by the logarithm: (products, buckets)."""
    from scipy.sparse import csr_matrix

    rows: list[int] = []
    columns: list[int] = []
    values: list[int] = []
    for row, (text, named) in enumerate(zip(texts, tags)):
        words = Counter(_bucket(text[at : at + size]) for size in (2, 3) for at in range(len(text) - size + 1))
        words.update({_bucket(f"={one}"): TAG_COUNT for one in named})
        rows += [row] * len(words)
        columns += words.keys()
        values += words.values()
    damped = 1 + np.log(np.array(values, np.float32))
    return csr_matrix((damped, (rows, columns)), shape=(len(texts), BUCKETS))


def _weighed(counts: csr_matrix, rarity: np.ndarray) -> csr_matrix:
    """A copy whose buckets weigh by rarity, its rows of length 1."""
    from recsys.neighbours import unit_rows

    matrix = counts.copy()
    matrix.data *= rarity[matrix.indices]
    return unit_rows(matrix)


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode()) % BUCKETS


def _pressed(matrix: csr_matrix, config: ContentConfig) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD

    dimensions = min(config.dimensions, max(1, min(matrix.shape) - 1))
    if matrix.nnz == 0 or matrix.shape[0] < 2:
        return np.zeros((BUCKETS, 1), np.float32)
    return np.asarray(TruncatedSVD(dimensions, random_state=config.seed).fit(matrix).components_.T, np.float32)


def _main_directions(known: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    mean = known.mean(0).astype(np.float32)
    if known.shape[1] <= dimensions:
        return mean, np.eye(known.shape[1], dtype=np.float32)
    values, directions = np.linalg.eigh(np.cov((known - mean).T))
    return mean, np.ascontiguousarray(directions[:, np.argsort(-values)[:dimensions]], np.float32)


def _turned(given: np.ndarray | None, mean: np.ndarray, turn: np.ndarray, count: int) -> np.ndarray:
    if given is None:
        return np.zeros((count, turn.shape[1]), np.float32)
    known = np.abs(given).sum(1, keepdims=True) > 0
    return _unit(np.where(known, given - mean, 0.0) @ turn)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
