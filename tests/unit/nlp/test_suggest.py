"""Type-ahead: what a few letters, pinyin or initials find, and in what order."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from nlp.prefix_index import PrefixIndex
from nlp.spelling import spell
from nlp.suggest import PART, Suggester
from shop.models import Product


@pytest.fixture
def suggester(shop, build):
    phones, cups = build.category("手机", ["智能手机"], code="phone"), build.category("水杯", code="cup")
    yuke, zhanli = build.brand("屿客", ["Yuke"], code="yuke"), build.brand("盏里", code="zhanli")
    build.product("屿客 Note 12 5G 手机", category=phones, brand=yuke, popularity=90)
    build.product("屿客 Mini 5 小屏手机", code="mini", category=phones, brand=yuke, popularity=20)
    build.product("盏里 316 保温杯", category=cups, brand=zhanli, popularity=50)
    return Suggester(shop)


def titles(found, kind=""):
    return [one.title for one in found if not kind or one.kind == kind]


def test_a_word_its_pinyin_its_initials_and_a_mixture_find_the_same(suggester):
    for typed in ("手机", "sj", "shouji", "SHOU JI", "shouj", "手ji", "手j"):
        found = suggester.suggest(typed)
        assert "手机" in titles(found, "category"), typed
        # the popular one first
        assert titles(found, "product")[:2] == ["屿客 Note 12 5G 手机", "屿客 Mini 5 小屏手机"], typed


def test_a_latin_word_and_a_brand_are_found_by_their_beginning(suggester):
    assert titles(suggester.suggest("no"), "product") == ["屿客 Note 12 5G 手机"]
    assert set(titles(suggester.suggest("yuk"), "product")) == {"屿客 Note 12 5G 手机", "屿客 Mini 5 小屏手机"}
    assert titles(suggester.suggest("ote"), "product") == []


def test_other_characters_of_the_same_sound_are_understood(suggester):
    assert titles(suggester.suggest("保文杯"), "product") == ["盏里 316 保温杯"]


def test_common_questions_are_found_by_initials(suggester):
    assert "包邮吗" in titles(suggester.suggest("by"), "question")
    assert "包邮吗" in titles(suggester.suggest("包邮"), "question")


def test_own_orders_are_found_by_goods_and_number_and_by_nobody_else(shop, suggester, build):
    mine, other = build.customer(), build.customer(phone="13900000000")
    name = "青禾碎花连衣裙"
    order = build.order(mine, build.product(name).skus[0])
    assert [(one.title, one.value) for one in suggester.suggest(name[:2], mine.id) if one.kind == "order"] == [
        (name, order.number)
    ]
    assert titles(suggester.suggest(order.number[-6:], mine.id), "order") == [name]
    for stranger in (other.id, None):
        assert titles(suggester.suggest(name[:2], stranger), "order") == []
        assert titles(suggester.suggest(order.number, stranger), "order") == []


def test_what_a_customer_bought_comes_before_what_is_popular(shop, suggester, build):
    customer = build.customer()
    with shop.database.read() as session:
        product = session.execute(select(Product).where(Product.code == "mini")).scalar_one()
        sku = product.skus[0]
        assert sku.product is product
    build.order(customer, sku)
    assert titles(suggester.suggest("sj"), "product")[0] == "屿客 Note 12 5G 手机"
    assert titles(suggester.suggest("sj", customer.id), "product")[0] == "屿客 Mini 5 小屏手机"


def test_a_changed_catalogue_is_seen(suggester, build):
    assert suggester.suggest("电饭煲") == []
    build.product("米粒 电饭煲")
    assert titles(suggester.suggest("dfb"), "product") == ["米粒 电饭煲"]


def test_odd_input_suggests_nothing_and_breaks_nothing(suggester):
    for typed in ("", "   ", "\n", "%", "'", "😀", "字" * 41, "…" * 40, "\0", "\ud800"):
        assert suggester.suggest(typed) == []


def test_no_kind_takes_all_the_room(demo_shop):
    suggester = Suggester(demo_shop)
    for typed in ("s", "sj", "包", "手机"):
        found = suggester.suggest(typed, 1)
        assert len(found) <= 7
        for kind, most in PART.items():
            assert len([one for one in found if one.kind == kind]) <= most


def test_a_suggestion_takes_less_than_30_ms_of_the_processor_with_ten_thousand_names():
    syllables = "手机壳保温杯电饭煲连衣裙蓝牙耳机智能表充电宝"
    names = [
        f"{syllables[at % 20]}{syllables[(at * 7) % 19]}{syllables[(at * 3) % 17]} 型号 {at}" for at in range(10_000)
    ]
    index = PrefixIndex([(name,) for name in names])
    queries = ["s", "sj", "shouji", "手机", "手j", "xh", "999", "bwb", "保温", "n"]
    for query in queries:
        index.find(query)
    best = []
    for query in queries:
        times = []
        for _ in range(5):
            begun = time.process_time()
            index.find(query)
            times.append(time.process_time() - begun)
        best.append(min(times))
    assert max(best) < 0.030, dict(zip(queries, best, strict=True))


def test_a_reading_follows_the_word_that_a_character_stands_in():
    assert spell("重庆").pinyin == "chongqing"
    assert spell("重量").initials == "zl"
    assert spell("Note 12 手机").initials == "n1sj"
