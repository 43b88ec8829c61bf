"""A search among a million pictures, in the index that the eye uses: recall, CPU milliseconds and memory.

    python -m tests.bench.picture_search [--pictures 1000000] [--nearness 0.6]

Vectors are those of the pictures of the settings' shop (`make demo`) under its own head,
each repeated and moved along the directions in which they differ, so that width and spread
are the eye's. Only CPU time is told, so that other programs do not count.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import numpy as np

from shop.feature_store import FeatureStore
from shop.front import open_shop
from shop.settings import load_settings
from shop.vector_index import VectorIndex, build_index
from tests.bench.bots import resident_mb
from vision.encoder import OnnxEncoder
from vision.finder import PICTURES_ASKED
from vision.head import unit
from vision.picture_index import PictureIndex, index_folder

QUERIES, WANTED, PORTION = 100, 10, 50_000


def own_vectors() -> np.ndarray:
    """Of the shop's pictures, unit vectors [pictures, width]."""
    settings = load_settings()
    shop, encoder = open_shop(settings), OnnxEncoder(settings.image_encoder)
    index = PictureIndex(shop, encoder)
    index.refresh(everything=True)
    store = FeatureStore(index_folder(shop, encoder))
    hashes = list(store.known(one.sha256 for one in shop.pictures.on_sale()))
    assert index.head is not None, "the shop has no picture: make demo"
    return index.head.catalogue(store.features(sorted(hashes)))


def repeated(pictures: np.ndarray, count: int, away: float, seed: int) -> np.ndarray:
    """Unit vectors near those of pictures, [count, width]; ``away`` is their distance beside that of two pictures."""
    rng = np.random.default_rng(seed)
    middle = pictures - pictures.mean(0)
    found = np.empty((count, pictures.shape[1]), np.float32)
    for start in range(0, count, PORTION):
        rows = slice(start, min(start + PORTION, count))
        size = rows.stop - start
        moves = rng.standard_normal((size, len(middle))).astype(np.float32) @ middle / np.sqrt(len(middle))
        found[rows] = unit(pictures[rng.integers(0, len(pictures), size)] + away * moves)
    return found


def recall(index: VectorIndex, vectors: np.ndarray, queries: np.ndarray) -> float:
    """Share of the nearest by comparing all that the index finds too."""
    hits = 0
    for query in queries:
        exact = np.argpartition(-(vectors @ query), WANTED)[:WANTED]
        hits += len(np.intersect1d(exact, index.search(query, WANTED).ids))
    return hits / (WANTED * len(queries))


def spent_ms(index: VectorIndex, queries: np.ndarray, count: int) -> tuple[float, float]:
    """Median and 95th percentile of the CPU time of one search."""
    spent = []
    for query in queries:
        began = time.process_time()
        index.search(query, count)
        spent.append(1000 * (time.process_time() - began))
    return float(np.percentile(spent, 50)), float(np.percentile(spent, 95))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.picture_search", description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--nearness", type=float, default=0.6, help="distance within a kind beside that between kinds")
    given = parser.parse_args()
    pictures = own_vectors()
    vectors = repeated(pictures, given.pictures, given.nearness, 1)
    queries = repeated(pictures, QUERIES, given.nearness, 2)
    began = time.process_time()
    index = build_index(np.arange(len(vectors)), vectors)
    built = time.process_time() - began
    print(f"{len(vectors):,} vectors of {vectors.shape[1]} ({index.kind}): built in {built:.0f} s of CPU, "
          f"recall@{WANTED} {recall(index, vectors, queries):.3f}, process {resident_mb(os.getpid())} MB")  # fmt: skip
    for count in (WANTED, PICTURES_ASKED):
        p50, p95 = spent_ms(index, queries, count)
        print(f"the nearest {count}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
