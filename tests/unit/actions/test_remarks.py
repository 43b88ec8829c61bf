"""What a few words say of the goods shown last."""

from __future__ import annotations

from typing import Any

import pytest

from actions.remarks import remark
from tests.unit.actions.fakes import FakeShop, entity, turn


@pytest.mark.parametrize(
    ("text", "entities", "heard"),
    [
        ("还有吗", [], "others"),
        ("还有类似的吗", [], "alike"),
        ("她不喜欢护肤品", [entity("category", "skincare", "护肤品")], "not"),
        ("第三个不要了，退款", [entity("ordinal", 3, "第三个")], None),
        ("不要降噪的", [], "not"),
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
        ("碎花裙红色L还有吗", [entity("color", "红色", "红色"), entity("size", "L", "L")], None),
        ("我买的鞋想换别的尺码", [], None),
        ("可以换别的颜色吗", [], None),
        ("2025010100000001不要黑色", [entity("order_no", "2025010100000001"), entity("color", "黑色", "黑色")], None),
    ],
)
def test_others_and_not_are_remarks_only_on_the_list(text: str, entities: list[dict[str, Any]], heard: str | None):
    assert remark(turn(FakeShop(), text, "inform", *entities)) == heard


def test_a_limit_named_after_a_list_is_about_the_list():
    limit = entity("price_range", {"min_fen": None, "max_fen": 20000}, "两百以内")
    assert remark(turn(FakeShop(), "有没有两百以内的", "search_product", limit)) == "price"
    shoes = entity("category", "shoes", "跑鞋")
    assert remark(turn(FakeShop(), "两百以内的跑鞋有没有", "search_product", limit, shoes)) is None


def test_a_question_for_the_price_of_this_kind_is_no_wish_for_more_of_it():
    assert remark(turn(FakeShop(), "这种的多少钱", "ask_price")) is None
    assert remark(turn(FakeShop(), "有没有这种的", "ask_stock")) == "alike"


def test_any_in_white_after_a_list_is_about_the_list_and_in_white_goods_that_are_named_is_not():
    white = entity("color", "白色")
    assert remark(turn(FakeShop(), "白色的有吗", "ask_stock", white)) == "color"
    shoes = entity("category", "shoes", "跑鞋")
    assert remark(turn(FakeShop(), "白色的跑鞋有吗", "ask_stock", white, shoes)) is None
    assert remark(turn(FakeShop(), "这个白色的有吗", "ask_stock", white)) is None
    assert remark(turn(FakeShop(), "我那单白色的有吗", "ask_stock", white)) is None
