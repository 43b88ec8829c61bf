"""Ideas in a talk: wishes, remarks on what was shown, reasons in words."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actions.account import Promotion
from actions.aftersale import StartCase
from actions.chat import Affirm, Continue, Deny
from actions.faq import Faq
from actions.figures import OrderSpend
from actions.presale import Compare, SearchProduct, StockQuestion
from actions.reason_words import reason_words
from actions.recommend import Recommend
from actions.remarks import remark
from actions.shelf_wishes import on_shelf
from actions.wishes import new_wish, refined
from recsys.ask import Ask
from recsys.reasons import OF_KIND, Reason
from recsys.recommender import recommender_of
from recsys.shelf import Shelf, Wishes
from shop.event_reader import ShelfItem
from shop.front import Shop
from shop.models import Category, Customer, Impression, Product
from tests.demo_shops import columns, copied
from tests.unit.actions.fakes import FakeShop, Said, entity, run, tracker, turn


@pytest.fixture(scope="module")
def talker(taught_shop: Shop, tmp_path_factory) -> Shop:
    """A shop of its own, in which everybody is the first consenting customer."""
    import shutil

    folder = tmp_path_factory.mktemp("talker")
    shop = copied(taught_shop, folder, taught_shop.clock)
    shutil.copytree(taught_shop.settings.data_dir / "recsys", folder / "recsys")
    who = columns(shop, Customer.id, where=Customer.consent.is_(True))[0]
    shop.__dict__["identity"] = SimpleNamespace(who=lambda *_: who)  # instead of a signed token
    yield shop
    shop.database.dispose()


class Talk:
    """Turns of one talk, with its slots."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.slots = shop, {}

    def say(self, action: Any, text: str, *entities: dict[str, Any], intent: str = "recommend_product") -> Said:
        said = run(action(self.shop), tracker(text, intent, *entities, slots=self.slots))
        self.slots.update(said.slots)
        return said

    @property
    def shown(self) -> list[str]:
        return self.slots["choices"]["values"]


@pytest.fixture
def talk(talker: Shop) -> Talk:
    return Talk(talker)


def cards(said: Said) -> list[dict[str, Any]]:
    return [one for message in said.messages for one in (message["custom"] or {}).get("items", [])]


def test_ideas_come_as_cards_with_picture_price_and_reason(talk: Talk):
    said = talk.say(Recommend, "给我推荐点东西")
    found = cards(said)
    assert len(found) == 5
    assert all(one["price"] and one["picture"] and one["lines"] for one in found)
    assert found[0]["title"] in said.text


def test_what_is_shown_is_logged_with_its_version_and_place(talk: Talk):
    talk.say(Recommend, "推荐一下")
    rows = columns(talk.shop, Impression.position, Impression.product_id, Impression.version,
                   where=Impression.list_id == talk.slots["recommend"]["list_id"])  # fmt: skip
    ids = dict(columns(talk.shop, Product.code, Product.id))
    assert sorted((place, product) for place, product, _ in rows) == [
        (at, ids[one]) for at, one in enumerate(talk.shown, 1)
    ]
    assert len({version for _, _, version in rows}) == 1


@pytest.mark.parametrize("text", ["换一批", "还有别的吗", "都不喜欢"])
def test_others_are_others(talk: Talk, text: str):
    talk.say(Recommend, "推荐一下")
    first = list(talk.shown)
    talk.say(Continue, text, intent="inform")
    assert len(talk.shown) == 5
    assert not set(first) & set(talk.shown)


@pytest.mark.parametrize(("text", "entities"), [("不要黑色", [entity("color", "黑色", "黑色")]), ("再便宜点", [])])
def test_what_was_passed_over_does_not_come_back_with_another_wish(talk: Talk, text: str, entities: list[Any]):
    talk.say(Recommend, "推荐一下")
    first = list(talk.shown)
    talk.say(Continue, "换一批", intent="inform")
    talk.say(Faq, text, *entities, intent="inform")
    assert talk.shown
    assert not set(first) & set(talk.shown)
    talk.say(Recommend, "推荐一下")
    assert set(first) & set(talk.shown), "a wish of its own begins anew"


def test_something_pretty_please_is_no_praise_of_what_was_shown(talk: Talk):
    assert remark(turn(FakeShop(), "推荐点好看的", "recommend_product")) is None
    assert remark(turn(FakeShop(), "你推荐的不错", "thank")) == "like"
    talk.say(Recommend, "推荐一下")
    assert "utter_recommend_liked" not in talk.say(Recommend, "推荐点好看的").names


def test_to_refuse_one_kind_of_a_shelf_leaves_the_others_of_it():
    names = ("自动帐篷", "折叠椅", "保温箱", "毛线帽")
    items = [
        ShelfItem(at, f"P{at}", name, (1 + at // 3,), 1, 900, 900, 5, 4.5, 9, 0.0) for at, name in enumerate(names)
    ]
    shelf = Shelf(items, {"outdoor": 1, "hat": 2}, {})

    def left(word: str) -> list[int]:
        refused = turn(FakeShop(), f"不要{word}", "inform", entity("category", "outdoor", word))
        wish = refined({}, "not", refused, [], [])
        return np.flatnonzero(shelf.fitting(on_shelf(shelf, wish, [], None))).tolist()

    assert left("帐篷") == [1, 2, 3]
    assert left("户外用品") == [3]


def test_the_second_and_the_third_of_a_list_are_compared_also_after_a_comparison(talk: Talk):
    talk.say(Recommend, "推荐一下")
    names = [one.name for one in talk.shop.catalogue.cards(talk.shown)]
    for first, second in ((2, 3), (1, 5), (4, 2)):
        numbers = (entity("ordinal", first, f"第{first}个"), entity("ordinal", second, f"第{second}个"))
        said = talk.say(Compare, f"第{first}个和第{second}个比呢", *numbers, intent="compare_products")
        assert [one["title"] for one in cards(said)] == [names[first - 1], names[second - 1]]


def test_cheaper_is_cheaper_and_dearer_dearer(talk: Talk):
    prices = lambda: sorted(one.price_min_fen for one in talk.shop.catalogue.cards(talk.shown))  # noqa: E731
    talk.say(Recommend, "推荐一下")
    before = prices()
    talk.say(Faq, "再便宜点", intent="ask_discount")
    assert max(prices()) <= before[len(before) // 2]
    talk.say(SearchProduct, "有没有贵一点的", intent="search_product")
    assert prices()[0] > 0


def test_a_budget_is_kept_and_named(talk: Talk):
    said = talk.say(
        Recommend, "两百以内有什么推荐", entity("price_range", {"min_fen": None, "max_fen": 20000}, "两百以内")
    )
    assert all(one.price_min_fen <= 20000 for one in talk.shop.catalogue.cards(talk.shown))
    assert any("¥200 以内" in line for one in cards(said) for line in one["lines"])


def test_a_named_category_is_kept(talk: Talk):
    shelf = columns(talk.shop, Category.code, where=Category.parent_id.is_not(None))
    talk.say(Recommend, "推荐这一类", entity("category", shelf[0], "这一类"))
    inside = {one.code for one in talk.shop.catalogue.search("", category=shelf[0], limit=100)}
    assert set(talk.shown) <= inside


def busiest_shelf(shop: Shop) -> str:
    """The code of the category from which most can be recommended to the customer."""
    codes = dict(columns(shop, Category.code, Category.id, where=Category.parent_id.is_not(None)))
    asked, who = recommender_of(shop), shop.identity.who()
    return max(codes, key=lambda one: len(asked.recommend(Ask(who, wishes=Wishes(shelf=codes[one]), count=9))))


def test_what_is_liked_leads_to_its_like(talk: Talk):
    talk.say(Recommend, "推荐这一类", entity("category", busiest_shelf(talk.shop), "这一类"))
    liked = talk.shown[0]
    shelf = talk.shop.catalogue.cards([liked])[0].category
    talk.slots["recommend"] = {**talk.slots["recommend"], "shown": [liked]}  # its like was not shown yet
    said = talk.say(Affirm, "第一个不错", entity("ordinal", 1, "第一个"), intent="affirm")
    assert talk.slots["recommend"]["liked"] == [liked]
    assert talk.shop.catalogue.cards([liked])[0].name in said.text
    assert liked not in talk.shown
    assert {one.category for one in talk.shop.catalogue.cards(talk.shown)} == {shelf}


def test_what_has_no_like_left_is_not_given_one(talk: Talk):
    shelf = busiest_shelf(talk.shop)
    talk.say(Recommend, "推荐这一类", entity("category", shelf, "这一类"))
    liked = talk.shown[0]
    every = [one.code for one in talk.shop.catalogue.search("", category=shelf, limit=50)]
    talk.slots["recommend"] = {**talk.slots["recommend"], "shown": every}
    said = talk.say(Affirm, "第一个不错", entity("ordinal", 1, "第一个"), intent="affirm")
    assert said.names[0] == "utter_recommend_liked_alone"
    assert [one["title"] for one in cards(said)] == [talk.shop.catalogue.cards([liked])[0].name]


def test_one_that_is_not_wanted_goes_and_another_comes(talk: Talk):
    talk.say(Recommend, "推荐一下")
    third = talk.shown[2]
    talk.say(Continue, "第三个不要", entity("ordinal", 3, "第三个"), intent="inform")
    assert talk.slots["recommend"]["disliked"] == [third]
    assert third not in talk.shown
    talk.say(Recommend, "推荐一下")
    assert third not in talk.shown


def test_goods_that_were_found_are_refined_like_recommended_ones(talk: Talk):
    shelf = busiest_shelf(talk.shop)
    talk.say(SearchProduct, "有没有这类", entity("category", shelf, "这类"), intent="search_product")
    found = talk.shop.catalogue.cards(talk.shown)
    said = talk.say(Faq, "太贵了", intent="ask_discount")
    if talk.shown != [one.code for one in found]:
        cheaper = talk.shop.catalogue.cards(talk.shown)
        assert {one.category for one in cheaper} == {one.category for one in found}
        assert max(one.price_min_fen for one in cheaper) < max(one.price_min_fen for one in found)
    else:
        assert said.names == ["utter_recommend_none_cheaper"]


def test_cheaper_after_a_search_by_mere_words_means_the_shelf_of_the_best_hit(talk: Talk):
    shelf = busiest_shelf(talk.shop)
    on_it = talk.shop.catalogue.search("", category=shelf, in_stock=True, limit=50)
    dear, cheap = max(on_it, key=lambda one: one.price_min_fen), min(on_it, key=lambda one: one.price_min_fen)
    talk.say(SearchProduct, f"有没有{dear.name.split()[-1]}", intent="search_product")
    assert talk.slots["recommend"]["list"][0] == dear.code
    said = talk.say(Promotion, "有没有便宜点的", intent="ask_discount")
    found = talk.shop.catalogue.cards(talk.shown)
    assert said.names == ["utter_recommend_again"]
    assert {one.category for one in found} == {cheap.category}
    assert max(one.price_min_fen for one in found) < dear.price_min_fen


def test_nothing_cheaper_of_that_name_leads_to_the_rest_of_its_shelf(talk: Talk):
    shelf = busiest_shelf(talk.shop)
    found = sorted(
        talk.shop.catalogue.search("", category=shelf, in_stock=True, limit=50), key=lambda one: -one.price_min_fen
    )
    word = found[0].name.split()[-1]  # what the dearest one is called
    held = {
        "wish": {"category": shelf, "word": word},
        "shown": [found[0].code],
        "list": [found[0].code],
        "at": time.time(),
    }
    talk.slots.update(recommend=held, choices={"kind": "product", "values": [found[0].code], "then": "action_product"})
    assert not any(word in one.name for one in found[1:])
    talk.say(Recommend, "再便宜点的", intent="ask_discount")
    cheaper = talk.shop.catalogue.cards(talk.shown)
    assert cheaper
    assert all(one.price_min_fen <= found[0].price_min_fen * 0.8 for one in cheaper)


def test_one_of_the_goods_shown_before_is_meant_after_a_wish_that_nothing_fits(talk: Talk):
    talk.say(Recommend, "推荐一下")
    first = talk.shown[0]
    talk.slots["resume"] = "action_recommend_product"  # as after "nothing fits that"
    said = talk.say(Continue, "第一个", entity("ordinal", 1), intent="inform")
    assert said.slots["focus_product"]["value"] == first


def test_the_cheapest_of_the_list_is_no_question_about_orders(talk: Talk):
    talk.say(Recommend, "推荐一下")
    best = min(talk.shop.catalogue.cards(talk.shown), key=lambda one: one.price_min_fen)
    cheapest = entity("ordinal", "cheapest", "最便宜的")
    said = talk.say(OrderSpend, "最便宜的是哪个", cheapest, intent="order_spend")
    assert [one["title"] for one in cards(said)] == [best.name]


def test_a_refused_word_takes_its_goods_away_and_one_that_none_has_is_said_so(talk: Talk):
    talk.say(Recommend, "推荐一下")
    name = talk.shop.catalogue.cards(talk.shown)[1].name
    word = name.split()[-1][-2:]
    talk.say(Deny, f"不要{word}的", intent="deny")
    assert not any(word in one.name for one in talk.shop.catalogue.cards(talk.shown))
    before = list(talk.shown)
    assert talk.say(Deny, "不要华为的", intent="deny").names == ["utter_recommend_none_such"]
    assert talk.shown == before


@pytest.mark.parametrize(
    ("text", "unfit"), [("送女朋友什么好", "童"), ("送爸爸什么好", "女"), ("送女朋友什么好", "男士")]
)
def test_a_present_is_for_the_one_who_gets_it(talk: Talk, text: str, unfit: str):
    for more in (text, "换一批", "换一批"):
        said = talk.say(Recommend, more)
        assert not any(unfit in one.name for one in talk.shop.catalogue.cards(talk.shown))
        assert not any("您平时的喜好" in line for one in cards(said) for line in one["lines"])


def test_a_bare_budget_is_a_ceiling_and_about_so_much_is_not(talk: Talk):
    about = entity("price_range", {"min_fen": 24000, "max_fen": 36000}, "三百")
    talk.say(Recommend, "预算三百", about)
    assert talk.slots["recommend"]["wish"]["high"] == 30000
    talk.say(Recommend, "预算三百左右", about)
    assert (talk.slots["recommend"]["wish"]["low"], talk.slots["recommend"]["wish"]["high"]) == (24000, 36000)


def test_a_yes_to_an_offer_is_no_remark_on_goods(talk: Talk):
    talk.say(Recommend, "推荐一下")
    talk.slots["offer"] = "action_reply"
    said = talk.say(Affirm, "可以的", intent="greet")
    assert "recommend" not in said.slots


def test_a_long_message_is_a_request_of_its_own(talk: Talk):
    talk.say(Recommend, "推荐一下")
    before = talk.slots["recommend"]
    talk.say(Continue, "我上次买的那个不要了因为太贵了想问问能不能退", intent="inform")
    assert talk.slots["recommend"] == before


def test_a_return_and_a_question_after_one_of_the_goods_are_no_remarks(talk: Talk):
    talk.say(Recommend, "推荐一下")
    before = talk.slots["recommend"]
    black = entity("color", "黑色", "黑色")
    assert "recommend" not in talk.say(StartCase, "黑色那件不想要了，能退吗", black, intent="return_goods").slots
    second = entity("ordinal", 2, "第二个")
    assert "recommend" not in talk.say(StockQuestion, "第二个还有吗", second, intent="ask_stock").slots
    assert talk.slots["recommend"] == before


def test_this_one_and_the_first_are_compared(talk: Talk):
    talk.say(Recommend, "推荐一下")
    first, second = talk.shop.catalogue.cards(talk.shown[:2])
    talk.slots["focus_product"] = {"value": second.code, "at": 9e9}
    said = talk.say(Compare, "这个和第一个比呢", entity("ordinal", 1, "第一个"), intent="compare_products")
    assert [one["title"] for one in cards(said)] == [second.name, first.name]


def test_nothing_that_fits_is_said_so(talk: Talk):
    said = talk.say(Recommend, "一块钱以内的推荐", entity("price_range", {"min_fen": 1, "max_fen": 2}, "一块钱以内"))
    assert said.names == ["utter_recommend_nothing"]


def test_a_present_for_a_child_is_none_for_grown_ups(talk: Talk):
    talk.say(Recommend, "送小孩什么好")
    assert talk.slots["recommend"]["wish"]["persons"] == ["child"]
    assert not any("酒" in one.name for one in talk.shop.catalogue.cards(talk.shown))


def test_an_age_without_a_word_for_the_child_is_a_childs(talk: Talk):
    talk.say(Recommend, "送8岁的有什么好")
    wish = talk.slots["recommend"]["wish"]
    assert (wish["persons"], wish["ages"]) == (["child"], [8, 8])
    assert on_shelf(recommender_of(talk.shop).shelf(), wish, [], None).ages == (8, 8)


def test_a_link_to_the_cart_stands_on_the_card_when_the_shop_names_one(talk: Talk):
    from dataclasses import replace

    settings = talk.shop.settings
    talk.shop.settings = replace(settings, cart_url="https://shop.example/cart?add={code}")
    try:
        found = cards(talk.say(Recommend, "推荐一下"))
    finally:
        talk.shop.settings = settings
    assert found[0]["link"]["url"] == f"https://shop.example/cart?add={talk.shown[0]}"


@pytest.mark.parametrize(
    "kind", sorted({*OF_KIND.values(), "taste", "price", "suits", "style", "together", "praised", "popular"})
)
def test_every_reason_has_words(kind: str):
    facts = {"product": "蓝牙耳机", "aspect": "音质", "people": 7, "high_fen": 20000}
    said = reason_words(Reason(kind, 1.0, facts), {"persons": ["child"], "styles": ["简约"], "word": "跑鞋"})
    assert said
    assert "{" not in said


def test_what_goods_are_for_comes_first():
    wish = new_wish(turn(FakeShop(), "推荐个跑步穿的鞋", "recommend_product", entity("category", "sport_shoe", "鞋")))
    assert wish["styles"] == ["跑鞋"]
