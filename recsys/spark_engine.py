"""What is learned of behaviour by Spark, for shops whose events outgrow one machine: ``recsys.train --engine spark``.

Events come as Parquet or over JDBC, with the columns customer_id, product_id, kind,
rating, session, at (a timestamp, or seconds since 1970). Spark cleans, weighs and adds
them up, learns ALS (MLlib, implicit), counts popularity and which items are touched
together; what comes back is as big as the catalogue. Nothing here runs Python on the
workers, so they need none. PySpark is an extra: ``pip install -r requirements-spark.in``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable

import numpy as np

from recsys.cleaning import OLDEST, CleaningConfig
from recsys.popularity import PopularityConfig
from recsys.weights import DAY_S, NEUTRAL_STARS, Weights
from shop.errors import BadValue

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from recsys.als import AlsConfig

COLUMNS = ("customer_id", "product_id", "kind", "rating", "session", "at")
LEAST_WEIGHT = 1e-3


@dataclass(frozen=True)
class Learned:
    """Arrays over the products, in the order of their ids.

    ``items`` are ALS vectors, ``gram`` counts customers who touched both of two kept
    products, ``kept`` the columns of the most touched, ``scores`` the popularity.
    """

    items: np.ndarray
    touched: np.ndarray
    scores: np.ndarray
    kept: np.ndarray
    gram: np.ndarray
    customers: int
    cells: int


def start(master: str = "", **more: str) -> SparkSession:
    """A Spark session; on a cluster ``spark-submit`` has named the master already.

    Raises:
        BadValue: PySpark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise BadValue("PySpark is not installed: pip install -r requirements-spark.in (Java 8, 11 or 17)") from error
    builder = SparkSession.builder.appName("xiaoer recsys").config("spark.ui.enabled", "false")
    for name, value in more.items():
        builder = builder.config(name.replace("_", "."), value)
    return (builder.master(master) if master else builder).getOrCreate()


def read(spark: SparkSession, place: str) -> DataFrame:
    """The events of a Parquet path, or of a JDBC address (``jdbc:postgresql://…``): only of customers who consent.

    Raises:
        BadValue: the events cannot be read, or lack a column.
    """
    try:
        if place.startswith("jdbc:"):
            reader = spark.read.format("jdbc").option("url", place).option("dbtable", f"({CONSENTED}) AS told")
            found = reader.load()
        else:
            found = spark.read.parquet(place)
    except Exception as error:  # Py4J wraps whatever Java says; the address may hold a password
        raise BadValue(
            f"the events cannot be read ({type(error).__name__}): give a Parquet path or a JDBC address"
        ) from error
    missing = [one for one in COLUMNS if one not in found.columns]
    if missing:
        raise BadValue(f"the events have no column {', '.join(missing)}; give {', '.join(COLUMNS)}")
    return found


CONSENTED = (
    "SELECT e.customer_id, e.product_id, e.kind, e.rating, e.session, e.at FROM behaviour_event e "
    "JOIN customer c ON c.id = e.customer_id WHERE c.consent AND c.erased_at IS NULL AND e.product_id IS NOT NULL"
)


def cells_of(events: DataFrame, ids: Iterable[int], refused: Iterable[int], weights: Weights, now: float) -> DataFrame:
    """(customer, product, amount, at): what each customer did with each product, cleaned, weighed, added up."""
    from pyspark.sql import functions as f

    config = CleaningConfig()
    plain = events.select(
        f.col("customer_id").cast("int").alias("customer"),
        f.col("product_id").cast("int").alias("product"),
        f.col("kind"), f.col("rating").cast("double"), f.col("session"),
        f.col("at").cast("double").alias("at"),
    )  # fmt: skip
    known = plain.filter(
        (f.col("customer") > 0)
        & f.col("product").isin(list(map(int, ids)))
        & f.col("kind").isin(list(weights.kinds))
        & f.col("at").between(OLDEST, now + config.future_s)
    )
    if refused := list(map(int, refused)):
        known = known.filter(~f.col("customer").isin(refused))
    once = known.dropDuplicates(["customer", "product", "kind", "at"])
    day = f.floor(f.col("at") / DAY_S).alias("day")
    busy = once.groupBy("customer", day).count().filter(f.col("count") > config.bot_events_a_day)
    people = once.withColumn("day", f.floor(f.col("at") / DAY_S)).join(busy, ["customer", "day"], "left_anti")
    amount = _kind_weight(weights) * f.pow(f.lit(0.5), (f.lit(now) - f.col("at")) / (DAY_S * weights.half_life_days))
    summed = people.groupBy("customer", "product").agg(f.sum(amount).alias("total"), f.max("at").alias("at"))
    return summed.filter(f.col("total") > LEAST_WEIGHT).select(
        "customer", "product", f.log1p("total").alias("amount"), "at"
    )


def _kind_weight(weights: Weights) -> Column:
    """As ``Weights.of`` before ageing: of its kind; of a rating, by how far the stars are from the middle."""
    from pyspark.sql import functions as f

    found = f.lit(0.0)
    for kind, one in weights.kinds.items():
        found = f.when(f.col("kind") == kind, f.lit(float(one))).otherwise(found)
    stars = f.coalesce(f.col("rating"), f.lit(NEUTRAL_STARS + 1))
    return f.when(f.col("kind") == "rate", found * (stars - NEUTRAL_STARS + 0.5) / 1.5).otherwise(found)


def learn(cells: DataFrame, ids: np.ndarray, als: AlsConfig, most_items: int) -> Learned:
    """ALS, popularity and common touches.

    Raises:
        BadValue: there is nothing to learn from.
    """
    from pyspark.sql import functions as f

    cells = cells.cache()
    counts = np.zeros(len(ids))
    for row in cells.groupBy("product").count().collect():
        counts[np.searchsorted(ids, row["product"])] = row["count"]
    if not counts.any():
        raise BadValue("no interaction to learn from")
    newest = float(cells.agg(f.max("at")).first()[0])
    each = cells.groupBy("customer").count().agg(f.count("*"), f.sum(f.col("count") * f.col("count"))).first()
    customers, products = int(each[0]), int((counts > 0).sum())
    usual = float(np.sqrt(each[1] * (counts**2).sum())) / counts.sum()
    kept = np.sort(np.argsort(-counts, kind="stable")[: min(most_items, products)])
    return Learned(
        items=_als_vectors(cells, ids, als.for_customers(customers), usual),
        touched=np.flatnonzero(counts),
        scores=_popularity(cells, ids, counts, newest),
        kept=kept,
        gram=_common(cells, ids, kept),
        customers=customers,
        cells=int(counts.sum()),
    )


def _als_vectors(cells: DataFrame, ids: np.ndarray, config: AlsConfig, usual: float) -> np.ndarray:
    """Item vectors of MLlib's ALS, which multiplies λ with the cells of each row, as ours does not: so λ is divided.

    Args:
        cells: what ``cells_of`` made.
        ids: of the products, rising.
        config: of our ALS.
        usual: how many cells the row of a cell has, its customer's and its product's in the (geometric) mean: rows
            with many cells decide, and the mean row, which is short, would make λ too strong for them.
    """
    from pyspark.ml.recommendation import ALS

    blocks = max(2, cells.sparkSession.sparkContext.defaultParallelism)
    trained = ALS(
        rank=config.factors, maxIter=config.iterations, regParam=float(config.regularisation / usual),
        implicitPrefs=True, alpha=float(config.alpha), seed=config.seed,
        userCol="customer", itemCol="product", ratingCol="amount", numUserBlocks=blocks, numItemBlocks=blocks,
    ).fit(cells)  # fmt: skip
    found = np.zeros((len(ids), config.factors), np.float32)
    for row in trained.itemFactors.collect():
        found[np.searchsorted(ids, row["id"])] = row["features"]
    return found


def _popularity(cells: DataFrame, ids: np.ndarray, counts: np.ndarray, newest: float) -> np.ndarray:
    """As ``recsys.popularity``: customers of all time, and lately."""
    from pyspark.sql import functions as f

    config = PopularityConfig()
    halved = f.pow(f.lit(0.5), (f.lit(newest) - f.col("at")) / (DAY_S * config.half_life_days))
    lately = np.zeros(len(ids))
    for row in cells.groupBy("product").agg(f.sum(halved).alias("lately")).collect():
        lately[np.searchsorted(ids, row["product"])] = row["lately"]
    trend = config.trend
    return np.asarray((1 - trend) * counts / counts.sum() + trend * lately / lately.sum(), np.float32)


def _common(cells: DataFrame, ids: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """XᵀX of the kept columns."""
    from pyspark.sql import functions as f

    chosen = cells.filter(f.col("product").isin(ids[kept].tolist()))
    left, right = chosen.select("customer", "product"), chosen.select("customer", f.col("product").alias("other"))
    pairs = left.join(right, "customer").filter(f.col("product") <= f.col("other")).groupBy("product", "other").count()
    gram, known = np.zeros((len(kept), len(kept)), np.float32), ids[kept]
    for row in pairs.toLocalIterator():
        a, b = np.searchsorted(known, row["product"]), np.searchsorted(known, row["other"])
        gram[a, b] = gram[b, a] = row["count"]
    return gram
