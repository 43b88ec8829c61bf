"""How long a recommendation takes with many products, and a search among a million vectors.

    python -m tests.bench.recommend [--products 100000] [--vectors 0]

CPU time of one core, so that a loaded machine tells the same. The fold-in is that of an
event that was just stored in a database, until the changed list is there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Callable

import numpy as np

from recsys.artefact import make_artefact
from recsys.ask import Ask
from recsys.recommender import Recommender
from recsys.scoring import Scorer
from recsys.shelf import Shelf, Wishes
from shop.event_reader import ShelfItem, history_of
from shop.front import Shop
from shop.models import Customer
from shop.settings import Settings
from shop.vector_index import build_index
from shop.versions import publish
from tests.demo_shops import DEMO_NOW, columns, demo_shop_in

DIMENSIONS, NEAR, ASKS = 64, 100, 60


def tasteful_vectors(count: int, seed: int = 1) -> np.ndarray:
    """Vectors around a few hundred tastes, as trained ones lie."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((300, DIMENSIONS)).astype(np.float32)
    return 0.3 * (
        centres[rng.integers(0, 300, count)] + 0.7 * rng.standard_normal((count, DIMENSIONS)).astype(np.float32)
    )


def recommender(products: int, folder: Path, shop: Shop | None = None) -> Recommender:
    """A recommender over made-up products; without a shop what is asked has its history in the talk."""
    rng = np.random.default_rng(2)
    ids = np.arange(1, products + 1)
    starts = np.arange(products + 1) * NEAR
    near = (starts, rng.integers(0, products, products * NEAR), rng.random(products * NEAR) * 0.1)
    content = tasteful_vectors(products, 3)
    content /= np.linalg.norm(content, axis=1, keepdims=True)
    weights = {"als": 1.0, "ease": 0.7, "content": 0.2, "popularity": 0.2}
    made = make_artefact(ids, tasteful_vectors(products), 20.0, near, content, rng.normal(-9, 1, products),
                         weights=weights, alpha=1.0, praise={})  # fmt: skip
    publish(folder, made.save)
    items = [
        ShelfItem(
            one, f"P{one}", "", (one % 300 + 1, one % 12 + 1001), one % 500, price, price, one % 7, 4.5, one % 90, 0.0
        )
        for one, price in zip(ids.tolist(), rng.integers(900, 900_000, products).tolist())
    ]
    given = shop or SimpleNamespace(settings=Settings(data_dir=folder))
    found = Recommender(given, folder)  # type: ignore[arg-type]
    shelf = Shelf(items)
    found._keeper = SimpleNamespace(shelf=lambda: shelf)  # type: ignore[assignment]
    return found


def spent_ms(work: Callable[[int], object], times: int) -> tuple[float, float]:
    """Median and 95th percentile of the CPU time of one call."""
    spent = []
    for number in range(times):
        begin = time.process_time()
        work(number)
        spent.append(1000 * (time.process_time() - begin))
    return float(np.percentile(spent, 50)), float(np.percentile(spent, 95))


def main() -> int:
    """Print the figures; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recommend")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--vectors", type=int, default=0, help="also search among so many vectors, like 1000000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        asked = recommender(options.products, Path(place))
        talks = [
            tuple((int(one), "asked") for one in np.random.default_rng(n).integers(1, options.products, 15))
            for n in range(ASKS)
        ]
        asked.recommend(Ask(talk=talks[0]))
        for name, wishes in (("all", Wishes()), ("price and shelf", Wishes(shelf=1003, price_max_fen=50_000))):
            p50, p95 = spent_ms(lambda n: asked.recommend(Ask(talk=talks[n], wishes=wishes, count=10)), ASKS)  # noqa: B023
            print(f"recommend 10 of {options.products:,} ({name}): p50 {p50:.1f} ms, p95 {p95:.1f} ms")
        fold_in(options.products, Path(place) / "shop")
    if options.vectors:
        search(options.vectors)
    return 0


def fold_in(products: int, place: Path) -> None:
    """From a new event of a customer to the changed list, and the fold-in of a history by itself."""
    shop = demo_shop_in(place, lambda: DEMO_NOW)
    asked, customers = recommender(products, place / "recsys", shop), _customers(shop)
    changed, waits = 0, []

    def event(number: int) -> None:
        nonlocal changed
        ask = Ask(customer_id=customers[number], count=10, explore=0.0)
        begin = time.perf_counter()
        shop.events.record(customers[number], "bench", "cart", number % 60 + 1)
        after = asked.recommend(ask)
        waits.append(1000 * (time.perf_counter() - begin))
        changed += [one.product_id for one in after] != before[number]

    before = [[one.product_id for one in asked.recommend(Ask(customer_id=c, count=10, explore=0.0))] for c in customers]
    p50, p95 = spent_ms(event, len(customers))
    artefact = asked.artefact()
    assert artefact is not None
    histories = [asked.history(Ask(customer_id=one)) for one in customers]
    _, alone = spent_ms(lambda n: Scorer(artefact, histories[n]).vector(), len(customers))
    print(f"new event to changed list, {products:,} products: p50 {p50:.1f} ms, p95 {p95:.1f} ms "
          f"({np.percentile(waits, 95):.1f} ms on the wall), {changed} of {len(customers)} lists changed; "
          f"fold-in of a history alone: p95 {alone:.2f} ms")  # fmt: skip
    shop.database.dispose()


def _customers(shop: Shop) -> list[int]:
    """Consenting customers who did something."""
    ids = columns(shop, Customer.id, where=Customer.consent.is_(True))
    return [one for one in ids if history_of(shop, one)][:ASKS]


def search(count: int) -> None:
    """Build, memory, recall and time of an index of so many vectors."""
    vectors = tasteful_vectors(count)
    begin = time.process_time()
    index = build_index(np.arange(count), vectors)
    built = time.process_time() - begin
    queries = tasteful_vectors(40, 9)
    hits = 0
    for query in queries:
        exact = np.argpartition(-(vectors @ query), 10)[:10]
        hits += len(set(exact.tolist()) & set(index.search(query, 10).ids.tolist()))
    p50, p95 = spent_ms(lambda n: index.search(queries[n], 10), len(queries))
    pages = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    print(f"{count:,} vectors ({index.kind}): built in {built:.0f} s, recall@10 {hits / 400:.3f}, "
          f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, process {pages:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
