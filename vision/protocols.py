"""How a way of finding is measured, so that nothing is measured on what it was trained on.

``catalogue_only``: products are split into folds. A photo of fold a and a picture of
fold b are compared by a head that was trained on photos of neither fold, so no
product that is searched, right or wrong, was ever trained on.

``all_known``: photos to train on of all products; the queries are other photos.

``not_in_shop``: a fifth of the products leaves the shop, in turn; neither head nor
gallery knows them, and the likeness of the best product must tell their photos.

In all three the principal directions before the head come from all photos and pictures,
without labels: those of products that are left out too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vision.gallery import Gallery
from vision.head import Head
from vision.measures import auroc
from vision.metric import Examples, Metric, MetricConfig

FOLDS = 9
PARTS = 5
SEED = 0
LEAD = 0.5
"""Part of the second product's likeness that is taken from the best one's."""

UNSEEN = MetricConfig(width=320, ridge=0.2)
"""For products that were not trained on a strong ridge keeps more of the encoder's own metric."""

SEEN = MetricConfig(width=800, ridge=0.01)


@dataclass(frozen=True)
class Known:
    """What ``all_known`` measures with."""

    head: Head
    gallery: Gallery
    vectors: np.ndarray
    """Of the gallery's photos and catalogue pictures."""


def split(products: np.ndarray, parts: int) -> np.ndarray:
    """Part of each product, drawn by a fixed seed."""
    order = np.random.default_rng(SEED).permutation(len(products))
    found = np.empty(len(products), int)
    found[order] = np.arange(len(products)) % parts
    return found


def catalogue_only(examples: Examples, queries: np.ndarray, right: np.ndarray, encoder: str) -> np.ndarray:
    """Likeness of each query and product, [n, products]; columns in the order of product ids."""
    products = np.unique(examples.catalogue_products)
    part = split(products, FOLDS)
    part_of = dict(zip(products.tolist(), part.tolist(), strict=True))
    of_query = np.array([part_of[one] for one in right.tolist()])
    metric = Metric(examples, encoder, UNSEEN)
    scores = np.full((len(queries), len(products)), -1.0, np.float32)
    for one in range(FOLDS):
        for other in range(one, FOLDS):
            head = metric.fit(examples.only(products[(part != one) & (part != other)]))
            for asked, shown in {(one, other), (other, one)}:
                rows, columns = np.flatnonzero(of_query == asked), np.flatnonzero(part == shown)
                pictures = examples.only(products[columns])
                if len(rows) and len(columns):
                    gallery = Gallery(head.catalogue(pictures.catalogue), pictures.catalogue_products)
                    scores[np.ix_(rows, columns)] = gallery.scores(head.photos(queries[rows]))
    return scores


def all_known(examples: Examples, encoder: str) -> Known:
    """Head and gallery from catalogue and photos of all products."""
    head = Metric(examples, encoder, SEEN).fit(examples)
    vectors = np.concatenate([head.photos(examples.photos), head.catalogue(examples.catalogue)])
    products = np.concatenate([examples.photo_products, examples.catalogue_products])
    return Known(head, Gallery(vectors, products), vectors)


def standing_out(scores: np.ndarray) -> np.ndarray:
    """How far the best product of each row stands out: what the shop sells is like one product, not like many."""
    first = np.sort(scores, axis=1)[:, -2:]
    return np.asarray(first[:, 1] - LEAD * first[:, 0])


def not_in_shop(examples: Examples, queries: np.ndarray, right: np.ndarray, encoder: str, *, photos: bool) -> float:
    """AUROC of the best likeness between photos of products that the shop has and has not.

    Args:
        examples: catalogue and photos of all products.
        queries: features of other photos.
        right: the product on each.
        encoder: whose features they are.
        photos: whether the shop's photos are in the gallery, or its catalogue pictures only.
    """
    products = np.unique(examples.catalogue_products)
    part = split(products, PARTS)
    metric = Metric(examples, encoder, SEEN if photos else UNSEEN)
    inside, outside = [], []
    for one in range(PARTS):
        kept = examples.only(products[part != one])
        head = metric.fit(kept)
        vectors, names = head.catalogue(kept.catalogue), kept.catalogue_products
        if photos:
            vectors = np.concatenate([vectors, head.photos(kept.photos)])
            names = np.concatenate([names, kept.photo_products])
        best = standing_out(Gallery(vectors, names).scores(head.photos(queries)))
        away = np.isin(right, products[part == one])
        inside.append(best[~away])
        outside.append(best[away])
    return auroc(np.concatenate(inside), np.concatenate(outside))
