"""Forecasts: the methods on series whose answer is known, the choice, the command, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analytics import forecast, smoothing
from analytics.boosting import BoostConfig, Booster
from analytics.events import lifts
from analytics.panel import Panel, read_sales
from shop.errors import BadValue

RNG = np.random.default_rng(3)


def panel(values: np.ndarray, frequency: str = "day", **more: object) -> Panel:
    days = np.datetime64("2024-01-01") + np.arange(values.shape[1])
    return Panel([f"s{at}" for at in range(len(values))], days, frequency, values, **more)  # type: ignore[arg-type]


def weekly(count: int = 30, length: int = 140) -> np.ndarray:
    shape = np.tile([1, 1, 1, 1, 2, 4, 3], length // 7 + 1)[:length]
    return RNG.poisson(shape * RNG.uniform(1, 6, (count, 1))).astype(float)


def write(folder: Path, text: str) -> Path:
    path = folder / "sales.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_seasonal_naive_repeats_the_last_season() -> None:
    said = smoothing.seasonal_naive(np.arange(14.0)[None], 9, 7)
    assert said[0].tolist() == [7, 8, 9, 10, 11, 12, 13, 7, 8]


def test_croston_divides_size_by_interval_and_sba_takes_its_bias_away() -> None:
    past = np.tile([0.0, 0.0, 6.0], 40)[None]
    assert smoothing.croston(past, 2)[0] == pytest.approx([2.0, 2.0])
    assert smoothing.sba(past, 1)[0, 0] == pytest.approx(1.9)


def test_tsb_lets_a_dead_series_die_and_croston_does_not() -> None:
    past = np.concatenate([np.tile([0.0, 4.0], 50), np.zeros(100)])[None]
    assert smoothing.tsb(past, 1)[0, 0] < 0.3 < 1.0 < smoothing.croston(past, 1)[0, 0]


def test_ets_finds_the_week() -> None:
    past = np.tile([1.0, 1, 1, 1, 2, 4, 3], 20)[None]
    assert smoothing.ets(past, 7, 7)[0] == pytest.approx([1, 1, 1, 1, 2, 4, 3], abs=0.05)


def test_the_global_model_beats_a_mean_on_weekly_series() -> None:
    values = weekly()
    booster = Booster(BoostConfig(trees=60, least_rows=20)).fit(values[:, :126], range(98, 56, -7), 14, 7)
    said = booster.predict(values, 126, 14, 7)
    mean = values[:, :126].mean(1, keepdims=True)
    assert ((said - values[:, 126:]) ** 2).mean() < 0.7 * ((mean - values[:, 126:]) ** 2).mean()


def test_the_choice_beats_the_season_of_before_and_its_interval_holds() -> None:
    told = forecast.backtest(panel(weekly(60, 210)), 14)
    assert told["rmsse"]["chosen"] < 0.9 * told["rmsse"]["seasonal_naive"]
    assert 0.84 <= told["coverage_90"] <= 0.95


def test_a_shopping_day_of_last_year_is_expected_again() -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    values = np.full((5, 500), 4.0)
    values[:, days == np.datetime64("2023-11-11")] *= 7
    before, ahead = lifts(days, values, np.array(["2024-11-10", "2024-11-11"], "datetime64[D]"))
    assert ahead.tolist() == pytest.approx([1.0, 7.0])
    assert before[days == np.datetime64("2023-11-11")] == pytest.approx([7.0])


@pytest.mark.parametrize("day", ["03-08", "09-09"])
def test_the_smaller_shopping_days_of_a_shop_that_holds_them_are_expected_again(day: str) -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    values = np.full((5, 500), 4.0)
    values[:, [str(one)[5:] == day for one in days]] *= 3
    ahead = lifts(days, values, np.array([f"2025-{day}"], "datetime64[D]"))[1]
    assert ahead.tolist() == pytest.approx([3.0])


def test_a_busy_day_of_a_small_shop_is_chance_and_no_shopping_day() -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    values = np.full((2, 500), 4.0)
    values[:, days == np.datetime64("2023-11-11")] *= 2
    assert lifts(days, values, np.array(["2024-11-11"], "datetime64[D]"))[1].tolist() == pytest.approx([1.0])


def test_a_lump_of_one_product_is_no_part_of_a_shopping_day() -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    values = np.full((9, 500), 4.0)
    values[:, days == np.datetime64("2023-11-11")] *= 5
    values[0] = np.where(days == np.datetime64("2023-11-11"), 300, 0)
    ahead = lifts(days, values, np.array(["2024-11-11"], "datetime64[D]"))[1]
    assert ahead.tolist() == pytest.approx([5.0])


def test_the_shops_week_is_found_in_its_total_and_goes_on() -> None:
    days = np.datetime64("2024-01-01") + np.arange(203)
    week = np.tile([0.8, 0.8, 0.8, 0.8, 1.0, 1.5, 1.3], 29)
    rare = RNG.poisson(np.tile(week, (200, 1)) * 0.2).astype(float)
    before, ahead = lifts(days, rare, days[-1] + np.arange(1, 8))
    assert ahead == pytest.approx([0.8, 0.8, 0.8, 0.8, 1.0, 1.5, 1.3], abs=0.2)
    assert before[:7] == pytest.approx(ahead)


def test_neither_a_week_nor_an_event_is_read_into_a_handful_of_sales() -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    before, ahead = lifts(days, RNG.poisson(0.5, (4, 500)).astype(float), np.array(["2024-11-11"], "datetime64[D]"))
    assert set(before) | set(ahead) == {1.0}


def test_a_day_that_only_looks_a_little_busier_is_no_event() -> None:
    days = np.datetime64("2023-06-01") + np.arange(500)
    values = np.full((5, 500), 4.0)
    values[:, days == np.datetime64("2023-12-12")] *= 1.4
    assert lifts(days, values, np.array(["2024-12-12"], "datetime64[D]"))[1].tolist() == pytest.approx([1.0])


def test_the_command_tells_the_agreed_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"2024-0{month}-{day:02d},a,{day % 3}\n" for month in range(1, 7) for day in range(1, 29))
    path = write(tmp_path, "date,sku,quantity\n" + rows)
    assert forecast.main(["--sales", str(path), "--horizon", "14", "--backtest", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["rmsse"]) == {"chosen", "seasonal_naive", "ets", "croston"}
    assert {"coverage_90", "seconds"} <= set(told)
    assert forecast.main(["--sales", str(path), "--horizon", "3", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)["series"][0]
    assert (one["sku"], len(one["quantity"]), one["dates"][0]) == ("a", 3, "2024-06-29")


@pytest.mark.parametrize(
    ("step", "frequency", "coming"),
    [(7, "week", ["2024-04-29", "2024-05-06"]), (0, "month", ["2024-02-01", "2024-03-01"])],
)
def test_a_file_by_week_or_month_is_forecast_in_its_own_steps(
    tmp_path: Path, step: int, frequency: str, coming: list[str]
) -> None:
    days = (
        np.datetime64("2022-01-03") + step * np.arange(121)
        if step
        else (np.datetime64("2022-01") + np.arange(25)).astype("datetime64[D]")
    )
    rows = [f"{day},{sku},{level}" for sku, level in (("a", 7), ("b", 2)) for day in days]
    read = read_sales(write(tmp_path, "\n".join(["date,sku,quantity", *rows])), today=np.datetime64("2024-12-31"))
    assert read.frequency == frequency
    told = forecast.rows_of(read, forecast.forecast(read, 2))
    assert [one["dates"] for one in told] == [coming] * 2
    assert [one["expected"] for one in told] == [pytest.approx([level] * 2, rel=0.05) for level in (7, 2)]


def test_bad_rows_are_told_and_the_rest_is_forecast(tmp_path: Path) -> None:
    text = "date,sku,quantity,price\n" + "".join(f"2024-01-{day:02d},a,2,¥3\n" for day in range(1, 29) if day != 9)
    text += "2024-01-03,a,1,$3\n2024-01-04,a,-1,¥3\n2199-01-01,a,5,¥3\nnonsense,a,5,¥3\n2024-01-05,a,many,¥3\n"
    read = read_sales(write(tmp_path, text), np.datetime64("2024-02-01"))
    told = "\n".join(read.quality)
    for word in ("future", "unreadable dates", "unreadable quantities", "duplicate", "negative", "gaps", "currencies"):
        assert word in told
    assert forecast.forecast(read, 3).expected[0, 0] == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize("rows", ["2024-01-01,a,5", "2024-01-01,a,0\n2024-01-02,a,0\n2024-01-03,a,0"])
def test_one_data_point_and_all_zeros_get_a_sane_forecast_and_a_note(tmp_path: Path, rows: str) -> None:
    read = read_sales(write(tmp_path, "date,sku,quantity\n" + rows + "\n"))
    made = forecast.forecast(read, 3)
    assert read.quality
    assert np.isfinite(made.expected).all()
    assert made.expected.max() <= 5


@pytest.mark.parametrize("text", ["", "date,sku\n2024-01-01,a\n", "date,sku,quantity\nx,a,1\n"])
def test_a_file_that_is_no_table_of_sales_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadValue):
        read_sales(path)
    assert forecast.main(["--sales", str(path)]) == 2
    assert "sales.csv" in capsys.readouterr().err or "no usable row" in text or text


def test_skus_add_up_towards_their_category() -> None:
    values = weekly(6, 140)
    made = forecast.forecast(panel(values, categories=["x"] * 6), 7)
    alone = forecast.forecast(panel(values), 7)
    total = smoothing.ets(values.sum(0, keepdims=True), 7, 7)[0]
    assert np.abs(made.expected.sum(0) - total).sum() <= np.abs(alone.expected.sum(0) - total).sum() + 1e-6
