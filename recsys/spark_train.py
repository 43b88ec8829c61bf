"""Trains what the shop serves on Spark, from events elsewhere: the same artefact as ``recsys.train`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.als import Als
from recsys.content import Content
from recsys.ease import Ease
from recsys.popularity import Popularity
from recsys.spark_engine import Learned, cells_of, learn, read, start
from recsys.train import ALS, EASE, fingerprint, from_shop, make, placed
from recsys.weights import weights_of
from shop.event_reader import refusing
from shop.front import Shop
from shop.product_texts import product_texts
from shop.versions import publish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WEIGHTS = {"als": 1.0, "ease": 0.7, "content": 0.2, "popularity": 0.1}
"""Where the search of ``recsys.blend`` begins and usually ends; nothing is hidden here to weigh the parts on."""


def train_by_spark(
    shop: Shop, place: str, folder: Path | None = None, *, master: str = "", session: SparkSession | None = None
) -> str:
    """Train and publish a version from a Parquet path or a JDBC address; its name.

    Raises:
        BadValue: PySpark is not installed, or the events cannot be read, or hold nothing to learn from.
    """
    products = product_texts(shop)
    ids = np.array([one.id for one in products], np.int64)
    spark = session or start(master)
    try:
        events = read(spark, place)
        now = shop.clock().timestamp()
        cells = cells_of(events, ids, refusing(shop), weights_of(shop.settings), now)
        learned = learn(cells, ids, ALS, EASE.most_items)
    finally:
        if session is None:
            spark.stop()
    space, content = placed(shop, products)
    als, ease, popularity = models_of(learned, len(ids))
    models = [als, ease, Content(vectors=content), popularity]
    artefact = make(ids, learned.touched, models, WEIGHTS, space, *from_shop(shop))
    told = {"engine": "spark", "customers": learned.customers, "cells": learned.cells, "weights": WEIGHTS}
    folder = folder or Path(shop.settings.data_dir) / "recsys"
    return publish(folder, artefact.save, {**told, "sources": fingerprint(shop)})


def models_of(learned: Learned, items: int) -> tuple[Als, Ease, Popularity]:
    """The learned arrays as models, as if they had been fitted here."""
    als, popularity = Als(ALS.for_customers(learned.customers)), Popularity()
    als._restore({"items": learned.items})
    popularity._restore({"scores": learned.scores})
    return als, Ease(EASE).learn(learned.gram.copy(), learned.kept, items), popularity
