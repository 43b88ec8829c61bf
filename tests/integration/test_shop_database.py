"""The database's own troubles reach callers as the shop's errors, and queries go by indexes."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine

from shop.database import Database
from shop.entities import NewAddress
from shop.errors import BadSetting, ConcurrentChange, DatabaseDown
from shop.front import Shop
from shop.models import Base, Category, Customer, Order
from shop.states import OrderState
from tests.builders import Builder
from tests.integration.test_shop_races import at_once
from tests.servers import PostgresServer, free_port

_SMALL = {"product", "brand", "category", "sku", "coupon", "warehouse"}
"""Tables that the catalogue's index reads whole, or that hold a few rows."""


def test_a_database_that_is_not_there_is_down(tmp_path: Path) -> None:
    for address in (f"postgresql+psycopg2://nobody@127.0.0.1:{free_port()}/none", f"sqlite:///{tmp_path}/no/such.db"):
        database = Database(address)
        for door in (database.read, database.change):
            with pytest.raises(DatabaseDown), door() as session:
                session.execute(text("SELECT 1"))


def test_a_server_that_dies_in_between_is_down_and_says_nothing_secret(postgres: PostgresServer) -> None:
    server = PostgresServer().start()
    database = Database(server.address())
    with database.read() as session:
        session.execute(text("SELECT 1"))
    server.stop()
    with pytest.raises(DatabaseDown) as caught, database.read() as session:
        session.execute(text("SELECT 'secret'"))
    assert "secret" not in str(caught.value)


def test_a_server_that_takes_the_call_and_says_nothing_is_down_within_seconds() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database = Database(f"postgresql+psycopg2://nobody@127.0.0.1:{silent.getsockname()[1]}/none")
        begin = time.monotonic()
        with pytest.raises(DatabaseDown), database.read() as session:
            session.execute(text("SELECT 1"))
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize(
    "address", ["postgres://ann:hunter2@host/shop", "hunter2", "nosuch+driver://ann:hunter2@host/shop"]
)
def test_an_address_that_is_none_is_a_bad_setting_and_shows_no_password(address: str) -> None:
    with pytest.raises(BadSetting, match="XIAOER_DATABASE_URL") as caught:
        Database(address)
    assert "hunter2" not in str(caught.value)


def test_a_row_that_changed_in_between_is_a_concurrent_change(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])

    def overtaken() -> None:
        with shop.database.change() as session:
            stale = session.get(Order, order.id)
            session.execute(text("UPDATE orders SET version = version + 1"))
            stale.deliver_on = "2025-03-15"

    with pytest.raises(ConcurrentChange):
        overtaken()
    assert shop.orders.get(order.customer_id, order.number).deliver_on is None


def test_requests_that_lock_in_opposite_directions_end_as_a_concurrent_change_for_one(
    shop: Shop, build: Builder
) -> None:
    if shop.database.is_sqlite:
        return  # one lock for the whole file: there is no ring to close
    ids = [build.customer().id for _ in range(2)]

    def lock(first: int, second: int) -> str:
        with shop.database.change() as session:
            for one in (first, second):
                session.execute(select(Customer.id).where(Customer.id == one).with_for_update())
                session.execute(text("SELECT pg_sleep(0.3)"))
        return "done"

    results = at_once(lambda: lock(*ids), lambda: lock(*reversed(ids)))
    assert sorted(one if one == "done" else type(one).__name__ for one in results) == ["ConcurrentChange", "done"]


def test_an_error_in_a_change_leaves_nothing_behind(shop: Shop) -> None:
    def fail() -> None:
        with shop.database.change() as session:
            session.add(Category(code="x", name="鞋"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with shop.database.read() as session:
        assert session.query(Category).count() == 0


def test_every_query_about_customers_and_orders_goes_by_an_index(shop: Shop, build: Builder) -> None:
    if not shop.database.is_sqlite:
        return  # PostgreSQL reads small tables whole, whatever their indexes; the queries are the same
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(shop.database.engine, "before_cursor_execute", hear)
    _use_everything(shop, build)
    event.remove(shop.database.engine, "before_cursor_execute", hear)
    assert len(asked) > 150
    assert _scans(shop.database.engine, asked) == set()
    assert _scans(shop.database.engine, [("SELECT * FROM orders WHERE channel = 'web'", ())])  # it would be seen


def _use_everything(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "M")])
    customer, sku = build.customer(consent=True), product.skus[0]
    paid, gone = build.order(customer, sku), build.order(customer, sku)
    arrived = build.order(customer, sku, state=OrderState.DELIVERED)
    who = customer.id
    shop.orders.list(who, states=["paid"], since=arrived.created_at, words="连衣裙")
    shop.orders.spend(who)
    shop.orders.change_address(who, paid.number, NewAddress("浙江省", "杭州市", "西湖区", "文三路1号"), key="a")
    shop.orders.modify_line(who, paid.number, paid.lines[0].id, color="黑色", key="m")
    shop.orders.add_note(who, paid.number, "快", key="n")
    shop.orders.urge(who, paid.number, key="u")
    shop.orders.cancel(who, gone.number, "unwanted", key="c")
    shop.invoices.request(who, paid.number, "personal", "王", key="i")
    shop.invoices.list(who, order_number=paid.number)
    shop.orders.advance(paid.number, OrderState.SHIPPED, by="shop", courier="顺丰速运", tracking_number="SF1")
    case = shop.aftersale.open(who, arrived.number, "return", "unwanted", key="r")
    for step in ("approved", "goods_on_way", "goods_received", "refunding", "done"):
        shop.aftersale.step(case.number, step, "agent")
    shop.aftersale.list(who, order_number=arrived.number, open_only=True)
    build.coupon()
    shop.membership.claim(who, key="k")
    shop.membership.coupons(who)
    shop.membership.card(who)
    shop.customers.find_by_phone("13812345678")
    shop.customers.set_marketing(who, True, key="w")
    shop.events.record(who, "s", "view", product.id)
    shop.orders.expire_unpaid()
    shop.stock.availability(product.code)
    shop.catalogue.product(product.code)
    shop.catalogue.search("红色连衣裙", in_stock=True)


def _scans(engine: Engine, asked: list[tuple[str, Any]]) -> set[tuple[str, str]]:
    """(plan line, statement) of every pass over a whole table that may grow."""
    found = set()
    with engine.connect() as connection:
        for statement, parameters in asked:
            if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
                continue
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                scan = re.match(r"SCAN (\w+)", row[3])
                if scan and scan[1] in set(Base.metadata.tables) - _SMALL:
                    found.add((row[3], statement))
    return found


def test_the_migrations_make_the_tables_and_indexes_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_processes_that_make_the_schema_at_once_wait_for_each_other(tmp_path: Path, postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE at_once")
    for address in (f"sqlite:///{tmp_path}/new.db", postgres.address("at_once")):
        code = f"from shop.database import Database; Database({address!r}).create_all()"
        makers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
        assert [(maker.communicate()[1], maker.returncode) for maker in makers] == [(b"", 0)] * 3
