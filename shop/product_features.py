"""Vectors of products that one part of the program leaves for another: words, pictures, mood of reviews.

data_dir/features/text/          by the words' hash      written by nlp.product_vectors
data_dir/features/mood/          by product and reviews  written by nlp.product_vectors
data_dir/vision/<encoder>/       by the picture's sha256 written by vision.index
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

import numpy as np
from sqlalchemy import func, select

from shop.feature_store import FeatureStore
from shop.importing.store import ASK, chunks
from shop.models import Picture, Review
from shop.product_texts import ProductText

if TYPE_CHECKING:
    from shop.front import Shop

KINDS = ("text", "picture", "mood")


def text_key(product: ProductText) -> str:
    """The key of a product's words."""
    return hashlib.blake2b(product.text.encode(), digest_size=16).hexdigest()


def mood_keys(shop: Shop, products: Sequence[ProductText]) -> dict[int, str]:
    """Product id → the key of what its reviews say by now; a new review makes a new key."""
    found: dict[int, str] = {}
    query = select(Review.product_id, func.max(Review.id)).where(Review.text != "").group_by(Review.product_id)
    with shop.database.read() as session:
        for some in chunks([one.id for one in products], ASK):
            rows = session.execute(query.where(Review.product_id.in_(some)))
            found.update({product: f"{product}-{newest}" for product, newest in rows})
    return found


def picture_keys(shop: Shop, products: Sequence[ProductText]) -> dict[int, str]:
    """Product id → sha256 of its first picture."""
    found: dict[int, str] = {}
    query = select(Picture.product_id, Picture.sha256).order_by(Picture.product_id, Picture.position.desc())
    with shop.database.read() as session:
        for some in chunks([one.id for one in products], ASK):
            found.update(dict(session.execute(query.where(Picture.product_id.in_(some))).all()))
    return found


def feature_folder(shop: Shop, kind: str) -> Path:
    """Where the vectors of a kind are kept."""
    root = Path(shop.settings.data_dir)
    if kind == "picture":  # one folder an encoder and way of looking
        key = Path(shop.settings.image_encoder).stem
        return next(iter(sorted((root / "vision").glob(f"*{key}-*"))), root / "vision" / key)
    return root / "features" / kind


def product_features(shop: Shop, products: Sequence[ProductText]) -> dict[str, np.ndarray]:
    """Kind → vectors, one row a product, zeros where nothing is known; kinds of which nothing is known are left out."""
    keys = {
        "text": {one.id: text_key(one) for one in products},
        "picture": picture_keys(shop, products),
        "mood": mood_keys(shop, products),
    }
    found = {}
    for kind in KINDS:
        store = FeatureStore(feature_folder(shop, kind))
        known = store.known(keys[kind].values())
        rows = [(at, keys[kind][one.id]) for at, one in enumerate(products) if keys[kind].get(one.id) in known]
        if rows:
            vectors = store.features([key for _, key in rows])
            found[kind] = np.zeros((len(products), vectors.shape[1]), np.float32)
            found[kind][[at for at, _ in rows]] = vectors
    return found
