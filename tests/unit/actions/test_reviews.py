"""What others say of a product, told in a talk over a real shop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.faq import Faq
from actions.orders import ListOrders
from actions.presale import Attribute, StockQuestion
from actions.reviews import Reviews
from shop.front import Shop
from shop.models import Product, Review
from shop.product_reviews import reviews_of
from tests.builders import Builder
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.actions.fakes import order as made_order


@pytest.fixture
def lamp(shop: Shop, build: Builder) -> Product:
    """A lamp with four reviews; the newest is poor and holds a phone number."""
    made = build.product("青禾 护眼台灯", code="lamp")
    told = [(5, "颜值高，孩子喜欢"), (5, "好看，做工扎实"), (4, ""), (1, "用三天就坏，找我 13800138000")]
    with shop.database.change() as session:
        for hours, (stars, text) in enumerate(told):
            session.add(Review(product_id=made.id, stars=stars, text=text, at=shop.clock() + timedelta(hours=hours)))
    return made


def test_reviews_are_counted_and_the_newest_words_come_first(shop: Shop, lamp: Product):
    found = reviews_of(shop, "lamp")
    assert (found.stars, found.count, found.rating, found.good_share) == ((1, 0, 0, 1, 2), 4, 3.75, 0.75)
    assert [one.stars for one in found.texts] == [1, 5, 5]
    assert reviews_of(shop, "nothing").count == 0


LIST = {"kind": "product", "values": ["other", "lamp"], "then": "action_product"}


@pytest.mark.parametrize(
    ("action", "text", "intent"),
    [
        (Faq, "第二个有啥评价", "how_to_review"),
        (Attribute, "第二个口碑怎么样", "ask_attribute"),
        (ListOrders, "第二个买过的人怎么说", "list_orders"),
    ],
)
def test_reviews_of_one_of_a_list_are_told_with_praise_and_words(
    shop: Shop, lamp: Product, action: type, text: str, intent: str
):
    said = run(action(shop), tracker(text, intent, entity("ordinal", 2), slots={"choices": LIST}))
    assert said.names == ["utter_reviews"]
    for word in ("护眼台灯", "3.8", "4 条", "75%", "颜值", "做工扎实", "用三天就坏"):
        assert word in said.text
    assert "13800138000" not in said.text
    assert said.slots["focus_product"]["value"] == "lamp"


def test_how_a_review_is_written_is_another_question(shop: Shop, lamp: Product):
    shown = {"choices": LIST}
    others = (
        "必须好评|评价了还能退货吗|我的评论怎么没显示|哪里可以评价|五星好评给红包吗|推荐个口碑好的电饭煲|有什么值得买的"
    )
    for text in ("怎么评价第二个", "我的评价能改吗", "写评价有积分吗", *others.split("|")):
        said = run(Faq(shop), tracker(text, "how_to_review", slots=shown))
        assert "utter_reviews" not in said.names


def test_a_product_that_nobody_reviewed_is_said_so(shop: Shop, build: Builder):
    build.product("青禾 台灯", code="new")
    said = run(Reviews(shop), tracker("评价怎么样", "how_to_review", entity("product", "new", "台灯")))
    assert said.names == ["utter_reviews_none"]


def test_this_one_of_a_list_is_asked_back(shop: Shop, lamp: Product):
    said = run(StockQuestion(shop), tracker("这个有货吗", "ask_stock", slots={"choices": LIST}))
    assert said.names == ["utter_still_which"]
    assert said.slots["resume"] == "action_ask_stock"


def test_an_order_in_the_talk_is_no_product(shop: Shop):
    shown = {"kind": "order", "values": [made_order().number], "then": "action_order_status"}
    said = run(
        Faq(shop), tracker("第一个怎么评价好评", "how_to_review", entity("ordinal", 1), slots={"choices": shown})
    )
    assert "utter_reviews" not in said.names


def test_reviews_of_a_list_are_asked_back(shop: Shop, lamp: Product):
    said = run(Faq(shop), tracker("好评多不多", "how_to_review", slots={"choices": LIST}))
    assert (said.names, said.slots["resume"]) == (["utter_still_which"], "action_product_reviews")
