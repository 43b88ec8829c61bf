"""Chat questions over a million orders: ``python -m tests.bench.questions [--postgres] [--times 10] [--json]``.

The demo shop is built and its orders are doubled by SQL, as often as asked. What is
told is CPU time (ours, and on PostgreSQL its backend's too), which other work on the
machine does not change, and the time on the wall beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable

import numpy as np
import yaml
from sqlalchemy import func, select, text

from analytics import after_sale, forecast, insights, order_stats, own_orders, questions, shop_panel, stock_levels
from analytics.questions import Named
from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop.demo.making import build
from shop.front import Shop, open_shop
from shop.models import Order
from shop.sales_days import refresh
from shop.settings import Settings
from tests.bench.bots import cpu_s
from tests.servers import PostgresServer

CASES = Path(__file__).parents[1] / "unit" / "analytics" / "cases.yml"
APART = 10_000_000


def multiply(shop: Shop, times: int) -> int:
    """Copy the orders with their lines and payments so often; returns how many there are then."""
    maps = {
        "orders": {"id": "id + {k}", "number": "'{t}' || substr(number, 4)", "customer_id": "customer_id"},
        "order_line": {"id": "id + {k}", "order_id": "order_id + {k}"},
        "payment": {"id": "id + {k}", "order_id": "order_id + {k}"},
    }
    with shop.database.engine.begin() as connection:
        for table, changed in maps.items():
            columns = list(connection.execute(text(f"SELECT * FROM {table} LIMIT 1")).keys())
            most = connection.execute(text(f"SELECT max(id) FROM {table}")).scalar_one()
            for at in range(1, times + 1):
                values = [changed.get(one, one).format(k=at * APART, t=100 + at) for one in columns]
                connection.execute(
                    text(
                        f"INSERT INTO {table} ({', '.join(columns)}) "
                        f"SELECT {', '.join(values)} FROM {table} WHERE id <= {most}"
                    )
                )
    with shop.database.read() as session:
        return int(session.execute(select(func.count(Order.id))).scalar_one())


def asked(shop: Shop, customer: int) -> list[tuple[str, Callable[[], Any]]]:
    """Every question of the cases, and those about stock and reasons, ready to be asked."""
    ear, now = EntityExtractor(Gazetteer(shop.catalogue.words)), shop.clock()

    def one(words: str, own: bool) -> Any:
        named = [Named(found.type, found.value, found.text, found.start) for found in ear.extract(words)]
        query = questions.read(words, named, now, own=own)
        if query.find:
            return own_orders.find(shop, query, customer)
        return order_stats.answer(shop, query, customer if own else None)

    found: list[tuple[str, Callable[[], Any]]] = []
    for kind, cases in yaml.safe_load(CASES.read_text(encoding="utf-8")).items():
        for case in cases:
            for when in case["when"]:
                for ask in case["ask"]:
                    words = ask.replace("{when}", when).replace("{category}", "手机")
                    words = words.replace("{city}", "杭州").replace("{brand}", "墨鲸")
                    found.append((words, partial(one, words, kind == "own")))
    found.append(("stock", lambda: stock_levels.levels(shop)))
    found.append(("why", lambda: insights.why(shop, questions.read("", [], now, own=False))))
    found.append(("pending", lambda: after_sale.pending(shop)))
    found.append(("forecast", lambda: forecast.forecast(shop_panel.series(shop), 28)))
    return found


def backend_s(shop: Shop) -> float:
    """CPU seconds that PostgreSQL's processes took so far; 0 on SQLite."""
    if shop.database.is_sqlite:
        return 0.0
    with shop.database.engine.connect() as connection:
        pids = [row[0] for row in connection.execute(text("SELECT pid FROM pg_stat_activity WHERE datname = 'xiaoer'"))]
    return sum(map(cpu_s, pids))


def measure(shop: Shop, times: int) -> dict[str, float]:
    """Build, multiply, ask everything once; tells the figures and returns the wall's in ms."""
    customer = _prepared(shop, times)
    questions_asked = asked(shop, customer)
    questions_asked[0][1]()
    wall, cpu = [], []
    backend = backend_s(shop)
    for _, ask in questions_asked:
        start, used = time.perf_counter(), time.process_time()
        ask()
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - used))
    backend = 1000 * (backend_s(shop) - backend) / len(wall)
    for name, values in (("CPU of ours", cpu), ("wall", wall)):
        slow = [f"{questions_asked[at][0]} {values[at]:.0f}" for at in np.argsort(values)[:-6:-1]]
        p50, p95 = np.percentile(values, [50, 95])
        _tell(f"{len(values)} questions, {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms; slowest: {', '.join(slow)}")
    _tell(f"PostgreSQL's own CPU: {backend:.1f} ms a question in the mean; load {os.getloadavg()[0]:.1f}")
    return {"p50_ms": float(np.percentile(wall, 50)), "p95_ms": float(np.percentile(wall, 95)), "max_ms": max(wall)}


def _prepared(shop: Shop, times: int) -> int:
    """Build the demo shop, multiply its orders, reckon the days; returns the customer who bought most often."""
    shop.database.create_all()
    build(shop, quiet=True)
    count = multiply(shop, times)
    begin = time.process_time() + backend_s(shop)
    refresh(shop)
    if not shop.database.is_sqlite:
        with shop.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    _tell(f"{count:,} orders; first reckoning {time.process_time() + backend_s(shop) - begin:.1f} s of CPU")
    with shop.database.read() as session:
        buys = select(Order.customer_id).group_by(Order.customer_id).order_by(func.count().desc()).limit(1)
        return int(session.execute(buys).scalar_one())


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure one database; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.questions", description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of our own instead of SQLite")
    parser.add_argument("--times", type=int, default=10, help="copies of the demo shop's 96,000 orders")
    parser.add_argument("--json", action="store_true", help="the wall's p50, p95 and maximum in ms as JSON")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = _measured(Path(folder), given.postgres, given.times)
    if given.json:
        print(json.dumps(found))
    return 0


def _measured(folder: Path, postgres: bool, times: int) -> dict[str, float]:
    if not postgres:
        return measure(open_shop(Settings(data_dir=folder)), times)
    server = PostgresServer().start()
    try:
        server.run("CREATE DATABASE xiaoer")
        return measure(open_shop(Settings(data_dir=folder, database_url=server.address("xiaoer"))), times)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
