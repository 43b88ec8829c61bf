"""What to buy: the formulas, the budget, the plan of a shop, and months lived through again."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from analytics import replenish, stock_policy
from analytics.stock_simulation import Goods, compare
from shop.front import Shop
from tests.demo_shops import copied


def test_the_quantile_of_demand_is_poissons_or_wider() -> None:
    narrow = stock_policy.demand_quantile(np.array([4.0]), np.array([4.0]), 0.95)
    wide = stock_policy.demand_quantile(np.array([4.0]), np.array([16.0]), 0.95)
    assert narrow[0] == 8
    assert wide[0] > narrow[0]


def test_wilsons_quantity() -> None:
    found = stock_policy.economic_quantity(np.array([1.0]), 1000.0, np.array([2000.0]), 0.365)
    assert found[0] == pytest.approx(np.sqrt(2 * 365 * 1000 / 730))


def test_units_come_in_packs_and_not_below_the_smallest_order() -> None:
    assert stock_policy.packed(np.array([0.0, 1, 13]), np.array([6.0] * 3), np.array([12.0] * 3)).tolist() == [
        0,
        12,
        18,
    ]


def test_classes_by_revenue_and_steadiness() -> None:
    assert stock_policy.abc(np.array([80.0, 15, 5, 0])).tolist() == ["A", "B", "C", "C"]
    steady, wild = [5.0] * 10, [0.0] * 9 + [50.0]
    assert stock_policy.xyz(np.array([steady, wild, [0.0] * 10])).tolist() == ["X", "Z", "Z"]


def test_a_budget_buys_what_saves_most_and_is_never_passed() -> None:
    urgent, extra = np.array([10.0, 10, 0]), np.array([0.0, 20, 30])
    pack, least = np.array([5.0, 5, 10]), np.array([5.0, 10, 10])
    cost, worth = np.array([100.0, 100, 100]), np.array([300.0, 50, 10])
    bought = stock_policy.within_budget(urgent, extra, pack, least, cost, worth, 2000)
    assert (bought * cost).sum() <= 2000
    assert bought[0] == 10
    assert all(units == 0 or units >= floor for units, floor in zip(bought, least))
    assert stock_policy.within_budget(urgent, extra, pack, least, cost, worth, 0).sum() == 0


def test_goods_move_to_where_they_lack_and_the_giver_keeps_enough() -> None:
    moved = stock_policy.transfers(np.array([[100.0, 0]]), np.array([[1.0, 2.0]]), 5, 21)
    assert moved == [(0, 0, 1, 10)]
    assert stock_policy.transfers(np.array([[20.0, 0]]), np.array([[1.0, 2.0]]), 5, 21) == []


def test_fewer_sales_are_lost_than_under_the_two_weeks_rule_at_no_more_stock() -> None:
    rng = np.random.default_rng(5)
    rate = rng.lognormal(-1.5, 1.2, (200, 1))
    values = rng.poisson(rate * np.ones((1, 300))).astype(float)
    price = rng.uniform(2000, 20000, 200)
    ones = np.ones(200)
    goods = Goods(price, price * 0.6, rng.integers(4, 20, 200), ones, ones)
    found = compare(values, 180, goods)
    assert found["ours"].stock_fen <= found["two_weeks"].stock_fen
    assert found["ours"].lost_units < 0.7 * found["two_weeks"].lost_units


@pytest.fixture(scope="module")
def shop(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return copied(demo_shop, tmp_path_factory.mktemp("plan"), demo_shop.clock)


def test_the_plan_of_a_shop_buys_in_packs_and_keeps_to_a_budget(shop: Shop) -> None:
    lines = replenish.plan(shop)
    bought = [one for one in lines if one.buy]
    assert bought
    assert all(one.buy % one.pack == 0 and one.buy >= one.least for one in bought)
    assert all(one.free + one.incoming <= one.reorder_point for one in bought)
    assert {one.abc for one in lines} == {"A", "B", "C"}
    budget = sum(one.buy_fen for one in bought) // 3
    assert 0 < sum(one.buy_fen for one in replenish.plan(shop, budget)) <= budget


def test_the_plan_as_csv_is_read_back_and_runs_nothing_in_a_spreadsheet(shop: Shop) -> None:
    rows = list(csv.DictReader(io.StringIO(replenish.as_csv(replenish.plan(shop)))))
    assert {"sku", "buy", "arrives", "reorder_point"} <= set(rows[0])
    assert replenish.defused("=1+1") == "'=1+1"
