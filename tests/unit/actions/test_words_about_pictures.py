"""Words before, with and after a photo, as customers put them: the talk stays about what is on it."""

from __future__ import annotations

import time

import pytest

from actions.account import Promotion
from actions.aftersale import StartCase
from actions.chat import Affirm, Deny
from actions.pictures import SearchByImage
from actions.presale import Compare, SearchProduct, StockQuestion
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.actions.test_pictures import goods, sent  # noqa: F401 - a fixture
from tests.unit.vision.conftest import picture_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_same_in_black_before_the_photo_waits_for_it_and_counts_then(shop, goods):  # noqa: F811
    asked = run(SearchProduct(shop), tracker("有没有同款，要黑色的", "search_product", entity("color", "黑色")))
    assert asked.names == ["utter_image_send"]
    state = tracker("[图片]", "search_by_image", attachments=[sent(shop, 2)], slots=asked.slots)
    said = run(SearchByImage(shop), state)
    assert set(said.slots["choices"]["values"]) <= {goods[1].code, goods[3].code, goods[5].code}
    cheaper = run(SearchProduct(shop), tracker("有同款吗 要便宜点的", "search_product"))
    state = tracker("[图片]", "search_by_image", attachments=[sent(shop, 3)], slots=cheaper.slots)
    found = run(SearchByImage(shop), state).slots["choices"]["values"]
    assert found
    assert set(found) <= {one.code for one in goods[:3]}


def test_the_same_of_what_the_talk_is_about_needs_no_photo(shop, goods):  # noqa: F811
    about = {"focus_product": {"value": goods[1].code, "at": int(time.time())}}
    said = run(
        SearchProduct(shop), tracker("有没有同款，要黑色的", "search_product", entity("color", "黑色"), slots=about)
    )
    assert "utter_image_send" not in said.names


def test_cheaper_ones_than_those_found_are_goods_and_no_discount(shop, goods):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 3)]))
    said = run(Promotion(shop), tracker("便宜点的呢", "ask_discount", slots=first.slots))
    shown = said.slots["choices"]["values"]
    assert set(shown) <= {one.code for one in goods[:3]}
    again = run(Promotion(shop), tracker("再便宜点的有没有", "ask_discount", slots={**first.slots, **said.slots}))
    prices = {one.code: one.price_min_fen for one in shop.catalogue.cards([one.code for one in goods])}
    assert all(prices[one] < prices[shown[0]] for one in (again.slots["choices"] or {"values": []})["values"])
    bargain = run(Promotion(shop), tracker("能便宜点吗", "ask_discount", slots=first.slots))
    assert not any(one.startswith("utter_image") for one in bargain.names)


def test_a_photo_of_which_nothing_fits_the_words_is_never_answered_with_goods_of_another_look(shop, goods):  # noqa: F811
    red = tracker("有红色的吗", "ask_stock", entity("color", "红色"), attachments=[sent(shop, 1)])
    said = run(StockQuestion(shop), red)
    assert said.names == ["utter_image_none_fits"]
    assert not said.slots.get("choices")
    yes = run(Affirm(shop), tracker("好的看看", "affirm", slots=said.slots))
    assert yes.names[0] in ("utter_image_sure", "utter_image_choose")


def test_is_there_a_red_one_is_about_what_was_found_on_the_photo(shop, goods):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    red = tracker("就要这个，有红色的吗", "search_product", entity("color", "红色"), slots=first.slots)
    said = run(SearchProduct(shop), red)
    assert said.names == ["utter_no_such_spec"]
    assert "茶壶" in said.text


def test_a_bare_no_with_what_it_is_instead_may_sound_like_wrong_goods(shop, goods, build):  # noqa: F811
    strap = build.product("可调节肩带")
    build.picture(strap, picture_of(9))
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 0)]))
    said = run(StartCase(shop), tracker("不对，我要的是肩带", "wrong_item", slots=first.slots))
    assert said.slots["choices"]["values"] == [strap.code]


def test_are_these_two_there_with_two_photos_compares_nothing(shop, goods):  # noqa: F811
    state = tracker("这两个有吗", "compare_products", attachments=[sent(shop, 0), sent(shop, 3)])
    said = run(Compare(shop), state)
    assert said.names[0] == "utter_image_several"


def test_another_photo_that_is_announced_is_no_exchange_and_the_old_one_is_not_looked_at_again(shop, goods):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    said = run(StartCase(shop), tracker("换一张", "exchange_goods", slots=first.slots))
    assert said.names == ["utter_image_send"]
    alone = run(StartCase(shop), tracker("换一张", "exchange_goods"))
    assert "utter_image_send" not in alone.names


def test_nor_that_one_shows_others_or_says_that_it_is_not_known(shop, goods):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    shown = set(first.slots["choices"]["values"])
    slots = first.slots
    for text in ("不是这个", "也不是", "都不是"):
        said = run(Deny(shop), tracker(text, "deny", slots=slots))
        assert said.names[0] in ("utter_image_choose", "utter_image_unknown"), text
        more = set(said.slots["choices"]["values"]) if said.names[0] == "utter_image_choose" else set()
        assert not shown & more
        shown, slots = shown | more, {**slots, **said.slots}
    assert said.names == ["utter_image_unknown"], "in the end nothing is left"
