"""Spark learns the same from the same events. Without PySpark (an extra) and Java these tests are skipped."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from recsys.als import Als
from recsys.artefact import load_artefact
from recsys.cleaning import table_of
from recsys.ease import Ease
from recsys.interactions import Interactions
from recsys.measures import ndcg_at
from recsys.popularity import Popularity
from recsys.recommender import Recommender
from recsys.spark_engine import COLUMNS, cells_of, learn, read, start
from recsys.spark_train import models_of, train_by_spark
from recsys.splits import split
from recsys.train import ALS, EASE, interactions_of
from recsys.weights import Weights
from shop.errors import BadValue
from shop.event_reader import EventRow, read_events
from shop.front import Shop
from tests.unit.recsys.conftest import tasteful

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a Java machine on a loaded one
NOW = 1.72e9
WEIGHTS = Weights({"view": 1.0, "buy": 5.0, "rate": 2.0}, 180.0)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory):
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install -r requirements-spark.in")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: apt-get install default-jre-headless")
    local = {"spark_local_dir": str(tmp_path_factory.mktemp("spark")), "spark_driver_host": "127.0.0.1"}
    session = start(
        "local[2]", spark_sql_shuffle_partitions="2", spark_driver_bindAddress="127.0.0.1", **local
    )  # fmt: skip
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def stored(spark, rows: list[EventRow], folder: Path) -> str:
    """Events as a Parquet folder, by way of CSV: PySpark alone writes no Parquet without its workers."""
    with (folder / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in rows:
            rating = "" if one.rating is None else one.rating
            writer.writerow([one.customer, one.product, one.kind, rating, one.session, one.at])
    plain = spark.read.csv(str(folder / "events.csv"), header=True, inferSchema=True)
    plain.write.parquet(str(folder / "events.parquet"))
    return str(folder / "events.parquet")


@pytest.fixture(scope="module")
def parts():
    return split(tasteful(), "random", seed=3)


def events_of(data: Interactions) -> list[EventRow]:
    kinds = ["view", "buy", "rate"]
    return [
        EventRow(int(row) + 1, int(column) + 1, kinds[at % 3], 5.0 if at % 3 == 2 else None, "s", float(when))
        for at, (row, column, when) in enumerate(zip(data.rows, data.columns, data.times))
    ]


def test_als_popularity_and_ease_from_parquet_agree_with_those_learned_here(spark, parts, tmp_path: Path):
    rows = events_of(parts.train)
    noise = [  # of nobody, of no product on sale, of the future, twice the same
        EventRow(0, 1, "view", None, "s", NOW - 5), EventRow(1, 999, "view", None, "s", NOW - 5),
        EventRow(1, 1, "view", None, "s", NOW + 1e6), rows[0],
    ]  # fmt: skip
    ids = np.arange(1, 61)
    cells = cells_of(read(spark, stored(spark, [*rows, *noise], tmp_path)), ids, [], WEIGHTS, NOW)
    learned = learn(cells, ids, ALS, EASE.most_items)
    table = table_of(rows)
    here = interactions_of(table, ids, WEIGHTS.of(table, NOW))
    assert learned.cells == len(here)
    als, ease, popularity = models_of(learned, len(ids))
    assert np.allclose(popularity.scores, Popularity().fit(here).scores, atol=1e-6)
    assert np.allclose(ease.weights, Ease(EASE).fit(here).weights, atol=1e-5)
    hidden = parts.train.seen.nonzero()
    found, own = (
        ndcg_at(one.score_histories(parts.train.matrix), parts.test.seen, hidden) for one in (als, Als(ALS).fit(here))
    )
    assert found > 0.98 * own


def test_spark_writes_the_artefact_that_the_recommender_serves(spark, taught_shop: Shop, tmp_path: Path):
    place = stored(spark, list(read_events(taught_shop)), tmp_path)
    name = train_by_spark(taught_shop, place, tmp_path / "recsys", session=spark)
    artefact = load_artefact(tmp_path / "recsys" / name)
    assert artefact.weights["als"] > 0
    recommender = Recommender(taught_shop, tmp_path / "recsys")
    assert recommender.version == name


def test_events_that_lack_a_column_or_cannot_be_read_are_named(spark, tmp_path: Path):
    spark.range(3).write.parquet(str(tmp_path / "odd"))
    with pytest.raises(BadValue, match="no column customer_id"):
        read(spark, str(tmp_path / "odd"))
    with pytest.raises(BadValue, match="cannot be read"):
        read(spark, str(tmp_path / "nothing"))
