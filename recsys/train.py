"""Trains what the shop serves, from the shop's own database: ``python -m recsys.train [--if-needed]``.

The parts are fitted on most of the customers' behaviour, weighed against each other
on a part that they have not seen, measured on another, and fitted again on all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable

import numpy as np

from recsys.als import Als, AlsConfig
from recsys.artefact import Artefact, make_artefact
from recsys.blend import Blend
from recsys.cleaning import EventTable, QualityReport, shop_events
from recsys.content import Content
from recsys.content_space import ContentSpace, learn_space
from recsys.ease import Ease, EaseConfig
from recsys.interactions import Interactions, gather
from recsys.measures import best_columns, ndcg_rows, recall_rows
from recsys.model import Model, top
from recsys.popularity import Popularity
from recsys.praise import praised
from recsys.splits import Parts, split
from recsys.together import bought_together
from recsys.weights import weights_of
from shop.errors import BadIndex, BadValue, ShopError
from shop.event_reader import baskets
from shop.front import Shop, open_shop
from shop.product_features import product_features
from shop.product_texts import ProductText, product_texts, review_texts
from shop.versions import current, facts, publish

ALS = AlsConfig(binary=False, share=0.01, iterations=10, cg_steps=2)
EASE = EaseConfig(regularisation=400.0)
NEAR_KEPT = 200
TOGETHER_DAYS = 365
AT_LEAST = {"content": 0.2, "popularity": 0.05}
"""Weights in service, whatever the search says: what is liked leads to its like, and guests get what is popular."""

LEAST_CELLS = 50
"""With fewer pairs of customer and product there is nothing to learn: the popular ones are shown."""


@dataclass(frozen=True)
class Trained:
    """What came of a training: the version, how it measured on hidden behaviour, and the events' quality."""

    version: str
    measures: dict[str, dict[str, float]]
    weights: dict[str, float]
    report: QualityReport
    seconds: float


def shop_interactions(shop: Shop, products: list[ProductText]) -> tuple[Interactions, QualityReport]:
    """The shop's cleaned behaviour as a matrix over the products on sale; weights grow with their logarithm."""
    events, report = shop_events(shop)
    ids = np.array([one.id for one in products], np.int64)
    return interactions_of(events, ids, weights_of(shop.settings).of(events, shop.clock().timestamp())), report


def interactions_of(events: EventTable, ids: np.ndarray, weights: np.ndarray) -> Interactions:
    """Events of known customers with products on sale; what was disliked on the whole is left out."""
    kept = (events.customer > 0) & np.isin(events.product, ids)
    part, amounts = events.where(kept), weights[kept]
    shift = 1.0 - min(float(amounts.min(initial=0.0)), 0.0)  # gather wants weights above 0; taken off again below
    data = gather(part.customer, part.product, amounts + shift, part.at, part.rating, all_items=ids)
    pairs = gather(part.customer, part.product, np.ones(len(part)), part.at, all_items=ids)
    totals = data.weights - shift * pairs.weights
    data.weights[:] = np.log1p(np.maximum(totals, 0))
    return data.part(totals > 1e-3)


def parts_for(content: np.ndarray) -> list[Model]:
    """The unfitted models that are served."""
    return [Als(ALS), Ease(EASE), Content(vectors=content), Popularity()]


def tuned_blend(parts: Parts, content: np.ndarray) -> tuple[Blend, dict[str, dict[str, float]]]:
    """A blend fitted on the training part and weighed on the validation part, and how all measured on the test."""
    blend = Blend(parts=parts_for(content), least=AT_LEAST)
    blend.fit(parts.train)
    blend.tune(parts.validation)
    rows = np.unique(parts.test.rows)
    hidden = (parts.train.seen + parts.validation.seen)[rows].nonzero()
    truth = parts.test.seen[rows]
    measures = {}
    for model in [*blend.parts, blend]:
        best = best_columns(model.score_histories(parts.train.matrix[rows]), hidden, 10)
        measures[model.name] = {
            "ndcg@10": round(float(ndcg_rows(best, truth).mean()), 4),
            "recall@10": round(float(recall_rows(best, truth).mean()), 4),
        }
    return blend, measures


def placed(shop: Shop, products: list[ProductText]) -> tuple[ContentSpace, np.ndarray]:
    """The space of what is known of the products, and their places in it."""
    texts, tags = [one.text for one in products], [one.tags for one in products]
    features = product_features(shop, products)
    space = learn_space(texts, tags, features)
    return space, space.vectors(texts, tags, features)


def train(shop: Shop, folder: Path | None = None, say: Callable[[str], None] = lambda _: None) -> Trained | None:
    """Train and publish a version; None when there is too little behaviour to learn from."""
    begin = time.monotonic()
    folder = folder or Path(shop.settings.data_dir) / "recsys"
    products = product_texts(shop)
    data, report = shop_interactions(shop, products)
    say(f"{report.kept:,} of {report.read:,} events, {data.shape[0]:,} customers, {data.shape[1]:,} products")
    if len(data) < LEAST_CELLS:
        say("too little behaviour to learn from: popular products are shown")
        return None
    space, content = placed(shop, products)
    blend, measures = tuned_blend(split(data), content)
    whole = parts_for(content)
    for model in whole:
        model.fit(data)
    touched = np.flatnonzero(np.bincount(data.columns, minlength=data.shape[1]))
    artefact = make(data.items, touched, whole, blend.weights, space, *from_shop(shop))
    told = {"measures": measures, "quality": asdict(report), "sources": fingerprint(shop), "weights": blend.weights}
    version = publish(folder, artefact.save, told)
    return Trained(version, measures, blend.weights, report, time.monotonic() - begin)


def from_shop(shop: Shop) -> tuple[dict[int, list[tuple[str, int]]], dict[int, dict[int, float]]]:
    """What reviews praise, and which shelves are bought together."""
    since = shop.clock() - timedelta(days=TOGETHER_DAYS)
    return praised(review_texts(shop)), bought_together(baskets(shop, since))


def make(
    ids: np.ndarray,
    touched: np.ndarray,
    models: list[Model],
    weights: dict[str, float],
    space: ContentSpace,
    praise: dict[int, list[tuple[str, int]]],
    together: dict[int, dict[int, float]],
) -> Artefact:
    """The artefact of fitted models, over the products that anybody touched; the others are newcomers to it.

    Args:
        ids: products in the order of the models' columns.
        touched: columns that anybody touched, rising.
        models: the fitted parts in the order of ``parts_for``.
        weights, space, praise, together: see ``Artefact``.
    """
    als, ease, content, popularity = models
    assert isinstance(als, Als)
    assert isinstance(ease, Ease)
    assert isinstance(content, Content)
    assert isinstance(popularity, Popularity)
    assert content.vectors is not None
    return make_artefact(
        ids[touched],
        als.items[touched],
        als.config.regularisation,
        near_rows(ease, NEAR_KEPT, touched),
        content.vectors[touched],
        np.log(popularity.scores[touched] + 1e-7),
        space=space,
        weights=weights,
        alpha=als.config.alpha,
        praise=praise,
        together=together,
    )


def near_rows(ease: Ease, kept: int, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each chosen item its strongest weights on others, as compressed rows (starts, items, values)."""
    inside = np.isin(ease.kept, chosen)
    columns, weights = np.searchsorted(chosen, ease.kept[inside]), ease.weights[np.ix_(inside, inside)]
    counts = np.zeros(len(chosen) + 1, np.int64)
    items, values = [], []
    for row, column in enumerate(columns):
        best = np.sort(top(np.abs(weights[row]), kept))
        best = best[weights[row, best] != 0]
        counts[column + 1] = len(best)
        items.append(columns[best])
        values.append(weights[row, best])
    return np.cumsum(counts), np.concatenate(items), np.concatenate(values)


def fingerprint(shop: Shop) -> str:
    """A hash over this package's code, the settings that matter, and how much behaviour there is, by the hundredth."""
    from shop.event_reader import event_mark

    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    settings = shop.settings
    digest.update(f"{settings.recommend_weights} {settings.recommend_half_life_days}".encode())
    digest.update(repr(event_mark(shop)).encode())
    return digest.hexdigest()


def is_trained(shop: Shop, folder: Path | None = None) -> bool:
    """Whether the version in force was made from this code, these settings and about these events."""
    folder = folder or Path(shop.settings.data_dir) / "recsys"
    name = current(folder)
    try:
        return name is not None and facts(folder, name).get("sources") == fingerprint(shop)
    except BadIndex:
        return False


def main(arguments: list[str] | None = None) -> int:
    """Train; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recsys.train", description="Train the shop's recommendations.")
    parser.add_argument("--if-needed", action="store_true", help="nothing, if code, settings and events are as before")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--engine", choices=["here", "spark"], default="here", help="spark: recsys.spark_train")
    parser.add_argument("--events", metavar="PLACE", help="of Spark: a Parquet path or jdbc:… address")
    parser.add_argument("--master", default="", help="of Spark, like local[2]; empty: as spark-submit says")
    options = parser.parse_args(arguments)
    try:
        return _run(open_shop(), options)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2


def _run(shop: Shop, options: argparse.Namespace) -> int:
    if options.engine == "spark":
        from recsys.spark_train import train_by_spark

        if not options.events:
            raise BadValue("Spark needs --events: a Parquet path or a jdbc:… address")
        print(f"→ version {train_by_spark(shop, options.events, master=options.master)}", flush=True)
        return 0
    if options.if_needed and is_trained(shop):
        print("→ the recommendations are up to date", flush=True)
        return 0
    print("→ training the recommendations", flush=True)
    done = train(shop, say=lambda words: print(f"  {words}", file=sys.stderr, flush=True))
    if done is None:
        return 0
    if options.json:
        print(json.dumps(asdict(done), indent=1))
        return 0
    told: dict[str, Any] = {name: one["ndcg@10"] for name, one in done.measures.items()}
    print("  NDCG@10 " + ", ".join(f"{name} {value:.3f}" for name, value in told.items()))
    print(f"→ version {done.version} in {done.seconds:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
