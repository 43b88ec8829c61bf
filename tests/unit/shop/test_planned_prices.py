"""Prices that were planned: they begin by themselves, and a promotion's end is told beforehand."""

from __future__ import annotations

from datetime import timedelta

from shop.front import Shop
from shop.models import PriceChange, Sku
from shop.planned_prices import take_effect
from tests.builders import Builder
from tests.conftest import Clock


def planned(shop: Shop, build: Builder, sku: int, *changes: tuple[float, int]) -> None:
    for days, price in changes:
        build.add(PriceChange(sku_id=sku, at=shop.clock() + timedelta(days=days), price_fen=price))


def price(shop: Shop, sku: int) -> int:
    with shop.database.read() as session:
        return int(session.get(Sku, sku).price_fen)


def test_a_planned_price_begins_when_its_moment_comes_and_ends_likewise(
    shop: Shop, build: Builder, clock: Clock
) -> None:
    sku = build.product(price_fen=10000).skus[0].id
    planned(shop, build, sku, (-90, 10000), (1, 8000), (4, 10000))
    assert (take_effect(shop), price(shop, sku)) == (0, 10000)
    clock.on(days=2)
    assert (take_effect(shop), price(shop, sku)) == (1, 8000)
    assert take_effect(shop) == 0
    clock.on(days=9)
    assert (take_effect(shop), price(shop, sku)) == (1, 10000)


def test_a_price_that_was_set_by_hand_stays(shop: Shop, build: Builder, clock: Clock) -> None:
    sku = build.product(price_fen=9500).skus[0].id
    planned(shop, build, sku, (-90, 10000), (1, 8000))
    clock.on(days=2)
    assert (take_effect(shop), price(shop, sku)) == (0, 9500)


def test_the_end_of_a_promotion_is_known_beforehand_and_its_begin_is_not_told(
    shop: Shop, build: Builder, clock: Clock
) -> None:
    product = build.product(price_fen=[8000, 12000], options=[("红色", "M"), ("红色", "L")])
    sku = product.skus[0].id
    planned(shop, build, sku, (-90, 10000), (-1, 8000), (2, 10000), (30, 8000))
    end = clock() + timedelta(days=2)
    assert shop.catalogue.product(product.code).dearer_from == (end, 10000, 12000)
    clock.on(days=3)
    assert take_effect(shop) == 1
    assert shop.catalogue.product(product.code).dearer_from is None
