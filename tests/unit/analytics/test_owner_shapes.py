"""An owner asks for shares, places, bounds, means, buyers and steps: in half sentences, one after the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.figures import OrderSpend
from shop.front import Shop
from shop.states import OrderState
from tests.builders import Builder
from tests.unit.analytics.test_owner_talk import Owner, goods, owner

__all__ = ["goods", "owner"]


def test_a_part_of_the_whole_is_told_beside_the_figure(owner: Owner) -> None:
    said = owner.says("手机占多少").text
    assert "¥36000" in said
    assert "占全部的 98.5%" in said
    assert "（98.5%）" in owner.asks("各类目的销售额占比").text


def test_the_row_of_a_place_is_told_alone(owner: Owner) -> None:
    assert "青禾手机" in owner.asks("卖得最好的前两个商品").text
    said = owner.says("第二名是谁")
    assert said.names == ["utter_figure_rank"]
    assert "白瓷杯 11 件" in said.text
    assert "青禾手机" not in said.text
    assert owner.asks("卖得第九好的商品是哪个").names == ["utter_figure_rank_none"]


def test_goods_within_bounds_are_counted_and_bounds_said_as_they_were_meant(owner: Owner) -> None:
    assert "件数不少于 11 件的商品有 2 个" in owner.asks("卖了十一件以上的商品").text
    assert "件数超过 11 件的商品有 1 个" in owner.asks("销量超过11件的商品").text
    assert owner.asks("卖了一百件以上的商品").names == ["utter_figure_bounded_none"]


def test_bounds_forget_the_order_of_the_question_before(owner: Owner, build: Builder) -> None:
    build.product("没人要的杯子")
    owner.asks("卖得最差的五个商品")
    assert "没人要" not in owner.says("卖了十件以上的商品").text


def test_shelves_within_bounds_are_listed(owner: Owner) -> None:
    said = owner.asks("库存少于10的有哪些")
    assert said.names == ["utter_stock_bounded"]
    assert "青禾手机" in said.text
    assert "白瓷杯" not in said.text


def test_refunds_are_taken_off_by_a_half_sentence(owner: Owner) -> None:
    owner.asks("上个月卖了多少")
    assert "扣掉退款的销售额" in owner.says("去掉退款的").text
    owner.asks("上个月手机卖了多少")
    assert owner.says("去掉退款的").names == ["utter_figure_unknown"], "of goods it is not known, and not guessed"


def test_a_short_why_keeps_the_goods_it_is_about(owner: Owner) -> None:
    owner.asks("昨天手机卖了多少")
    assert owner.says("为啥").text.startswith("2025-03-11手机")


def test_a_range_of_days_refines_as_one_day_does(owner: Owner) -> None:
    owner.asks("今年卖了多少")
    owner.says("2月到3月")
    assert owner.slots["figures"]["query"]["period"]["start"] == "2025-02-01"
    assert owner.slots["figures"]["query"]["period"]["end"] == "2025-04-01"


def test_months_that_are_yet_to_come_are_those_of_the_year_before(owner: Owner) -> None:
    owner.asks("5月到6月卖了多少")
    assert owner.slots["figures"]["query"]["period"]["start"] == "2024-05-01"
    assert owner.slots["figures"]["query"]["period"]["end"] == "2024-07-01"
    owner.asks("2月到5月卖了多少")
    assert owner.slots["figures"]["query"]["period"]["start"] == "2025-02-01", "only its end is yet to come"
    assert owner.asks("下个月能卖多少").names == ["utter_business_forecast"]


def test_a_weekend_that_was_is_meant_where_sales_are_asked_for(owner: Owner) -> None:
    owner.asks("周末卖得怎么样")
    assert owner.slots["figures"]["query"]["period"]["start"] == "2025-03-08"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("多少人下过单", "下单客户是 1 人"),
        ("平均几天发货", "付款到发货平均用时"),
        ("上周取消了几单", "取消单数"),
        ("哪个券用得最多", "用掉的优惠券"),
        ("平均每天卖多少", "平均每天的销售额"),
        ("新客有多少", "新客是 0 人"),
    ],
)
def test_an_owners_figures_are_the_shops_whatever_they_were_heard_as(owner: Owner, text: str, told: str) -> None:
    assert told in owner.says(text, OrderSpend, "order_spend").text
    assert told in owner.says(text).text


def test_an_owner_who_says_i_means_their_own_orders(owner: Owner) -> None:
    assert owner.says("我今年花了多少", OrderSpend, "order_spend").names == ["utter_no_spend"]
    assert "¥36550" in owner.says("今年花了多少", OrderSpend, "order_spend").text


def test_parcels_that_wait_longer_than_said_are_counted(owner: Owner, shop: Shop, build: Builder) -> None:
    cup: Any = build.product("碗")
    for hours in (1, 30, 80):
        build.order(build.customer("钱七", f"1350000{hours:04}"), cup.skus[0], state=OrderState.PAID,
                    ago=timedelta(hours=hours))  # fmt: skip
    assert "24 小时的 2 单" in owner.says("超过24小时没发的").text
    assert "72 小时的 1 单" in owner.says("超过三天没发货的有几单").text
    assert "3 单" in owner.says("有多少人付款没发货").text
