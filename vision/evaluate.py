"""Measures search by picture on a folder of photos.

    python -m vision.evaluate --root DIR --catalogue classes.csv --train train.txt --queries val.txt
        [--catalogue-only] [--json]
    python -m vision.evaluate … --heads [--fine-tune] [--json]

See ``vision.photo_set`` for the layout and ``vision.protocols`` for what is compared
with what. Looking at the photos takes minutes the first time; features are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from shop.errors import ShopError
from shop.settings import load_settings
from vision import heads, measures
from vision.classifier import ClassifierConfig, fit_best
from vision.encoder import OnnxEncoder
from vision.gallery import Gallery, shelf_shares
from vision.head import unit
from vision.image_file import read_pixels
from vision.metric import Examples
from vision.peers import hog_and_colours, perceptual_hash
from vision.photo_set import Photos, described, features_of, read_catalogue, read_photos
from vision.protocols import all_known, catalogue_only, not_in_shop

Figures = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m vision.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder of the pictures and lists")
    parser.add_argument("--catalogue", required=True, help="the list of products, under the root")
    parser.add_argument("--train", required=True, help="the list of photos to train on")
    parser.add_argument("--queries", required=True, help="the list of photos to find")
    parser.add_argument("--catalogue-only", action="store_true", help="no photo of a searched product is known")
    parser.add_argument("--heads", action="store_true", help="instead: the table of heads for the category")
    parser.add_argument("--fine-tune", action="store_true", help="with --heads: also the network's last block (torch)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        if given.heads:
            rows = compare_heads(given.root, given.catalogue, given.train, given.queries, given.fine_tune, given.json)
            print(json.dumps([one.plain() for one in rows]) if given.json else heads.printed(rows))
            return 0
        figures = evaluate(given.root, given.catalogue, given.train, given.queries, given.catalogue_only, given.json)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {json.dumps(value)}")
    return 0


def evaluate(
    root: Path, catalogue: str, train: str, queries: str, without_photos: bool = False, quiet: bool = True
) -> Figures:
    """All figures, as fractions of one and milliseconds of CPU time.

    Raises:
        BadValue: a list is missing or has another layout.
    """
    settings = load_settings()
    encoder = OnnxEncoder(settings.image_encoder)
    shown, taken, asked = read_catalogue(root, catalogue), read_photos(root, train), read_photos(root, queries)
    tell = _silent if quiet else _tell
    features = [features_of(one.files, encoder, settings, tell) for one in (shown, taken, asked)]
    examples = Examples(features[0], shown.products, features[1], taken.products)
    products = np.unique(shown.products)
    right = np.searchsorted(products, asked.products)
    shelf_of = dict(zip(shown.products.tolist(), shown.categories.tolist(), strict=True))
    shelves = np.array([shelf_of[one] for one in products.tolist()])
    if without_photos:
        scores = catalogue_only(examples, features[2], asked.products, encoder.name)
        found: Figures = {}
    else:
        known = all_known(examples, encoder.name)
        vectors = known.head.photos(features[2])
        scores = known.gallery.scores(vectors)
        found = _categories(known.vectors, np.concatenate([taken.categories, shown.categories]),
                            np.concatenate([taken.products, shown.products]), vectors, asked)  # fmt: skip
    places = measures.places(scores, right)
    shelf_places = measures.places(shelf_shares(scores, shelves), np.searchsorted(np.unique(shelves), asked.categories))
    return {
        "top1": measures.top(places, 1),
        "top5": measures.top(places, 5),
        "mrr": measures.reciprocal(places),
        "category_top1": measures.top(shelf_places, 1),
        "category_top5": measures.top(shelf_places, 5),
        **found,
        "not_in_shop_auroc": not_in_shop(
            examples, features[2], asked.products, encoder.name, photos=not without_photos
        ),
        **_costs(asked, encoder, settings, known.gallery if not without_photos else None, features[0]),
        "peers": _peers(shown, taken, asked, features, right, without_photos, settings),
    }


def compare_heads(
    root: Path, catalogue: str, train: str, queries: str, fine_tune: bool = False, quiet: bool = True
) -> list[heads.HeadRow]:
    """The table of ``vision.heads``; with ``fine_tune`` the row of ``vision.fine_tune`` too.

    Raises:
        BadValue: a list is missing or has another layout.
    """
    settings = load_settings()
    encoder = OnnxEncoder(settings.image_encoder)
    tell = _silent if quiet else _tell
    lists = [read_catalogue(root, catalogue), read_photos(root, train), read_photos(root, queries)]
    shown, taken, asked = (
        heads.Labelled(features_of(one.files, encoder, settings, tell), one.products, one.categories) for one in lists
    )
    rows = heads.table(shown, taken, asked, encoder.name, ClassifierConfig())
    if fine_tune:
        rows.append(heads.fine_tuned(lists[1], lists[2], settings, tell))
    return rows


def _categories(
    vectors: np.ndarray, labels: np.ndarray, products: np.ndarray, queries: np.ndarray, asked: Photos
) -> Figures:
    """Top-1 of the best classifier beside that by products, and every kind's accuracy in cross-validation."""
    series = products * 10 + np.arange(len(products)) % 10
    best = fit_best(vectors, labels, series)
    shares = best.probabilities(queries)
    places = measures.places(shares, np.searchsorted(best.classes, asked.categories))
    return {
        "category_head_top1": measures.top(places, 1),
        "category_heads": {kind: round(value, 4) for kind, value in best.table.items()},
        "category_head": best.kind,
    }


def _costs(asked: Photos, encoder: OnnxEncoder, settings: Any, gallery: Gallery | None, rows: np.ndarray) -> Figures:
    """CPU milliseconds from a photo's bytes to its features, index size in bytes and milliseconds of a search."""
    spent = []
    for file in asked.files[:20]:
        raw = file.read_bytes()
        started = time.process_time()
        encoder.encode([read_pixels(raw, settings)])
        spent.append((time.process_time() - started) * 1000)
    started = time.process_time()
    gallery = gallery or Gallery(unit(rows), np.arange(len(rows)))
    query = gallery.prototypes[:1]
    began = time.process_time()
    for _ in range(20):
        gallery.scores(query)
    return {
        "ms_per_photo": float(np.median(spent)),
        "query_ms": (time.process_time() - began) * 50,
        "index_bytes": int(gallery.prototypes.nbytes),
    }


def _peers(
    shown: Photos,
    taken: Photos,
    asked: Photos,
    features: list[np.ndarray],
    right: np.ndarray,
    alone: bool,
    settings: Any,
) -> Figures:
    """The same search by raw features, by edges and colours, and by perceptual hash."""
    looks = {
        "frozen_features": [unit(one[:, :1280]) for one in features],
        "hog_and_colours": [unit(described(one.files, hog_and_colours, settings)) for one in (shown, taken, asked)],
        "perceptual_hash": [unit(described(one.files, perceptual_hash, settings)) for one in (shown, taken, asked)],
    }
    found: Figures = {}
    for name, (pictures, photos, queries) in looks.items():
        rows = pictures if alone else np.concatenate([pictures, photos])
        products = shown.products if alone else np.concatenate([shown.products, taken.products])
        likeness = queries @ rows.T
        best = np.stack([likeness[:, products == one].max(1) for one in np.unique(products)], 1)
        places = measures.places(best, right)
        found[name] = {"top1": measures.top(places, 1), "top5": measures.top(places, 5)}
    return found


def _silent(done: int, of: int) -> None:
    """Say nothing."""


def _tell(done: int, of: int) -> None:
    if done % 50 == 0 or done == of:
        print(f"\r→ looking at {of} pictures: {done}", end="\n" if done == of else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
