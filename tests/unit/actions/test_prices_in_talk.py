"""What a price is told with: until when it holds, where that is planned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.account import Promotion
from actions.presale import Price
from shop.models import PriceChange
from tests.unit.actions.fakes import entity, run, tracker

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_price_of_a_promotion_is_told_with_its_end(shop, build):
    product = build.product("青禾茶壶", price_fen=8000)
    asked = tracker("这个茶壶多少钱", "ask_price", entity("product", product.code, "茶壶"))
    assert run(Price(shop), asked).names == ["utter_price"]
    build.add(PriceChange(sku_id=product.skus[0].id, at=shop.clock() - timedelta(days=1), price_fen=8000))
    build.add(PriceChange(sku_id=product.skus[0].id, at=shop.clock() + timedelta(days=2), price_fen=10000))
    said = run(Price(shop), asked)
    assert said.names == ["utter_price", "utter_price_until"]
    assert "¥80" in said.text
    assert "恢复到 ¥100" in said.text


def test_what_is_on_names_the_goods_that_cost_less_until_when_and_the_coupons_beside_them(shop, build):
    assert run(Promotion(shop), tracker("有啥活动", "ask_promotion")).names == ["utter_promotion_none"]
    pot, cup = build.product("青禾茶壶", price_fen=5000), build.product("青禾茶杯", price_fen=9000)
    for product in (cup, pot):
        build.add(PriceChange(sku_id=product.skus[0].id, at=shop.clock() - timedelta(days=9), price_fen=10000))
        build.add(PriceChange(sku_id=product.skus[0].id, at=shop.clock() + timedelta(days=2), price_fen=10000))
    shop.catalogue.refresh()
    said = run(Promotion(shop), tracker("有啥活动", "ask_promotion"))
    assert said.names == ["utter_reduced"]
    assert "2 款" in said.text
    assert "茶壶" in said.text
    assert said.slots["choices"]["values"] == [pot.code, cup.code]
    assert "平时 ¥100" in said.messages[-1]["custom"]["items"][0]["lines"][0]
    build.coupon()
    assert run(Promotion(shop), tracker("有啥活动", "ask_promotion")).names == ["utter_reduced_coupons"]
    assert run(Promotion(shop), tracker("便宜点呗", "ask_discount")).names == ["utter_discount"]


def test_a_kind_of_goods_without_any_promotion_is_said_to_have_none(shop, build):
    pot = build.product("青禾茶壶", price_fen=5000)
    build.add(PriceChange(sku_id=pot.skus[0].id, at=shop.clock() - timedelta(days=9), price_fen=10000))
    build.add(PriceChange(sku_id=pot.skus[0].id, at=shop.clock() + timedelta(days=2), price_fen=10000))
    shop.catalogue.refresh()
    said = run(Promotion(shop), tracker("手机有特价吗", "ask_promotion", entity("category", "phone", "手机")))
    assert said.names == ["utter_none_reduced", "utter_reduced"]
    assert said.slots["choices"]["values"] == [pot.code]
