"""Nearest vectors by inner product: the one place that knows FAISS.

The kind of index follows the number of vectors: ``flat`` compares all, ``hnsw``
walks a graph, ``ivfpq`` looks into a few cells of compressed vectors. Whatever
the kind, candidates are scored again with the exact vectors, which lie in a file
of their own and are mapped into memory, not read.

FAISS: Johnson, Douze, Jégou, "Billion-scale similarity search with GPUs", 2017;
HNSW: Malkov, Yashunin, 2016; product quantisation: Jégou, Douze, Schmid, 2011.
"""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shop.errors import BadIndex, BadValue
from shop.one_core import one_core

FORMAT = 2
FLAT_UP_TO = 20_000
HNSW_UP_TO = 50_000
EXACT_UP_TO = 10_000
"""So few allowed vectors are compared one by one, which no filter can starve."""

GROWS_UP_TO = 20_000
"""So many vectors that were added are compared one by one beside the engine; more of them make a new engine."""

AGAIN = 30
"""Candidates for each wanted vector that are scored again exactly."""


class Found(NamedTuple):
    """Ids and inner products of the nearest, best first; float32 and int64 of one length."""

    ids: np.ndarray
    scores: np.ndarray


class VectorIndex:
    """Vectors under ids; reading is safe from several threads, changes take a lock.

    What was built or loaded stays as it is (its files are mapped); what is added later
    stands in rows behind it, and what is removed is passed over.
    """

    def __init__(self, ids: np.ndarray, vectors: np.ndarray, kind: str, engine: Any) -> None:
        self._ids, self._vectors, self._kind, self._engine = ids, vectors, kind, engine
        self._later = np.zeros((0, vectors.shape[1]), np.float32)
        self._dead = np.zeros(len(ids), bool)
        self._lock = threading.RLock()
        self._arrange()

    def _arrange(self) -> None:
        self._order = np.argsort(self._ids, kind="stable")
        self._sorted = self._ids[self._order]

    @property
    def kind(self) -> str:
        """flat, hnsw or ivfpq."""
        return self._kind

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._ids) - int(np.count_nonzero(self._dead))

    def search(self, query: np.ndarray, count: int, allowed: np.ndarray | None = None) -> Found:
        """The nearest vectors to one query.

        Args:
            query: as long as a vector.
            count: how many are wanted; fewer come only if there are fewer.
            allowed: ids to choose from; None means all.

        Raises:
            BadValue: the query has another length or is no number.
        """
        query = np.asarray(query, np.float32).reshape(-1)
        if len(query) != self.dimensions or not np.isfinite(query).all():
            raise BadValue(f"a query of {len(query)} numbers: give {self.dimensions} finite ones")
        with self._lock, one_core:
            rows = None if allowed is None else self._rows(np.asarray(allowed))
            if rows is not None:
                rows = rows[~self._dead[rows]]
            if rows is None or len(rows) > EXACT_UP_TO:
                found = self._candidates(query, count, rows)
                enough = min(count, len(self) if rows is None else len(rows))
                rows = found if len(found) >= enough else rows
            return self._exact(query, count, rows)

    def vectors(self, ids: np.ndarray) -> np.ndarray:
        """Vectors of ids, in their order.

        Raises:
            BadValue: an id is unknown.
        """
        rows = self._rows(np.asarray(ids))
        if len(rows) != len(ids):
            raise BadValue("an id is not in the index")
        return self._take(rows)

    def _take(self, rows: np.ndarray) -> np.ndarray:
        """Vectors of rows, of the first ones and of those that came later."""
        first = len(self._vectors)
        if not len(self._later) or not len(rows) or int(rows.max()) < first:
            return np.asarray(self._vectors[rows])
        found = np.empty((len(rows), self.dimensions), np.float32)
        later = rows >= first
        found[later] = self._later[rows[later] - first]
        found[~later] = self._vectors[rows[~later]]
        return found

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Put vectors in; an id that is there already gets the new vector.

        Raises:
            BadValue: shapes do not fit or a number is not finite.
        """
        ids, vectors = _checked(ids, vectors)
        if vectors.shape[1] != self.dimensions:
            raise BadValue(f"vectors of {vectors.shape[1]} numbers: give {self.dimensions}")
        with self._lock:
            self.remove(ids)
            known = self._rows(ids)
            self._ids = np.concatenate([self._ids, ids])
            self._ids[known] = -1
            self._later = np.concatenate([self._later, vectors])
            self._dead = np.concatenate([self._dead, np.zeros(len(ids), bool)])
            if len(self._later) > max(GROWS_UP_TO, len(self._vectors) // 10):
                alive = np.flatnonzero(~self._dead)
                self._ids, self._vectors = self._ids[alive], np.ascontiguousarray(self._take(alive))
                self._later, self._dead = self._later[:0], np.zeros(len(alive), bool)
                self._engine = _engine(self._vectors, self._kind)
            self._arrange()

    def with_more(self, ids: np.ndarray, vectors: np.ndarray, gone: np.ndarray | None = None) -> VectorIndex:
        """Another index over the same files, with more vectors and without some; this one stays as it is."""
        other = VectorIndex(self._ids, self._vectors, self._kind, self._engine)
        with self._lock:
            other._later, other._dead = self._later, self._dead.copy()
        if gone is not None and len(gone):
            other.remove(gone)
        if len(ids):
            other.add(ids, vectors)
        return other

    def remove(self, ids: np.ndarray) -> int:
        """Take vectors out; returns how many were there. They leave the file at the next build."""
        with self._lock:
            rows = self._rows(np.asarray(ids))
            alive = rows[~self._dead[rows]]
            self._dead = self._dead.copy()
            self._dead[alive] = True
            return len(alive)

    def save(self, folder: Path) -> None:
        """Write ids, vectors and the engine into a folder; publish it as one (``shop.versions``)."""
        import faiss

        folder.mkdir(parents=True, exist_ok=True)
        alive = np.flatnonzero(~self._dead)
        whole = not len(self._later) and len(alive) == len(self._vectors)
        vectors = np.ascontiguousarray(self._vectors if whole else self._take(alive))
        engine = self._engine if whole or self._kind == "flat" else _engine(vectors, self._kind)
        np.save(folder / "ids.npy", self._ids[alive])
        np.save(folder / "vectors.npy", vectors)
        if self._kind != "flat":  # that one is its vectors
            faiss.write_index(engine, str(folder / "engine.faiss"))
        head = {"format": FORMAT, "kind": self._kind, "count": len(alive), "dimensions": self.dimensions}
        head["engine_bytes"] = (folder / "engine.faiss").stat().st_size if self._kind != "flat" else 0
        (folder / "index.json").write_text(json.dumps(head))

    def _rows(self, ids: np.ndarray) -> np.ndarray:
        if not len(self._sorted) or not len(ids):
            return np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return np.asarray(self._order[at[self._sorted[at] == ids]])

    def _candidates(self, query: np.ndarray, count: int, rows: np.ndarray | None) -> np.ndarray:
        """Rows that the engine brings up, and those that came after it was made."""
        import faiss

        first = len(self._vectors)
        gone = int(np.count_nonzero(self._dead[:first]))  # ten times as quick as a sum
        wanted = max(200, min(AGAIN * count, count + 600))
        wanted = min(first, wanted + min(gone, wanted))
        later = np.arange(first, len(self._ids)) if rows is None else rows[rows >= first]
        chosen = None
        if rows is not None:
            bits = np.zeros((first + 7) // 8 * 8, np.uint8)
            bits[rows[rows < first]] = 1
            packed = np.packbits(bits, bitorder="little")
            chosen = faiss.IDSelectorBitmap(len(packed), faiss.swig_ptr(packed))
        if self._kind == "hnsw":
            asked = faiss.SearchParametersHNSW(sel=chosen, efSearch=max(128, wanted))
        elif self._kind == "ivfpq":
            asked = faiss.SearchParametersIVF(sel=chosen, nprobe=_probes(self._engine.nlist))
        else:
            asked = faiss.SearchParameters(sel=chosen)
        asked_for = np.append(query, np.float32(0)) if self._kind == "hnsw" else query
        _, found = self._engine.search(asked_for[None], wanted, params=asked)
        near = np.concatenate([found[0][found[0] >= 0], later])
        return np.asarray(near[~self._dead[near]])

    def _exact(self, query: np.ndarray, count: int, rows: np.ndarray | None) -> Found:
        rows = np.flatnonzero(~self._dead) if rows is None else np.sort(rows)
        scores = np.asarray(self._take(rows) @ query, np.float32)
        count = min(count, len(rows))
        best = np.argpartition(-scores, count - 1)[:count] if 0 < count < len(rows) else np.arange(len(rows))[:count]
        best = best[np.lexsort((self._ids[rows[best]], -scores[best]))]
        return Found(self._ids[rows[best]], scores[best])


def build_index(ids: np.ndarray, vectors: np.ndarray, kind: str | None = None) -> VectorIndex:
    """An index over vectors; its kind by their number unless given.

    Raises:
        BadValue: shapes do not fit, an id comes twice, a number is not finite, or there is no such kind.
    """
    ids, vectors = _checked(ids, vectors)
    kind = kind or ("flat" if len(ids) <= FLAT_UP_TO else "hnsw" if len(ids) <= HNSW_UP_TO else "ivfpq")
    return VectorIndex(ids, vectors, kind, _engine(vectors, kind))


def load_index(folder: Path) -> VectorIndex:
    """Map a stored index into memory.

    Raises:
        BadIndex: it is missing, damaged, half-written or of another format.
    """
    try:
        head = json.loads((folder / "index.json").read_text())
        ids = np.load(folder / "ids.npy", allow_pickle=False)
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadIndex(f"{folder}: not a stored index ({type(error).__name__}); build it again") from error
    if head.get("format") != FORMAT:
        raise BadIndex(f"{folder}: format {head.get('format')}, this program reads {FORMAT}; build it again")
    if vectors.shape != (head["count"], head["dimensions"]) or len(ids) != head["count"]:
        raise BadIndex(f"{folder}: {len(ids)} ids, vectors of {vectors.shape}; build it again")
    if head["kind"] == "flat":
        return VectorIndex(ids, vectors, "flat", _engine(np.asarray(vectors), "flat"))
    return VectorIndex(ids, vectors, head["kind"], _read_engine(folder / "engine.faiss", head))


def _read_engine(path: Path, head: dict[str, Any]) -> Any:
    import faiss

    count = head["count"]
    try:
        if (
            path.stat().st_size != head["engine_bytes"]
        ):  # mapped into memory, a part that is missing would end the process
            raise BadIndex(f"{path}: half-written; build it again")
        engine = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    except (OSError, RuntimeError) as error:
        raise BadIndex(f"{path}: FAISS cannot read it; build it again") from error
    if engine.ntotal != count:
        raise BadIndex(f"{path}: {engine.ntotal} vectors where {count} belong; build it again")
    return engine


def _checked(ids: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ids, vectors = np.asarray(ids, np.int64).reshape(-1), np.ascontiguousarray(vectors, np.float32)
    if vectors.ndim != 2 or len(vectors) != len(ids):
        raise BadValue(f"{len(ids)} ids and vectors of shape {vectors.shape}: give one vector an id")
    if len(np.unique(ids)) != len(ids):
        raise BadValue("an id comes twice")
    if not np.isfinite(vectors).all():
        raise BadValue("a vector holds a number that is not finite")
    return ids, vectors


def _probes(cells: int) -> int:
    """Cells that a query looks into."""
    return max(16, cells // 24)


def _lifted(vectors: np.ndarray) -> np.ndarray:
    """Vectors with one more number that brings all to one length.

    The nearest by distance are then those of the highest inner product, and a graph of
    distances has no hubs of long vectors that walks get lost in (Bachrach et al., RecSys 2014).
    """
    squares = np.einsum("ij,ij->i", vectors, vectors)
    return np.concatenate([vectors, np.sqrt(np.maximum(squares.max(initial=0) - squares, 0))[:, None]], axis=1)


def _engine(vectors: np.ndarray, kind: str) -> Any:
    import faiss

    dimensions = vectors.shape[1]
    if kind == "flat":
        engine = faiss.IndexFlatIP(dimensions)
    elif kind == "hnsw":
        engine = faiss.IndexHNSWFlat(dimensions + 1, 24, faiss.METRIC_L2)
        engine.hnsw.efConstruction = 120
        vectors = _lifted(vectors)
    elif kind == "ivfpq":
        cells = max(1, min(int(2 * math.sqrt(len(vectors))), len(vectors) // 40))
        most = min(dimensions, max(32, dimensions // 4))  # a byte for more ranks pictures too roughly
        pieces = next(one for one in (64, 32, 16, 8, 4, 2, 1) if dimensions % one == 0 and one <= most)
        engine = faiss.index_factory(dimensions, f"IVF{cells},PQ{pieces}x8np", faiss.METRIC_INNER_PRODUCT)
        rows = np.random.default_rng(1).permutation(len(vectors))[: max(cells * 50, 10_000)]
        engine.train(np.ascontiguousarray(vectors[np.sort(rows)]))
    else:
        raise BadValue(f"kind={kind!r}: give flat, hnsw or ivfpq")
    engine.add(np.ascontiguousarray(vectors))
    return engine
