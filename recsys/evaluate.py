"""Measures all models and their peers on one file of interactions.

    python -m recsys.evaluate --interactions FILE.csv [--split random|temporal|leave-one-out] [--seed N] [--json]
    python -m recsys.evaluate --wheel recbole….whl     MovieLens-100K as it lies in recbole's wheel
    python -m recsys.evaluate --shop [--ablate]        the shop's own behaviour, with what is known of its products

FILE.csv has the columns user_id, item_id, rating, timestamp. All models are fitted
on the training part alone; the blend is weighed on the validation part; the test
part is looked at once. Rankings are full, and what a customer has in training or
validation is hidden. RMSE is that of all held-out ratings. Of the demo shop the true
tastes that its behaviour was drawn from stand in the table too (``recsys.truth``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np

from recsys import measures
from recsys.als import Als, AlsConfig
from recsys.blend import Blend
from recsys.cleaning import OLDEST
from recsys.ease import Ease, EaseConfig
from recsys.interactions import Interactions, gather, read_csv
from recsys.item_neighbours import ItemNeighbours, ItemNeighboursConfig
from recsys.model import Model, top
from recsys.peers import peers
from recsys.popularity import Popularity
from recsys.sgd_factors import SgdFactors, SgdFactorsConfig
from recsys.splits import SPLITS, Parts, split
from recsys.two_tower import TwoTower, TwoTowerConfig
from recsys.user_neighbours import UserNeighbours
from shop.errors import BadValue, ShopError

COUNT = 10
QUERIES = 200
LIKING = 0.2
"""Chosen, like EASE's λ, by the mean NDCG on the validation parts of MovieLens-100K."""

MEMBER = "recbole/dataset_example/ml-100k/ml-100k.inter"
Table = dict[str, dict[str, float | None]]


def load(path: Path) -> Interactions:
    """A file's interactions, each pair once; rows without customer, item or a possible rating and time are left out.

    A pair weighs 1, and up to ``LIKING`` more or less for the highest and the lowest rating of the file.

    Raises:
        BadValue: nothing usable is in the file.
    """
    customers, items, ratings, times = read_csv(path)
    kept = (customers != "") & (items != "") & ~np.isinf(ratings)
    moments = np.where(np.isfinite(times), times, OLDEST)
    if not kept.any():
        raise BadValue(f"{path.name}: no row has a customer and an item")
    data = gather(customers[kept], items[kept], np.ones(int(kept.sum())), moments[kept], ratings[kept])
    return replace(data, weights=_weights(data.ratings))


def _weights(ratings: np.ndarray) -> np.ndarray:
    """Of cells with these last ratings: float32, 1 in the middle of the scale and without a rating."""
    rated = ratings[np.isfinite(ratings)]
    low, high = (float(rated.min()), float(rated.max())) if len(rated) else (0.0, 0.0)
    if low == high:
        return np.ones(len(ratings), np.float32)
    middle = (low + high) / 2
    return np.asarray(1 + LIKING * (np.nan_to_num(ratings, nan=middle) - middle) / (high - middle), np.float32)


def load_wheel(path: Path) -> Interactions:
    """MovieLens-100K from recbole's wheel.

    Raises:
        BadValue: the wheel is missing, damaged, or another one.
    """
    try:
        with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
            return load(Path(wheel.extract(MEMBER, folder)))
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise BadValue(f"{path}: no wheel of recbole with {MEMBER} ({type(error).__name__})") from error


def models_for(data: Interactions, epochs: int | None = None) -> tuple[list[Model], Blend]:
    """The models of the table and the blend of some of them, all unfitted."""
    als, ease, neighbours, popularity = Als(), Ease(EaseConfig(400.0, binary=False)), UserNeighbours(), Popularity()
    wide = Als(AlsConfig(factors=96, iterations=6, seed=3))  # another minimum: the mean of both is better
    wide.name = "als_wide"  # type: ignore[misc]
    items = ItemNeighbours(ItemNeighboursConfig(neighbours=200))
    rare = ItemNeighbours(ItemNeighboursConfig(neighbours=200, weighting="bm25"))
    rare.name = "item_neighbours_bm25"  # type: ignore[misc]
    towers = TwoTower(TwoTowerConfig(epochs=epochs or TwoTowerConfig.epochs))
    singles: list[Model] = [popularity, neighbours, items, rare, als, wide, ease, towers]
    if np.isfinite(data.ratings).any():
        singles.append(SgdFactors(SgdFactorsConfig(epochs=epochs or SgdFactorsConfig.epochs)))
    return singles, Blend(parts=[als, wide, ease, neighbours, popularity, rare])


def evaluate(
    data: Interactions, how: str = "random", seed: int = 1, *, with_peers: bool = True, epochs: int | None = None
) -> Table:
    """Measures of every model, by name; ``epochs`` of the model that learns step by step, its own by default."""
    singles, blend = models_for(data, epochs)
    return measure(split(data, how, seed), singles, blend, seed if with_peers else None)


def measure(parts: Parts, singles: list[Model], blend: Blend, seed: int | None = None) -> Table:
    """Fit on the training part, weigh the blend on the validation part, measure on the test part.

    Args:
        parts: of the interactions.
        singles: unfitted models, those of the blend among them.
        blend: of some of them.
        seed: of the peers; None leaves them out.
    """
    found: Table = {}
    for model in singles:
        spent = _timed(lambda: model.fit(parts.train))  # noqa: B023 - called at once
        found[model.name] = measured(model.score_rows, parts, spent, _rmse(model, parts))
    spent = _timed(lambda: (blend.attach(parts.train), blend.tune(parts.validation)))
    together = spent + sum(float(found[one.name]["train_s"] or 0) for one in blend.parts)
    found["blend"] = measured(blend.score_rows, parts, together, None)
    if seed is not None:
        for name, train in peers().items():
            kept: list[Any] = []
            spent = _timed(lambda: kept.append(train(parts.train.seen, seed)))  # noqa: B023
            found[name] = measured(kept[0], parts, spent, None)
    return found


def _timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measured(
    score: Callable[[np.ndarray], np.ndarray], parts: Parts, train_s: float, error: float | None
) -> dict[str, float | None]:
    """All measures of one way to score rows of customers, on the test part."""
    rows = np.unique(parts.test.rows)
    hidden = (parts.train.seen + parts.validation.seen)[rows].nonzero()
    truth = parts.test.seen[rows]
    best = measures.best_columns(np.asarray(score(rows), np.float32), hidden, COUNT)
    items = parts.train.shape[1]
    touched = np.bincount(parts.train.columns, minlength=items)
    waits = []
    for row in rows[:: max(1, len(rows) // QUERIES)]:
        begin = time.perf_counter()
        top(np.asarray(score(np.array([row])))[0], COUNT)
        waits.append(1000 * (time.perf_counter() - begin))
    return {
        "ndcg@10": float(measures.ndcg_rows(best, truth).mean()),
        "recall@10": float(measures.recall_rows(best, truth).mean()),
        "map@10": float(measures.average_precision_rows(best, truth).mean()),
        "coverage": measures.coverage(best, items),
        "novelty": measures.novelty(best, touched, parts.train.shape[0]),
        "gini": measures.gini(best, items),
        "rmse": error,
        "train_s": train_s,
        "query_p50_ms": float(np.percentile(waits, 50)),
        "query_p95_ms": float(np.percentile(waits, 95)),
    }


def _rmse(model: Model, parts: Parts) -> float | None:
    """Of all ratings outside the training part; None for models that do not predict ratings."""
    if not isinstance(model, SgdFactors):
        return None
    rows = np.concatenate([parts.validation.rows, parts.test.rows])
    columns = np.concatenate([parts.validation.columns, parts.test.columns])
    return measures.rmse(model.predict(rows, columns), np.concatenate([parts.validation.ratings, parts.test.ratings]))


def shown(found: Table) -> str:
    """The table for people."""
    names = ["ndcg@10", "recall@10", "map@10", "coverage", "novelty", "gini", "rmse", "train_s", "query_p95_ms"]
    lines = [f"{'':24}" + "".join(f"{name:>14}" for name in names)]
    for model, one in found.items():
        cells = ("" if one[name] is None else f"{one[name]:.4f}" for name in names)
        lines.append(f"{model:24}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recsys.evaluate", description=__doc__.split("\n")[0])
    parser.add_argument("--interactions", type=Path, metavar="FILE.csv")
    parser.add_argument(
        "--wheel", type=Path, help="recbole's wheel, which carries MovieLens-100K (default: XIAOER_ML_WHEEL)"
    )
    parser.add_argument("--shop", action="store_true", help="the shop's own behaviour")
    parser.add_argument("--ablate", action="store_true", help="with --shop: the towers without each kind of feature")
    parser.add_argument("--split", choices=SPLITS, default="random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        found = _found(options)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps({"models": found}, indent=1) if options.json else shown(found))
    return 0


def _found(options: argparse.Namespace) -> Table:
    if options.shop and not options.interactions:
        from recsys.evaluate_shop import evaluate_shop
        from shop.front import open_shop

        seed = None if options.no_peers else options.seed
        return evaluate_shop(open_shop(), options.split, options.seed, peers_seed=seed, ablate=options.ablate)
    return evaluate(_data(options), options.split, options.seed, with_peers=not options.no_peers)


def _data(options: argparse.Namespace) -> Interactions:
    if options.interactions:
        return load(options.interactions)
    wheel = options.wheel or os.environ.get("XIAOER_ML_WHEEL")
    if not wheel:
        raise BadValue("nothing to measure on: give --interactions FILE.csv, --wheel recbole….whl, or --shop")
    return load_wheel(Path(wheel))


if __name__ == "__main__":
    sys.exit(main())
