"""Reads what stands about products and in their reviews, and leaves the vectors for the recommender.

    python -m nlp.product_vectors [--quiet]

A product's words become one sentence vector; its newest reviews become their mean
praise as the review reader (an LSTM, ``nlp.sentiment``) hears it. What was read
before is not read again.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict, deque
from typing import Callable, Iterable, Sequence

import numpy as np

from nlp.encoder import Encoder, shared_encoder
from nlp.sentiment import SentimentReader, shared_reader
from shop.errors import ShopError
from shop.feature_store import FeatureStore
from shop.front import Shop, open_shop
from shop.product_features import feature_folder, mood_keys, text_key
from shop.product_texts import ProductText, ReviewText, product_texts, review_texts

PORTION = 32
MOST_REVIEWS = 4
"""Of each product so many reviews are read, the newest."""

LONGEST = 300
Told = Callable[[int, int], None]


def read_texts(shop: Shop, products: Sequence[ProductText], encoder: Encoder, told: Told) -> int:
    """Keep the sentence vectors of products that have none; returns how many were read."""
    store = FeatureStore(feature_folder(shop, "text"))
    texts = {text_key(one): one.text[:LONGEST] for one in products}
    missing = sorted(set(texts) - store.known(texts))
    for start in range(0, len(missing), PORTION):
        some = missing[start : start + PORTION]
        store.add(some, encoder.encode([texts[one] for one in some]))
        told(start + len(some), len(missing))
    return len(missing)


def read_moods(shop: Shop, products: Sequence[ProductText], reader: SentimentReader, told: Told) -> int:
    """Keep [mean praise, its spread, logarithm of the number of reviews] of products whose reviews changed."""
    store = FeatureStore(feature_folder(shop, "mood"))
    keys = mood_keys(shop, products)
    known = store.known(keys.values())
    missing = {product: key for product, key in keys.items() if key not in known}
    reviews = _newest(review_texts(shop), missing) if missing else {}
    todo = sorted(missing)
    for start in range(0, len(todo), PORTION):
        some = todo[start : start + PORTION]
        store.add([missing[one] for one in some], np.stack([_mood(*reviews[one], reader) for one in some]))
        told(start + len(some), len(todo))
    return len(todo)


def _mood(texts: list[str], count: int, reader: SentimentReader) -> np.ndarray:
    praise = reader.chances(texts, review=True)[:, 2]
    return np.array([praise.mean(), praise.std(), math.log1p(count)], np.float32)


def _newest(reviews: Iterable[ReviewText], wanted: Iterable[int]) -> dict[int, tuple[list[str], int]]:
    """Product id → (its newest reviews, how many there are)."""
    chosen = set(wanted)
    kept: dict[int, deque[str]] = defaultdict(lambda: deque(maxlen=MOST_REVIEWS))
    counts: dict[int, int] = defaultdict(int)
    for one in reviews:
        if one.product_id in chosen:
            counts[one.product_id] += 1
            kept[one.product_id].append(one.text[:LONGEST])
    return {product: (list(texts), counts[product]) for product, texts in kept.items()}


def main(arguments: list[str] | None = None) -> int:
    """Read what is new; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlp.product_vectors", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    quiet = parser.parse_args(arguments).quiet

    def tell(done: int, of: int) -> None:
        if not quiet:
            print(f"\r→ reading what stands about products: {done} of {of}", end="", flush=True)

    try:
        shop = open_shop()
        products = product_texts(shop)
        texts = read_texts(shop, products, shared_encoder(shop.settings.encoder).inner, tell)
        reader = shared_reader()
        moods = read_moods(shop, products, reader, tell) if reader is not None else 0
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    if not quiet:
        end = f"\n→ read the words of {texts} products and the reviews of {moods}"
        print(end if texts or moods else "→ the words of the products are read", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
