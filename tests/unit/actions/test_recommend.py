"""Ideas in a talk: wishes, remarks on what was shown, reasons in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actions.aftersale import StartCase
from actions.chat import Affirm, Continue
from actions.faq import Faq
from actions.presale import Compare, SearchProduct, StockQuestion
from actions.recommend import Recommend, reason_words
from actions.wishes import remark
from recsys.reasons import OF_KIND, Reason
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


def test_what_is_liked_leads_to_its_like(talk: Talk):
    talk.say(Recommend, "推荐一下")
    liked = talk.shown[1]
    said = talk.say(Affirm, "第二个不错", entity("ordinal", 2, "第二个"), intent="affirm")
    assert talk.slots["recommend"]["liked"] == [liked]
    assert talk.shop.catalogue.cards([liked])[0].name in said.text
    assert liked not in talk.shown


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


@pytest.mark.parametrize(
    ("text", "entities", "heard"),
    [
        ("还有吗", [], "others"),
        ("不要黑色的", [entity("color", "黑色", "黑色")], "not"),
        ("这个不喜欢，换一批", [], "others"),
        ("第二个不喜欢，换几个", [entity("ordinal", 2, "第二个")], "others"),
        ("第二个还有吗", [entity("ordinal", 2, "第二个")], None),
        ("这款还有没有", [], None),
        ("黑色的呢", [entity("color", "黑色", "黑色")], "color"),
        ("他喜欢钓鱼", [], None),
        ("有没有别的", [], "others"),
        ("黑色那件不想要了", [entity("color", "黑色", "黑色")], None),
        ("黑色不想要了，能退吗", [entity("color", "黑色", "黑色")], None),
        ("订单还有没有", [], None),
        ("2025010100000001不要黑色", [entity("order_no", "2025010100000001"), entity("color", "黑色", "黑色")], None),
    ],
)
def test_others_and_not_are_remarks_only_on_the_list(text: str, entities: list[dict[str, Any]], heard: str | None):
    assert remark(turn(FakeShop(), text, "inform", *entities)) == heard


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
