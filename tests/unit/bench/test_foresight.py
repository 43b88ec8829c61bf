"""The rows of `make bench` say what forecast, replay and questions said."""

from __future__ import annotations

from tests.bench import foresight
from tests.bench.report import Row


def test_a_backtest_becomes_a_figure_for_each_method_and_the_band() -> None:
    told = {"rmsse": {"chosen": 0.5333, "seasonal_naive": 0.8, "ets": 0.6, "croston": 0.7}, "coverage_90": 0.9111}
    rows = foresight.forecast_rows(foresight.DEMO, told)
    assert rows[0] == Row(foresight.DEMO, "ours", "0.533")
    assert {row.bot for row in rows} == {"ours", "seasonal naive", "ETS", "Croston"}
    assert rows[-1].figure == "91.1%"
    assert {row.what for row in rows} <= set(foresight.WANTED)


def test_the_replay_stands_beside_the_rule() -> None:
    rows = foresight.replay_rows({"ours": {"lost_units": 2041.0}, "two_weeks": {"lost_units": 3116.4}})
    assert [(row.bot, row.figure) for row in rows] == [("ours", "2,041"), ("two-weeks rule", "3,116")]
