"""Forecasts of sales by SKU and day, week or month.

    python -m analytics.forecast --sales FILE.csv --horizon 28 [--backtest] [--json]
    python -m analytics.forecast --shop --horizon 28 [--backtest] [--json]

The file has date, sku, quantity[, price, promo, category, in_stock]. ``--backtest``
holds the last ``--horizon`` steps back and tells RMSSE and coverage on them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np

from analytics import smoothing
from analytics.choice import Forecast, Forecaster, rmsse
from analytics.panel import Panel, read_sales
from shop.errors import BadValue, ShopError

Array = np.ndarray
Tell = Callable[[str], None]


def _silent(_: str) -> None:
    return None


def forecast(panel: Panel, horizon: int, tell: Tell = _silent) -> Forecast:
    """The chosen forecast of every series for the steps after the panel.

    Raises:
        BadValue: the horizon is not between 1 and 400.
    """
    _checked(horizon)
    maker = Forecaster(panel, horizon, tell=tell)
    origin = panel.values.shape[1]
    made = maker.forecast(origin, maker.choose(origin))
    return made if panel.categories is None else reconciled(made, panel, horizon)


def backtest(panel: Panel, horizon: int, tell: Tell = _silent) -> dict[str, Any]:
    """How the choice and single methods would have done on the last steps: RMSSE (mean over series), coverage.

    Raises:
        BadValue: there are not at least three steps before those that are held back.
    """
    _checked(horizon)
    begin = time.monotonic()
    origin = panel.values.shape[1] - horizon
    if origin < 3:
        raise BadValue(f"{panel.values.shape[1]} steps of history are too few to hold {horizon} back", field="horizon")
    maker = Forecaster(panel, horizon, tell=tell)
    made = maker.forecast(origin, maker.choose(origin))
    past, truth = panel.values[:, :origin], panel.values[:, origin:]
    alone = {
        "chosen": made.point,
        "seasonal_naive": smoothing.seasonal_naive(past, horizon, panel.season),
        "ets": smoothing.ets(past, horizon, panel.season),
        "croston": smoothing.croston(past, horizon),
    }
    errors = {name: rmsse(truth, said, past) for name, said in alone.items()}
    judged = ~np.isnan(errors["chosen"])
    inside = (truth >= made.low) & (truth <= made.high)
    return {
        "rmsse": {name: _mean(one[judged]) for name, one in errors.items()},
        "coverage_90": _mean(inside[judged].astype(float)),
        "seconds": round(time.monotonic() - begin, 2),
        "series": int(judged.sum()),
        "bias": {name: _mean((said[judged] - truth[judged]).sum(1)) for name, said in (("expected", made.expected),)},
        "methods": _counts(made.method),
        "quality": panel.quality,
    }


def _mean(values: Array) -> float:
    return round(float(values.mean()), 4) if values.size else 0.0


def _counts(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}


def _checked(horizon: int) -> None:
    if not 1 <= horizon <= 400:
        raise BadValue(f"horizon={horizon!r}: give 1 to 400", field="horizon")


def reconciled(made: Forecast, panel: Panel, horizon: int) -> Forecast:
    """Let the SKUs' expected sales add up to their categories'.

    A category's own series (ETS of its sum) and the sum of its SKUs are averaged by
    the inverse of their past variances, and the SKUs are scaled to that.
    """
    names = sorted(set(panel.categories or []))
    expected = made.expected.copy()
    labels = np.array(panel.categories)
    for name in names:
        rows = labels == name
        total = smoothing.ets(panel.values[rows].sum(0, keepdims=True), horizon, panel.season)[0]
        below = expected[rows].sum(0)
        noise = max(1e-9, float(panel.values[rows].sum(0)[-90:].var()))
        single = max(1e-9, float(panel.values[rows][:, -90:].var(1).sum()))
        weight = single / (single + noise)
        goal = weight * total + (1 - weight) * below
        factor = np.divide(goal, below, out=np.ones(horizon), where=below > 1e-9)
        expected[rows] *= np.clip(factor, 0.5, 2.0)
    shift = expected - made.expected
    return Forecast(
        made.point,
        expected,
        np.maximum(0, made.low + shift),
        made.high + shift,
        made.method,
        made.spread,
        made.residuals,
    )


def rows_of(panel: Panel, made: Forecast) -> list[dict[str, Any]]:
    """Plain JSON of a forecast, a dictionary a SKU."""
    days = [str(day) for day in panel.future(made.point.shape[1])]
    parts = {"quantity": made.point, "expected": made.expected, "low_90": made.low, "high_90": made.high}
    return [
        {"sku": sku, "method": made.method[at], "dates": days}
        | {name: [round(float(one), 3) for one in table[at]] for name, table in parts.items()}
        for at, sku in enumerate(panel.skus)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Forecast a file from a terminal; returns the exit code."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m analytics.forecast", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--sales", type=Path, help="CSV of date, sku, quantity[, price, promo, category, in_stock]")
    source.add_argument("--shop", action="store_true", help="the shop's own sales, by SKU and day")
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--backtest", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    from tqdm import tqdm

    with tqdm(total=4, desc="forecast", file=sys.stderr, disable=None) as bar:

        def tell(what: str) -> None:
            bar.set_description(what)
            bar.update()

        try:
            tell("reading")
            panel = _of_the_shop() if given.shop else read_sales(given.sales)
            told = backtest(panel, given.horizon, tell) if given.backtest else _told(panel, given.horizon, tell)
        except ShopError as error:
            bar.close()
            print(error, file=sys.stderr)
            return 2
        bar.update()
    print(json.dumps(told, ensure_ascii=False) if given.json else _plain(told))
    return 0


def _of_the_shop() -> Panel:
    from analytics.shop_panel import every_sku
    from shop.front import open_shop

    return every_sku(open_shop())


def _told(panel: Panel, horizon: int, tell: Tell) -> dict[str, Any]:
    begin = time.monotonic()
    rows = rows_of(panel, forecast(panel, horizon, tell))
    return {
        "frequency": panel.frequency,
        "horizon": horizon,
        "series": rows,
        "quality": panel.quality,
        "seconds": round(time.monotonic() - begin, 2),
    }


def _plain(told: dict[str, Any]) -> str:
    lines = [f"note: {line}" for line in told["quality"]]
    if "rmsse" in told:
        lines += [f"RMSSE {name:15s} {value:.4f}" for name, value in told["rmsse"].items()]
        lines += [f"coverage of the 90 % interval {100 * told['coverage_90']:.1f} %", f"{told['seconds']} s"]
        return "\n".join(lines)
    lines += [f"{one['sku']}\t{sum(one['expected']):.1f} expected\t{one['method']}" for one in told["series"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
