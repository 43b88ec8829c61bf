"""The shop's own sales as series: prices beside them, and days on which nothing could be bought."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import update

from analytics import shop_panel
from shop.front import Shop
from shop.models import PriceChange, Stock, StockMovement
from shop.states import OrderState
from tests.builders import Builder

SOLD = [*range(60, 40, -1), *range(9, 0, -1)]
"""Days ago on which one unit was sold; in between there was none."""


def sold(shop: Shop, build: Builder, moves: bool) -> int:
    product = build.product(price_fen=[1000], stock=20)
    sku, buyer = product.skus[0].id, build.customer()
    for ago in SOLD:
        build.order(buyer, product.skus[0], state=OrderState.COMPLETED, ago=timedelta(days=ago))
    with shop.database.change() as session:
        place = session.query(Stock.warehouse_id).filter(Stock.sku_id == sku).scalar()
        for ago, kind, units in ((61, "receive", 20), *((one, "reserve", 1) for one in SOLD), (10, "receive", 29)):
            if moves:
                at = shop.clock() - timedelta(days=ago)
                session.add(StockMovement(sku_id=sku, warehouse_id=place, kind=kind, quantity=units, at=at))
        session.execute(update(Stock).values(on_hand=20 if moves else 0))
    return int(sku)


def test_days_on_which_nothing_could_be_bought_hide_demand_and_are_filled(shop: Shop, build: Builder) -> None:
    sold(shop, build, moves=True)
    panel = shop_panel.every_sku(shop)
    assert panel.values[0, 22:48] == pytest.approx(29 / 31, abs=0.1), "the usual sales of days with stock"
    assert panel.values[0, [0, 19, 51, 59]].tolist() == [1.0] * 4
    assert any("stock-outs" in line for line in panel.quality)


def test_a_shop_whose_goods_never_moved_knows_of_no_empty_day(shop: Shop, build: Builder) -> None:
    sold(shop, build, moves=False)
    panel = shop_panel.every_sku(shop)
    assert panel.values.sum() == len(SOLD)
    assert panel.quality == []


def test_the_price_of_each_day_stands_beside_the_sales(shop: Shop, build: Builder) -> None:
    sku = sold(shop, build, moves=False)
    now = shop.clock()
    for ago, price in ((50, 800), (40, 1000)):
        build.add(PriceChange(sku_id=sku, at=now - timedelta(days=ago), price_fen=price))
    build.add(PriceChange(sku_id=sku, at=now - timedelta(days=99), price_fen=1000))
    panel = shop_panel.every_sku(shop)
    assert panel.known == ("price",)
    assert panel.extra is not None
    assert panel.extra[0, :, 0] == pytest.approx(np.where((np.arange(60) >= 10) & (np.arange(60) < 20), 0.8, 1.0))


def test_planned_prices_stand_ahead_of_the_sales(shop: Shop, build: Builder) -> None:
    sku = sold(shop, build, moves=False)
    now = shop.clock()
    for days, price in ((-99, 1000), (3, 800), (5, 1000)):
        build.add(PriceChange(sku_id=sku, at=now + timedelta(days=days), price_fen=price))
    panel = shop_panel.every_sku(shop)
    assert panel.values.shape == (1, 60)
    assert panel.extra is not None
    assert panel.extra[0, 60:, 0].tolist() == [1.0, 1.0, 1.0, 0.8, 0.8, 1.0]
