"""Units on shelves, and the movements that explain them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shop.errors import BadQuantity, OutOfStock, ProductNotFound
from shop.front import Shop
from shop.models import Incoming, Stock, StockMovement
from tests.builders import Builder
from tests.conftest import Clock

LONG_AGO = timedelta(days=30)


def _levels(shop: Shop, sku: Any) -> list[tuple[int, int]]:
    with shop.database.read() as session:
        rows = session.query(Stock).filter_by(sku_id=sku.id).order_by(Stock.id)
        return [(row.on_hand, row.reserved) for row in rows]


def _moves(shop: Shop) -> list[tuple[str, int]]:
    with shop.database.read() as session:
        return [(row.kind, row.quantity) for row in session.query(StockMovement).order_by(StockMovement.id)]


def _two_warehouses(shop: Shop, build: Builder) -> Any:
    product = build.product(stock=3)
    build.add(Stock(sku_id=product.skus[0].id, warehouse_id=build.warehouse("广州仓").id, on_hand=5))
    return product.skus[0]


def test_a_product_answers_with_all_its_skus_and_their_sum(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "L")], stock=[2, 5])
    answer = shop.stock.availability(product.code)
    assert (answer.available, [view.available for view in answer.skus]) == (7, [2, 5])
    assert (answer.product_name, answer.restock_at, answer.restock_quantity) == (product.name, None, 0)


def test_colour_and_size_narrow_the_answer(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("红色", "L"), ("黑色", "L")], stock=[1, 2, 4])
    assert shop.stock.availability(product.code, color="红").available == 3
    assert shop.stock.availability(product.code, size="l码").available == 6
    assert shop.stock.availability(product.code, color="红色", size="L").available == 2


def test_a_colour_that_does_not_exist_has_no_skus_at_all(shop: Shop, build: Builder) -> None:
    answer = shop.stock.availability(build.product().code, color="绿色")
    assert (answer.skus, answer.available) == ((), 0)


def test_a_product_off_sale_has_no_free_units(shop: Shop, build: Builder) -> None:
    assert shop.stock.availability(build.product(on_sale=0).code).available == 0


def test_an_unknown_product_is_not_found(shop: Shop) -> None:
    with pytest.raises(ProductNotFound):
        shop.stock.availability("nothing")


def test_the_next_arrival_is_told_and_received_goods_are_not(shop: Shop, build: Builder, clock: Clock) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "M")])
    home = build.warehouse().id
    for sku, days, received in ((0, 3, None), (0, 9, None), (1, 3, None), (0, 1, clock())):
        at = clock() + timedelta(days=days)
        columns = {"sku_id": product.skus[sku].id, "warehouse_id": home, "quantity": 10}
        build.add(Incoming(expected_at=at, received_at=received, **columns))
    answer = shop.stock.availability(product.code)
    assert (answer.restock_at, answer.restock_quantity) == (clock() + timedelta(days=3), 20)
    assert shop.stock.availability(product.code, color="黑色").restock_quantity == 10


def test_reserving_takes_from_the_fullest_warehouse_and_spills_over(shop: Shop, build: Builder) -> None:
    sku = _two_warehouses(shop, build)
    with shop.database.change() as session:
        shop.stock.reserve(session, sku.id, 7, "A")
    assert _levels(shop, sku) == [(3, 2), (5, 5)]
    assert _moves(shop) == [("reserve", 5), ("reserve", 2)]


def test_reserving_too_much_leaves_everything_as_it_was(shop: Shop, build: Builder) -> None:
    sku = _two_warehouses(shop, build)
    with pytest.raises(OutOfStock) as caught, shop.database.change() as session:
        shop.stock.reserve(session, sku.id, 9, "A")
    assert caught.value.facts["available"] == 8
    assert (_levels(shop, sku), _moves(shop)) == ([(3, 0), (5, 0)], [])


def test_releasing_gives_back_only_what_this_reference_holds(shop: Shop, build: Builder, clock: Clock) -> None:
    sku = _two_warehouses(shop, build)
    with shop.database.change() as session:
        shop.stock.reserve(session, sku.id, 6, "A")
        shop.stock.reserve(session, sku.id, 2, "B")
        assert shop.stock.release(session, sku.id, 99, "A", clock() - LONG_AGO) == 6
        assert shop.stock.release(session, sku.id, 1, "A", clock() - LONG_AGO) == 0
        assert shop.stock.release(session, sku.id, 1, "nobody", clock() - LONG_AGO) == 0
    assert sum(reserved for _, reserved in _levels(shop, sku)) == 2


def test_shipping_takes_the_reserved_units_off_the_shelf(shop: Shop, build: Builder, clock: Clock) -> None:
    sku = _two_warehouses(shop, build)
    with shop.database.change() as session:
        shop.stock.reserve(session, sku.id, 6, "A")
        shop.stock.ship(session, sku.id, 6, "A", clock() - LONG_AGO)
        assert shop.stock.release(session, sku.id, 6, "A", clock() - LONG_AGO) == 0
    assert _levels(shop, sku) == [(2, 0), (0, 0)]
    assert sum(quantity for kind, quantity in _moves(shop) if kind == "ship") == -6


def test_goods_without_a_reservation_ship_from_free_units_only(shop: Shop, build: Builder, clock: Clock) -> None:
    sku = build.product(stock=3).skus[0]
    with shop.database.change() as session:
        shop.stock.reserve(session, sku.id, 2, "A")
        shop.stock.ship(session, sku.id, 1, "imported", clock() - LONG_AGO)
    assert _levels(shop, sku) == [(2, 2)]
    with pytest.raises(OutOfStock), shop.database.change() as session:
        shop.stock.ship(session, sku.id, 1, "imported", clock() - LONG_AGO)
    assert _levels(shop, sku) == [(2, 2)]


def test_received_goods_lie_on_the_shelf_even_a_new_one(shop: Shop, build: Builder) -> None:
    sku = build.product(stock=3).skus[0]
    new = build.warehouse().id
    with shop.database.change() as session:
        shop.stock.receive(session, sku.id, new, 4, "PO1")
        shop.stock.receive(session, sku.id, new, 1, "AS1", "return")
    assert _levels(shop, sku) == [(3, 0), (5, 0)]
    assert _moves(shop) == [("receive", 4), ("return", 1)]


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_moves_by_less_than_one_unit(shop: Shop, build: Builder, clock: Clock, quantity: int) -> None:
    sku = build.product().skus[0]
    with shop.database.change() as session:
        for move in (
            lambda: shop.stock.reserve(session, sku.id, quantity, "A"),
            lambda: shop.stock.release(session, sku.id, quantity, "A", clock()),
            lambda: shop.stock.ship(session, sku.id, quantity, "A", clock()),
            lambda: shop.stock.receive(session, sku.id, 1, quantity, "A"),
        ):
            with pytest.raises(BadQuantity):
                move()
