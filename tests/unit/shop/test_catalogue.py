"""Products found by Chinese words, and the catalogue's own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shop.entities import ProductCard
from shop.errors import BadValue, ProductNotFound
from shop.front import Shop
from shop.models import Picture, PriceChange, Product, Review, Sku, Stock
from tests.builders import Builder
from tests.conftest import Clock


@pytest.fixture
def goods(build: Builder) -> dict[str, Any]:
    """A small shop: dresses, phones and a phone case."""
    clothes = build.category("服饰", ["衣服"], code="clothing")
    dresses = build.category("连衣裙", ["裙子", "长裙"], code="dress", above=clothes)
    phones = build.category("手机", ["智能手机"], code="phone")
    cases = build.category("手机配件", ["手机壳"], code="phone_case")
    green, guest = build.brand("青禾", ["Qinghe"], code="qinghe"), build.brand("屿客", ["Yuke"], code="yuke")
    home = build.warehouse()
    rows = {
        "floral": ("青禾碎花雪纺连衣裙", dresses, green, [("红色", "M"), ("红色", "L")], [19900, 20900], 9, 50),
        "black": ("青禾小黑裙 收腰款", dresses, green, [("墨岩黑", "M")], [29900], 0, 10),
        "note": (
            "屿客 Note 12 5G 手机",
            phones,
            guest,
            [("晨雾蓝", "128G"), ("墨岩黑", "256G")],
            [129900, 149900],
            5,
            90,
        ),
        "mini": ("屿客 Mini 5 小屏手机", phones, guest, [("珍珠白", "128G")], [229900], 3, 20),
        "shell": ("屿客 硅胶手机壳", cases, guest, [("透明", "")], [2900], 99, 70),
    }
    made = {}
    for code, (name, category, brand, options, prices, stock, popularity) in rows.items():
        made[code] = build.product(
            name, code=code, category=category, brand=brand, options=options, price_fen=prices, stock=stock,
            popularity=popularity, warehouse=home, attributes={"材质": "雪纺"} if code == "floral" else {},
        )  # fmt: skip
    return made


def _codes(cards: list[ProductCard]) -> list[str]:
    return [card.code for card in cards]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("碎花连衣裙", ["floral"]),
        ("我想买一件红色的裙子", ["floral"]),
        ("裙子", ["floral", "black"]),
        ("衣服", ["floral", "black"]),
        ("屿客手机", ["note", "mini"]),
        ("Ｎｏｔｅ12手机", ["note"]),
        ("note12", ["note"]),
        ("128g的屿客手机", ["note", "mini"]),
        ("YUKE mini", ["mini"]),
        ("手机壳", ["shell"]),
        ("雪纺", ["floral"]),
        ("小黑裙", ["black"]),
        ("碎裙", ["floral"]),  # flowered and a dress, though nothing is called that
        ("质裙", ["floral"]),  # one of them in small print, but a dress it is
        ("质花", []),  # and this is not
        ("雪的", []),  # a maker that nobody here has, of whose name one character is left
        ("裙", ["floral", "black"]),
        ("宇宙飞船", []),
        ("'; DROP TABLE product; --", []),
        ("😀😀", []),
    ],
)
def test_words_find_what_they_mean(shop: Shop, goods: dict[str, Any], words: str, found: list[str]) -> None:
    assert _codes(shop.catalogue.search(words)) == found


def test_no_words_mean_everything_the_popular_first(shop: Shop, goods: dict[str, Any]) -> None:
    assert _codes(shop.catalogue.search("")) == ["note", "shell", "floral", "mini", "black"]
    assert _codes(shop.catalogue.search("", limit=2)) == ["note", "shell"]
    assert shop.catalogue.search("", limit=0) == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": "clothing"}, {"floral", "black"}),
        ({"category": "dress"}, {"floral", "black"}),
        ({"brand": "yuke"}, {"note", "mini", "shell"}),
        ({"color": "黑色"}, {"black", "note"}),
        ({"color": "黑色", "in_stock": True}, {"note"}),
        ({"price_max_fen": 20000}, {"floral", "shell"}),
        ({"price_min_fen": 20500, "price_max_fen": 140000}, {"floral", "black", "note"}),
        ({"color": "黑", "price_max_fen": 140000}, {"black"}),  # the black phone costs more than the blue one
        ({"in_stock": True}, {"floral", "note", "mini", "shell"}),
        ({"category": "nothing"}, set()),
    ],
)
def test_filters_narrow_the_search(shop: Shop, goods: dict[str, Any], filters: dict[str, Any], found: set[str]) -> None:
    assert set(_codes(shop.catalogue.search("", **filters))) == found


def test_with_a_filter_the_words_only_order_what_it_finds(shop: Shop, goods: dict[str, Any]) -> None:
    assert _codes(shop.catalogue.search("适合长辈的小屏", category="phone")) == ["mini", "note"]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("cheap", ["shell", "floral", "black", "note", "mini"]),
        ("dear", ["mini", "note", "black", "floral", "shell"]),
        ("popular", ["note", "shell", "floral", "mini", "black"]),
    ],
)
def test_products_are_sorted_as_asked(shop: Shop, goods: dict[str, Any], sort: str, found: list[str]) -> None:
    assert _codes(shop.catalogue.search("", sort=sort)) == found


def test_an_unknown_order_of_sorting_is_refused(shop: Shop) -> None:
    with pytest.raises(BadValue):
        shop.catalogue.search("", sort="nicest")


def test_a_card_tells_live_prices_units_rating_and_picture(shop: Shop, build: Builder, goods: dict[str, Any]) -> None:
    product, now = goods["floral"], shop.clock()
    for position in (1, 0):
        build.add(Picture(product_id=product.id, path=f"floral-{position}.png", sha256="0" * 64, position=position))
    for stars in (5, 4):
        build.add(Review(product_id=product.id, stars=stars, at=now))
    with shop.database.change() as session:
        session.execute(update(Sku).where(Sku.id == product.skus[0].id).values(price_fen=100))
        session.execute(update(Stock).where(Stock.sku_id == product.skus[0].id).values(reserved=4))
    card = shop.catalogue.search("碎花")[0]
    assert (card.price_min_fen, card.price_max_fen, card.available) == (100, 20900, 14)
    assert (card.rating, card.reviews, card.picture) == (4.5, 2, "floral-0.png")
    assert (card.brand, card.category) == ("青禾", "连衣裙")


def test_a_product_off_sale_is_not_found_by_words_but_by_code_with_no_units(shop: Shop, goods: dict[str, Any]) -> None:
    with shop.database.change() as session:
        session.execute(update(Product).where(Product.code == "floral").values(on_sale=0))
    assert _codes(shop.catalogue.search("碎花连衣裙")) == ["black"]
    detail = shop.catalogue.product("floral")
    assert (detail.card.available, [sku.available for sku in detail.skus]) == (0, [0, 0])


def test_a_new_product_is_found_at_once_when_the_index_may_not_lag(
    shop: Shop, build: Builder, goods: dict[str, Any]
) -> None:
    before = shop.catalogue.words()
    assert shop.catalogue.search("保温杯") == []
    build.product("青禾保温杯", category=build.category("水杯"), code="cup")
    assert _codes(shop.catalogue.search("保温杯")) == ["cup"]
    assert shop.catalogue.words().version != before.version


def test_sales_and_prices_do_not_change_the_version_of_the_words(shop: Shop, goods: dict[str, Any]) -> None:
    before = shop.catalogue.words()
    with shop.database.change() as session:
        session.execute(update(Product).values(popularity=Product.popularity + 1))
        session.execute(update(Sku).values(price_fen=1))
    assert shop.catalogue.words() == before


def test_a_product_tells_everything_and_an_unknown_one_is_not_found(shop: Shop, goods: dict[str, Any]) -> None:
    detail = shop.catalogue.product("note")
    assert [(sku.spec, sku.price_fen, sku.available) for sku in detail.skus] == [
        ("晨雾蓝 128G", 129900, 5),
        ("墨岩黑 256G", 149900, 5),
    ]
    for code in ("nothing", "", "x" * 500, "\x00"):
        with pytest.raises(ProductNotFound):
            shop.catalogue.product(code)


def test_the_lowest_price_counts_what_was_in_force_in_the_last_90_days(
    shop: Shop, build: Builder, clock: Clock
) -> None:
    product = build.product(price_fen=10000)
    assert shop.catalogue.product(product.code).lowest_90_days_fen is None
    sku = product.skus[0].id
    for days, price in ((200, 5000), (120, 8000), (60, 9000), (10, 12000)):
        build.add(PriceChange(sku_id=sku, at=clock() - timedelta(days=days), price_fen=price))
    assert shop.catalogue.product(product.code).lowest_90_days_fen == 8000
    build.add(PriceChange(sku_id=sku, at=clock() + timedelta(days=50), price_fen=100))  # planned, not yet in force
    clock.on(days=40)
    assert shop.catalogue.product(product.code).lowest_90_days_fen == 9000


def test_cards_come_in_the_order_of_their_codes_without_unknown_ones(shop: Shop, goods: dict[str, Any]) -> None:
    assert _codes(shop.catalogue.cards(["mini", "nothing", "floral", "mini"])) == ["mini", "floral"]
    assert shop.catalogue.cards([]) == []


def test_the_words_hold_names_short_names_aliases_colours_and_sizes(shop: Shop, goods: dict[str, Any]) -> None:
    words = shop.catalogue.words()
    assert words.products["屿客 Note 12 5G 手机"] == words.products["Note 12 5G 手机"] == "note"
    assert words.products["碎花雪纺连衣裙"] == words.products["青禾碎花雪纺连衣裙"] == "floral"
    assert (words.brands["Yuke"], words.categories["裙子"], words.categories["手机"]) == ("yuke", "dress", "phone")
    assert words.colors == {"红色", "墨岩黑", "晨雾蓝", "珍珠白", "透明"}
    assert words.sizes == {"M", "L", "128G", "256G"}


def test_a_short_name_that_two_products_share_or_that_names_a_category_is_left_out(shop: Shop, build: Builder) -> None:
    category, brand = build.category("保温杯"), build.brand("青禾")
    for name in ("青禾保温杯", "青禾真空壶 大号", "青禾真空壶 小号"):
        build.product(name, category=category, brand=brand)
    products = shop.catalogue.words().products
    assert "保温杯" not in products
    assert "真空壶" not in products
    assert "真空壶 大号" in products
