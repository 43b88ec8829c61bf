"""Living with the demo shop: its customer, its commands, making it and keeping it young."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from shop.demo import cli
from shop.demo.check import find_faults
from shop.demo.making import build as build_demo
from shop.demo.refresh import refresh
from shop.demo.world import SMALL
from shop.errors import NotFound
from shop.front import Shop
from shop.models import (
    Customer,
    Order,
    Product,
)  # fmt: skip
from shop.states import OrderState
from tests.builders import Builder
from tests.demo_shops import DEMO_NOW, columns, count_rows, demo_shop_in

# The demo customer


def test_the_demo_customer_has_an_order_in_every_state_and_a_case(demo_shop: Shop, capsys):
    told = json.loads(_run(demo_shop, capsys, "token"))
    facts = told["customer"]
    assert demo_shop.identity.read_token(told["token"]) == facts["id"] == 1
    assert {order["state"] for order in facts["orders"]} == {state.value for state in OrderState}
    assert [order["created_at"] for order in facts["orders"]] == sorted(
        (order["created_at"] for order in facts["orders"]), reverse=True
    )
    parcels = [parcel for order in facts["orders"] for parcel in order["parcels"]]
    assert {"in_transit", "out_for_delivery", "delivered"} <= {parcel["state"] for parcel in parcels}
    assert [parcel["stuck"] for parcel in parcels].count(True) == 1
    assert any("return" in order["can"] for order in facts["orders"])
    assert any("cancel" in order["can"] and len(order["lines"]) > 1 for order in facts["orders"])
    assert [case["state"] for case in facts["cases"]] == ["approved"]
    assert {one["state"] for one in facts["invoices"]} == {"issued", "requested"}
    assert len(facts["coupons"]) >= 3
    assert facts["level"] >= 1
    assert len(facts["phone_tail"]) == 4


def test_the_phone_tail_proves_who_one_is(own_demo_shop: Shop, capsys):
    facts = json.loads(_run(own_demo_shop, capsys, "token", "--customer", "7"))["customer"]
    number = facts["orders"][0]["number"]
    assert own_demo_shop.identity.prove("somebody", number, facts["phone_tail"]) == 7


def test_a_shell_talk_is_linked_to_the_customer(own_demo_shop: Shop, capsys):
    sender = _run(own_demo_shop, capsys, "shell", "--customer", "3").strip()
    assert own_demo_shop.identity.who(sender) == 3


def test_an_unknown_customer_gets_no_token(demo_shop: Shop, capsys):
    with pytest.raises(NotFound):
        _run(demo_shop, capsys, "token", "--customer", "999999")


def test_the_facts_name_what_is_sold_out_scarce_and_coming(demo_shop: Shop, capsys):
    facts = json.loads(_run(demo_shop, capsys, "facts"))
    assert all(row["free"] == 0 for row in facts["sold_out"] + facts["sold_out_and_coming"])
    assert facts["sold_out_and_coming"]
    code = facts["sold_out_and_coming"][0]["product"]
    assert demo_shop.stock.availability(code).restock_at is not None
    assert any(one["running"] and one["level"] == 0 for one in facts["coupons"])


def _run(shop: Shop, capsys, *arguments: str) -> str:
    cli.run(shop, list(arguments))
    return capsys.readouterr().out


# Building and ageing


def test_a_second_build_changes_nothing(own_demo_shop: Shop):
    before = count_rows(own_demo_shop, Order)
    assert build_demo(own_demo_shop, small=True, quiet=True) == {}
    assert count_rows(own_demo_shop, Order) == before


def test_a_forced_build_makes_it_anew(own_demo_shop: Shop):
    own_demo_shop.orders.cancel(1, own_demo_shop.orders.list(1)[0].number, "unwanted", key="k")
    assert build_demo(own_demo_shop, small=True, quiet=True, force=True)["orders"] == SMALL.orders
    assert own_demo_shop.orders.list(1, states=["pending_payment"])


def test_a_half_made_shop_is_made_anew(own_demo_shop: Shop):
    path = own_demo_shop.settings.data_dir / "demo.json"
    path.write_text(path.read_text().replace('"built"', '"building"'))
    assert build_demo(own_demo_shop, small=True, quiet=True)["orders"] == SMALL.orders


@pytest.mark.parametrize("force", [False, True])
def test_a_shop_that_the_demo_did_not_make_is_never_touched(shop: Shop, build: Builder, force: bool):
    product = build.product()
    assert build_demo(shop, small=True, quiet=True, force=force) == {}
    assert columns(shop, Product.code) == [product.code]


@pytest.mark.parametrize("days", [1, 40])
def test_an_old_shop_grows_young(own_demo_shop: Shop, clock, days: int):
    clock.on(days=days)
    done = refresh(own_demo_shop, quiet=True)
    assert done["new"] > 10
    assert done["moved"] > 5
    mine = own_demo_shop.orders.list(1, limit=None, since=clock.now - timedelta(days=15))
    assert {order.state for order in mine} == set(OrderState)
    unpaid = own_demo_shop.orders.list(1, states=["pending_payment"])
    assert [order.pay_by > clock.now for order in unpaid] == [True]
    with own_demo_shop.database.read() as session:
        assert find_faults(session, clock.now) == {}
    assert own_demo_shop.membership.claimable(5)


def test_a_young_shop_is_left_alone(own_demo_shop: Shop, clock):
    clock.on(minutes=5)
    assert refresh(own_demo_shop, quiet=True) == {}


@pytest.mark.postgres
def test_postgresql_takes_it_too_and_counts_on_after_it(postgres, tmp_path: Path):
    postgres.run("CREATE DATABASE xiaoer_demo")
    address = postgres.address("xiaoer_demo")
    shop = demo_shop_in(tmp_path, lambda: DEMO_NOW, address)
    with shop.database.read() as session:
        assert find_faults(session, DEMO_NOW) == {}
    order = shop.orders.list(1, states=["paid"])[0]
    assert shop.orders.add_note(1, order.number, "ring twice", key="k").note
    customer = Customer(code="new")
    with shop.database.change() as session:
        session.add(customer)
    assert customer.id == SMALL.customers + 1
    shop.database.dispose()
