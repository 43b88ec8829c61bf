"""Shelves, and why sales moved, of a whole demo shop: every number against one that is worked out apart."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from analytics import insights, stock_levels
from analytics.query import Metric, Period, Query
from shop.front import Shop
from tests.demo_shops import DEMO_NOW, copied

TODAY = (DEMO_NOW + timedelta(hours=8)).date()


@pytest.fixture(scope="module")
def shop(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return copied(demo_shop, tmp_path_factory.mktemp("stock"), lambda: DEMO_NOW)


def frame(shop: Shop, query: str) -> pd.DataFrame:
    with shop.database.engine.connect() as connection:
        return pd.read_sql_query(text(query), connection)


def sold(shop: Shop) -> pd.DataFrame:
    lines = frame(
        shop,
        "SELECT l.sku_id, l.quantity, l.quantity * l.price_fen AS amount, o.id AS order_id, o.created_at, o.total_fen, "
        "c.name AS category FROM order_line l JOIN orders o ON o.id = l.order_id JOIN sku s ON s.id = l.sku_id "
        "JOIN product p ON p.id = s.product_id JOIN category c ON c.id = p.category_id "
        "WHERE o.state NOT IN ('pending_payment', 'cancelled')",
    )
    lines["day"] = pd.to_datetime(lines.created_at, utc=True).dt.tz_convert("Asia/Shanghai").dt.date
    return lines


def test_units_rates_and_cover_of_every_sku_are_those_of_the_tables(shop: Shop) -> None:
    told = {one.sku_id: one for one in stock_levels.levels(shop)}
    free = frame(shop, "SELECT sku_id, SUM(on_hand - reserved) AS n FROM stock GROUP BY sku_id").set_index("sku_id").n
    coming = frame(shop, "SELECT sku_id, SUM(quantity) AS n FROM incoming WHERE received_at IS NULL GROUP BY sku_id")
    lines = sold(shop)
    lately = lines[(lines.day >= TODAY - timedelta(days=28)) & (lines.day < TODAY)].groupby("sku_id").quantity.sum()
    on_sale = frame(shop, "SELECT s.id FROM sku s JOIN product p ON p.id = s.product_id WHERE p.on_sale = 1").id
    assert set(told) == set(on_sale)
    for sku, one in told.items():
        rate = lately.get(sku, 0) / 28
        assert (one.free, one.per_day) == (free.get(sku, 0), pytest.approx(rate))
        assert one.incoming == coming.set_index("sku_id").n.get(sku, 0)
        assert one.cover_days == (pytest.approx(one.free / rate) if rate else None)
    low, out = stock_levels.running_low(list(told.values())), stock_levels.run_out(list(told.values()))
    assert {one.sku_id for one in out} == {sku for sku, one in told.items() if one.free <= 0} != set()
    cover = {sku: one.free / one.per_day for sku, one in told.items() if one.free > 0 and one.per_day > 0}
    assert {one.sku_id for one in low} == {sku for sku, days in cover.items() if days < 7}
    over = stock_levels.overstocked(list(told.values()))
    idle = {sku for sku, one in told.items() if one.free > 0 and not one.per_day}
    assert {one.sku_id for one in over} == idle | {sku for sku, days in cover.items() if days > 120} != set()


def test_causes_and_categories_add_up_to_the_change_of_sales(shop: Shop) -> None:
    month = Period(date(TODAY.year, TODAY.month, 1) - timedelta(days=31), date(TODAY.year, TODAY.month, 1), "month")
    found = insights.why(shop, Query(metric=Metric.SALES, period=month))
    lines = sold(shop)
    part = {one: lines[(lines.day >= one.start) & (lines.day < one.end)] for one in (found.period, found.other)}
    now, before = (part[one].drop_duplicates("order_id").total_fen.sum() for one in (found.period, found.other))
    assert (found.now_fen, found.before_fen) == (now, before)
    assert {one.name for one in found.causes} == {
        "traffic", "conversion", "orders_per_buyer", "units_per_order", "mix", "price", "discounts"
    }  # fmt: skip
    assert sum(one.effect_fen for one in found.causes) == pytest.approx(now - before)
    goods = [part[one].groupby("category").amount.sum() for one in (found.period, found.other)]
    units = [part[one].groupby("category").quantity.sum() for one in (found.period, found.other)]
    old = (goods[1] / units[1]).reindex(goods[0].index).fillna(goods[0] / units[0])
    mix = next(one for one in found.causes if one.name == "mix")
    assert mix.before == pytest.approx(goods[1].sum() / units[1].sum())
    assert mix.now == pytest.approx((units[0] * old).sum() / units[0].sum()), "what units now cost at prices of before"
    change = goods[0].sub(goods[1], fill_value=0)
    assert {one.name: one.effect_fen for one in found.categories} == change.to_dict()
    assert [abs(one.effect_fen) for one in found.categories] == sorted(change.abs(), reverse=True)
