"""What a price is told with: until when it holds, where that is planned."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
