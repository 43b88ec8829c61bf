"""Fixtures that many tests share: a shop over each database, with a clock of its own."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator

import hypothesis
import pytest

from shop.database import Database
from shop.front import Shop
from shop.models import Base
from shop.privacy import Cipher
from shop.settings import Settings
from tests.builders import Builder
from tests.demo_shops import DEMO_NOW, copied, demo_shop_in
from tests.servers import PostgresServer, postgres_bin

SECRET = "a secret for tests only"
# A loaded machine is slow, not wrong.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in real browsers and against real processes get a second try; the summary lists them as RERUN."""
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.flaky(reruns=1))


class Clock:
    """A moment that tests move on themselves: 2025-03-12 (a Wednesday) 10:00 in Shanghai at first."""

    def __init__(self) -> None:
        self.now = datetime(2025, 3, 12, 2, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def on(self, **delta: float) -> None:
        """Move on by days, hours, minutes, seconds."""
        self.now += timedelta(**delta)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One real PostgreSQL for the whole run; its ``xiaoer_template`` has the newest schema."""
    if postgres_bin() is None:
        pytest.skip("PostgreSQL's programs are not installed: apt-get install postgresql")
    server = PostgresServer().start()
    try:
        server.run("CREATE DATABASE xiaoer_template")
        database = Database(server.address("xiaoer_template"))
        database.create_all()
        database.dispose()
        server.run("CREATE DATABASE xiaoer_test TEMPLATE xiaoer_template")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    database.create_all()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty shop's database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "shop.db")
        made = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made = Database(server.address("xiaoer_test"))
    yield made
    if not made.is_sqlite:
        with made.engine.begin() as connection:  # a hundred times faster than a new database, or TRUNCATE
            tables = "; ".join(f"DELETE FROM {table.name}" for table in Base.metadata.sorted_tables)
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {tables}")
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    """The shop's time."""
    return Clock()


@pytest.fixture
def shop(database: Database, clock: Clock, tmp_path: Path) -> Shop:
    """All services over an empty database."""
    given: dict[str, Any] = {"data_dir": tmp_path, "secret_key": SECRET, "catalogue_check_s": 0.0}
    return Shop(Settings(**given), database, Cipher(SECRET), clock)


@pytest.fixture
def build(shop: Shop) -> Builder:
    """Makes products, customers and orders in the shop."""
    return Builder(shop)


@pytest.fixture(scope="session")
def demo_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The small demo shop on SQLite, as of ``DEMO_NOW``. Only to be read: it serves the whole run."""
    made = demo_shop_in(tmp_path_factory.mktemp("demo"), lambda: DEMO_NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def own_demo_shop(demo_shop: Shop, clock: Clock, tmp_path: Path) -> Iterator[Shop]:
    """The small demo shop once more, for a test that changes it; its time stands still until ``clock.on``."""
    clock.now = DEMO_NOW
    made = copied(demo_shop, tmp_path / "own", clock)
    yield made
    made.database.dispose()


@pytest.fixture(scope="session")
def taught_shop(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A copy of the small demo shop with trained recommendations. Only to be read: it serves the whole run."""
    from recsys.train import train

    made = copied(demo_shop, tmp_path_factory.mktemp("taught"), lambda: DEMO_NOW)
    train(made)
    yield made
    made.database.dispose()
