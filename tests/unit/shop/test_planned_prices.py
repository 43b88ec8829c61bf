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


def test_goods_on_promotion_are_listed_with_their_end_the_largest_share_off_first(shop: Shop, build: Builder) -> None:
    small = build.product(price_fen=9000)
    large = build.product(price_fen=[5000, 9900], options=[("红色", "M"), ("红色", "L")])
    usual, dearer_later, cheaper_next, gone = (build.product(price_fen=8000) for _ in range(4))
    gone.on_sale = 0
    build.add(gone)
    for product, price_then in ((small, 10000), (gone, 10000)):
        planned(shop, build, product.skus[0].id, (-9, 10000), (-1, 9000), (2, price_then))
    planned(shop, build, large.skus[0].id, (-9, 10000), (-1, 5000), (3, 10000), (9, 5000))
    rising = build.product(price_fen=5000)  # it never cost more
    planned(shop, build, rising.skus[0].id, (-9, 5000), (2, 6000))
    planned(shop, build, large.skus[1].id, (3, 10000))
    planned(shop, build, dearer_later.skus[0].id, (-9, 8000), (1, 7000), (3, 8000))  # a promotion that is to come
    planned(shop, build, cheaper_next.skus[0].id, (2, 7000))
    planned(shop, build, usual.skus[0].id, (-9, 8000))
    shop.catalogue.refresh()
    found, count = shop.catalogue.reduced()
    assert [(one.card.code, one.price.price_fen, one.price.usual_fen) for one in found] == [
        (large.code, 5000, 10000),
        (small.code, 9000, 10000),
    ]
    assert (count, found[0].price.until) == (2, shop.clock() + timedelta(days=3))
    assert [one.card.code for one in shop.catalogue.reduced(limit=1)[0]] == [large.code]
    assert shop.catalogue.reduced("no such category") == ([], 0)
