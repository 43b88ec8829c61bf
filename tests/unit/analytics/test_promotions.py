"""Prices, promotions and public holidays: their lift is learnt where there is one and only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics import forecast, promotions
from analytics.events import lifts
from analytics.panel import Panel, read_sales


def promoted(lift: float, seed: int = 4) -> tuple[Panel, np.ndarray]:
    """60 SKUs over 210 days, each a fifth cheaper in a week of its own every five weeks; and where that is."""
    rng = np.random.default_rng(seed)
    days = np.datetime64("2025-01-06") + np.arange(210)
    week = (np.arange(210) // 7 + np.arange(60)[:, None]) % 5 == 0
    rate = rng.uniform(0.5, 3, (60, 1)) * np.where(week, lift, 1.0)
    values = rng.poisson(rate).astype(float)
    price = np.where(week, 0.8, 1.0)[:, :, None]
    return Panel([str(at) for at in range(60)], days, "day", values, price, known=("price",)), week


def test_the_lift_of_a_lower_price_is_learnt_from_all_series_together() -> None:
    panel, _ = promoted(2.5)
    known = promotions.causes(panel)
    learnt = promotions.response(panel.values, known, np.ones(210))
    assert np.exp(learnt[0] * np.log(0.8)) == pytest.approx(2.5, rel=0.05)
    assert not promotions.response(promoted(1.0)[0].values, known, np.ones(210)).any(), "no lift, no cause"


def test_a_price_that_stays_becomes_the_usual_one() -> None:
    price = np.r_[np.full(40, 1.0), np.full(60, 0.8)][None, :, None]
    panel = Panel(
        ["a"], np.datetime64("2025-01-01") + np.arange(100), "day", np.ones((1, 100)), price, known=("price",)
    )
    cheaper = promotions.causes(panel)[0, :, 0]
    assert cheaper[:40].tolist() == [0] * 40
    assert cheaper[40:67] == pytest.approx(np.log(0.8))
    assert cheaper[67:].tolist() == [0] * 33


def test_a_coming_promotion_is_forecast_and_a_past_one_does_not_lift_the_rest() -> None:
    panel, week = promoted(2.5)
    held = forecast.Forecaster(panel, 28, tell=lambda _: None)
    said = held.methods(182, None)["ets"]
    rate = panel.values[:, :182][~week[:, :182]].mean()
    ahead = week[:, 182:]
    assert said[ahead].mean() == pytest.approx(2.5 * rate, rel=0.15)
    assert said[~ahead].mean() == pytest.approx(rate, rel=0.1)


def test_a_plan_in_the_file_is_forecast(tmp_path: Path) -> None:
    panel, week = promoted(2.5)
    rows = ["date,sku,quantity,price,promo"]
    for at, sku in enumerate(panel.skus):
        for step, day in enumerate(panel.days):
            sold = f"{panel.values[at, step]:.0f}" if step < 182 else ""
            rows.append(f"{day},{sku},{sold},{100 * panel.extra[at, step, 0]:.0f},{int(week[at, step])}")
    (tmp_path / "sales.csv").write_text("\n".join(rows))
    read = read_sales(tmp_path / "sales.csv", today=panel.days[181])
    assert read.values.shape == (60, 182)
    assert read.extra.shape == (60, 210, 2)
    assert any(line.startswith("plan: 1680 rows") for line in read.quality)
    order = [panel.skus.index(sku) for sku in read.skus]
    made = forecast.forecast(read, 28)
    ahead = week[order, 182:]
    assert made.expected[ahead].mean() > 1.8 * made.expected[~ahead].mean()


def test_rows_without_a_quantity_amid_the_sales_are_no_plan(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(
        "date,sku,quantity,price\n2025-01-01,a,1,9\n2025-01-02,a,,9\n2025-01-03,a,2,9\n2025-01-04,a,,\n2025-01-05,a,,8\n"
    )
    read = read_sales(tmp_path / "sales.csv", today=np.datetime64("2025-01-03"))
    assert read.values.tolist() == [[1.0, 0.0, 2.0]]
    assert read.extra[0, :, 0] == pytest.approx([1.0, 1.0, 1.0, 1.0, 8 / 9])
    assert any(line.startswith("unreadable quantities: 2 rows") for line in read.quality)


def test_a_spring_festival_moves_with_the_moon_and_its_quiet_with_it() -> None:
    days = np.datetime64("2024-10-01") + np.arange(480)
    quiet = (days >= np.datetime64("2025-01-28")) & (days <= np.datetime64("2025-02-04"))
    values = np.random.default_rng(1).poisson(np.where(quiet, 30.0, 100.0), (5, 480)).astype(float)
    coming = days[-1] + np.arange(1, 41)
    before, ahead = lifts(days, values, coming)
    assert before[quiet] == pytest.approx(0.3, abs=0.05)
    festival = (coming >= np.datetime64("2026-02-16")) & (coming <= np.datetime64("2026-02-20"))
    assert ahead[festival] == pytest.approx(0.3, abs=0.05)
    assert ahead[coming < np.datetime64("2026-02-08")] == pytest.approx(1.0, abs=0.15)
    calm = np.random.default_rng(2).poisson(20.0, (5, 480)).astype(float)
    assert lifts(days, calm, coming)[1] == pytest.approx(1.0, abs=0.15), "a shop that does not care has no holiday"
