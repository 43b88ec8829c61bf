"""What to buy: the formulas, the budget, the plan of a shop, and months lived through again."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from analytics import replenish, shop_panel, stock_policy
from analytics.plan_table import table
from analytics.stock_simulation import Goods, compare
from shop.database import Database
from shop.front import Shop
from shop.models import GoodsDay, Sku
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


def test_the_terminal_shows_the_plan_as_a_table_with_transfers_and_dead_stock(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replenish.main([], shop) == 0
    told = capsys.readouterr().out
    lines = replenish.plan(shop)
    bought = [one for one in lines if one.buy]
    assert told.startswith(f"Buy: {len(bought)} SKUs, {sum(one.buy_fen for one in bought) / 100:,.2f} yuan")
    assert all(one.sku in told for one in bought)
    assert all(f"{sum(one.advice == kind for one in lines)} {kind}" in told for kind in ("markdown", "bundle"))


def test_a_budget_on_the_command_line_holds_and_the_csv_has_what_to_buy(shop: Shop, tmp_path: Path) -> None:
    cheapest = min(one.buy_fen for one in replenish.plan(shop) if one.buy)
    path = tmp_path / "plan.csv"
    assert replenish.main(["--budget", str(cheapest / 50), "--csv", str(path)], shop) == 0
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert 0 < sum(int(row["buy_fen"]) for row in rows) <= 2 * cheapest
    assert all(int(row["buy"]) > 0 for row in rows)
    assert replenish.main(["--csv", str(tmp_path / "no" / "folder.csv")], shop) == 1


def test_the_simulation_tells_service_stock_and_lost_sales_of_both_rules(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replenish.main(["--simulate", "--days", "60", "--json"], shop) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["ours"]) == {"lost_units", "lost_fen", "service", "stock_fen", "orders"}
    assert found["ours"]["stock_fen"] <= found["two_weeks"]["stock_fen"]
    assert replenish.main(["--simulate", "--days", "60"], shop) == 0
    assert "two_weeks" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--budget", "-1"], ["--budget", "nan"], ["--service", "2"], ["--days", "3"]])
def test_a_wish_without_sense_is_refused(wrong: list[str], shop: Shop) -> None:
    with pytest.raises(SystemExit):
        replenish.main(wrong, shop)


def test_a_shop_without_sales_has_an_empty_plan_and_nothing_to_live_through(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Shop(shop.settings, Database(f"sqlite:///{tmp_path / 'empty.db'}"), shop.cipher, shop.clock)
    empty.database.create_all()
    assert replenish.main([], empty) == 0
    assert capsys.readouterr().out.startswith("Buy: 0 SKUs")
    assert replenish.main(["--simulate"], empty) == 1
    assert "nothing was sold" in capsys.readouterr().err


def test_a_smallest_order_that_lasts_for_years_is_not_bought(shop: Shop) -> None:
    lines = replenish.plan(shop)
    assert all(one.buy <= 365 * one.per_day + 1 for one in lines)
    heavy = [one for one in lines if one.advice == "minimum"]
    assert all(max(one.least, one.pack) > 0 and one.buy == 0 for one in heavy)


def test_what_did_not_sell_for_a_quarter_is_marked_down_or_bundled(shop: Shop) -> None:
    dead = [one for one in replenish.plan(shop) if one.advice in ("markdown", "bundle")]
    with shop.database.read() as session:
        since = str(shop.clock().date() - timedelta(days=80))
        sold = select(Sku.code).join(GoodsDay, (GoodsDay.key_id == Sku.id) & (GoodsDay.kind == "sku"))
        lately = set(
            session.execute(sold.where(GoodsDay.day >= since, GoodsDay.day < str(shop.clock().date()))).scalars()
        )
    assert not lately & {one.sku for one in dead}
    assert all((one.advice == "markdown") == (one.free > 5) for one in dead)


def test_every_sku_of_the_shop_is_forecast_from_its_own_sales(shop: Shop) -> None:
    panel = shop_panel.every_sku(shop)
    one = shop_panel.series(shop, days=548)
    assert panel.values.sum() == one.values.sum() > 0
    assert len(panel.skus) == len(panel.categories or [])
    assert panel.days[-1] == one.days[-1]


def test_a_table_gives_chinese_two_places() -> None:
    lines = table([{"sku": "手机", "buy": 5}, {"sku": "ab", "buy": 10}], ("sku", "buy")).splitlines()
    assert lines == ["sku   buy", "手机    5", "ab     10"]
