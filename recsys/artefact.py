"""What serving needs of the trained models, as arrays that are mapped into memory.

    index/        ALS vectors under product ids (shop.vector_index)
    gram.npy      YᵀY + λI of all items, to solve a new history's vector with
    near_*.npy    for each item, what having it says about the others (EASE), compressed rows
    content.npy   unit vectors of what the items are
    popular.npy   log of the trend-adjusted popularity
    praise.json   {product id: [[aspect, customers who praised it], …]}
    together.json {category id: {category id: doublings of how often it is bought in one order with the first}}
    space.npz     into what a product's words and vectors are turned, for those that come later
    serving.json  how the parts are weighed and of what the history's weights are made

Nothing here needs scipy, and nothing is bigger than the catalogue.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.content_space import ContentSpace, space_of
from shop.errors import BadIndex
from shop.vector_index import VectorIndex, build_index, load_index

if TYPE_CHECKING:
    from recsys.newcomers import Likes

FORMAT = 2
PARTS = ("als", "ease", "content", "popularity")


@dataclass(frozen=True)
class Artefact:
    """Trained parts over one list of items; ``ids`` are product ids in the order of the columns."""

    ids: np.ndarray
    index: VectorIndex
    gram: np.ndarray
    near_starts: np.ndarray
    near_items: np.ndarray
    near_values: np.ndarray
    content: np.ndarray
    popular: np.ndarray
    weights: dict[str, float]
    alpha: float
    praise: dict[int, list[tuple[str, int]]]
    together: dict[int, dict[int, float]] = field(default_factory=dict)
    version: str = ""
    space: ContentSpace | None = None
    likes: Likes | None = None
    """Of the last columns, which came after the training (``recsys.newcomers``)."""

    @cached_property
    def column_of(self) -> dict[int, int]:
        """Product id → column."""
        return {int(one): at for at, one in enumerate(self.ids)}

    @cached_property
    def _by_id(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.ids, kind="stable")
        return self.ids[order], order

    def columns(self, ids: np.ndarray) -> np.ndarray:
        """Columns of product ids, −1 for those it does not know."""
        known, order = self._by_id
        at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[at] == ids, order[at], -1)

    @cached_property
    def vectors(self) -> np.ndarray:
        """ALS vectors in the order of the columns."""
        return self.index.vectors(self.ids)

    @cached_property
    def spreads(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], float]:
        """Means and covariances of ALS and content vectors, and the spread of popularity: to scale scores with."""
        return (
            (self.vectors.mean(0), np.atleast_2d(np.cov(self.vectors.T))),
            (self.content.mean(0), np.atleast_2d(np.cov(self.content.T))),
            float(self.popular.std()),
        )

    @cached_property
    def most_popular(self) -> np.ndarray:
        """Columns of the most popular items, best first: some thousands at most."""
        return np.argsort(-self.popular, kind="stable")[:5000]

    @cached_property
    def mean_popularity(self) -> float:
        """The mean of ``popular``."""
        return float(self.popular.mean())

    @cached_property
    def typical_popularity(self) -> float:
        """The median of ``popular``."""
        return float(np.median(self.popular))

    def near(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Columns that an item speaks for, and how much."""
        rows = slice(int(self.near_starts[column]), int(self.near_starts[column + 1]))
        return self.near_items[rows], self.near_values[rows]

    def likest(self, first: int, second: int) -> str:
        """What two columns have most in common: words, or a kind of features (text, picture, mood); empty: unknown."""
        if self.space is None:
            return ""
        a, b = self.content[first], self.content[second]
        shares = {name: float(a[part] @ b[part]) for name, part in self.space.slices.items()}
        best = max(shares, key=lambda name: shares[name])
        return best if shares[best] > 0 else ""

    def lifts(self, shelf: int, others: np.ndarray) -> np.ndarray:
        """How much more often than by chance other shelves are bought together with one, in doublings; 0: not more."""
        found = self.together.get(shelf, {})
        return np.array([found.get(int(one), 0.0) for one in others])

    def save(self, folder: Path) -> None:
        """Write into a folder, to be published as one (``shop.versions.publish``)."""
        self.index.save(folder / "index")
        for name in ("ids", "gram", "near_starts", "near_items", "near_values", "content", "popular"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        if self.space is not None:
            np.savez(folder / "space.npz", **self.space.arrays())
        (folder / "praise.json").write_text(json.dumps(self.praise, ensure_ascii=False), encoding="utf-8")
        (folder / "together.json").write_text(json.dumps(self.together))
        serving = {"format": FORMAT, "weights": self.weights, "alpha": self.alpha, "space": self.space is not None}
        (folder / "serving.json").write_text(json.dumps(serving))


def load_artefact(folder: Path) -> Artefact:
    """Map a stored artefact into memory.

    Raises:
        BadIndex: a part is missing, damaged or of another format, or the parts do not fit each other.
    """
    try:
        serving = json.loads((folder / "serving.json").read_text())
        praise = json.loads((folder / "praise.json").read_text(encoding="utf-8"))
        together = json.loads((folder / "together.json").read_text())
        space = _load_space(folder / "space.npz") if serving.get("space") else None
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("ids", "gram", "near_starts", "near_items", "near_values", "content", "popular")
        }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadIndex(f"{folder}: a part is missing or damaged ({type(error).__name__}); train it again") from error
    if serving.get("format") != FORMAT:
        raise BadIndex(f"{folder}: format {serving.get('format')}, this program reads {FORMAT}; train it again")
    index = load_index(folder / "index")
    count = len(arrays["ids"])
    if not (len(index) == count == len(arrays["content"]) == len(arrays["popular"]) == len(arrays["near_starts"]) - 1):
        raise BadIndex(f"{folder}: its parts are of different lengths; train it again")
    given: dict[str, Any] = {name: np.asarray(one) if name != "content" else one for name, one in arrays.items()}
    return Artefact(
        **given,
        index=index,
        weights={name: float(serving["weights"].get(name, 0.0)) for name in PARTS},
        alpha=float(serving["alpha"]),
        praise={int(product): [(str(a), int(n)) for a, n in told] for product, told in praise.items()},
        together={int(a): {int(b): float(c) for b, c in row.items()} for a, row in together.items()},
        version=folder.name,
        space=space,
    )


def _load_space(path: Path) -> ContentSpace:
    with np.load(path, allow_pickle=False) as stored:
        return space_of({name: stored[name] for name in stored.files})


def make_artefact(
    ids: np.ndarray,
    vectors: np.ndarray,
    ridge: float,
    near: tuple[np.ndarray, np.ndarray, np.ndarray],
    content: np.ndarray,
    popular: np.ndarray,
    **facts: Any,
) -> Artefact:
    """An artefact from trained arrays; ``near`` is (starts, items, values) of compressed rows."""
    gram = vectors.T @ vectors
    gram[np.diag_indices_from(gram)] += ridge
    return Artefact(
        ids=np.asarray(ids, np.int64),
        index=build_index(ids, vectors),
        gram=gram.astype(np.float32),
        near_starts=near[0].astype(np.int64),
        near_items=near[1].astype(np.int32),
        near_values=near[2].astype(np.float32),
        content=content.astype(np.float32),
        popular=popular.astype(np.float32),
        **facts,
    )
