"""How well sales are foretold, and how long questions over a million orders take: the figures of analytics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from deploy.environment import child_environment
from shop.settings import ROOT, Settings
from tests.bench import bots
from tests.bench.report import Row
from tests.house.project import bench_dir
from tests.servers import postgres_bin

CARPARTS, DEMO = "forecast of 2,674 spare parts, 12 months: RMSSE", "forecast of the demo shop, 28 days: RMSSE"
BAND = "{}, 90 % band holds"
ASKED = "question over a million orders, {}: p95"
SQLITE, POSTGRES = ASKED.format("SQLite"), ASKED.format("PostgreSQL")
LOST = "120 days of the demo shop replayed: lost units"
METHODS = {"chosen": "ours", "seasonal_naive": "seasonal naive", "ets": "ETS", "croston": "Croston"}
WANTED = {
    CARPARTS: "≤ 85 % of seasonal naive, ≤ 95 % of ETS, Croston",
    DEMO: "≤ 85 % of seasonal naive, ≤ 95 % of ETS, Croston",
    BAND.format(CARPARTS.partition(":")[0]): "87–93 %",
    BAND.format(DEMO.partition(":")[0]): "87–93 %",
    LOST: "≤ 70 % of the two-weeks rule",
    SQLITE: "≤ 300 ms",
    POSTGRES: "≤ 150 ms",
}


def evaluations(settings: Settings) -> list[Row]:
    """Forecasts beside single methods, the replay beside the two-weeks rule, questions on each database.

    Args:
        settings: of the bench's own demo shop, which is made if it is not there.
    """
    bots.build_demo(settings)
    environment = child_environment(settings)
    folder, rows = bench_dir(), []
    if folder is not None:
        sales = str(folder / "carparts" / "sales.csv")
        rows += forecast_rows(CARPARTS, _json(environment, "analytics.forecast", "--sales", sales, *_held(12)))
    rows += forecast_rows(DEMO, _json(environment, "analytics.forecast", "--shop", *_held(28)))
    rows += replay_rows(_json(environment, "analytics.replenish", "--simulate", "--json"))
    for what, more in ((SQLITE, []), (POSTGRES, ["--postgres"])):
        if not more or postgres_bin() is not None:
            busy = f"{os.getloadavg()[0]:.1f}"
            told = _json(environment, "tests.bench.questions", "--json", *more)
            rows.append(Row(what, "ours", f"{told['p95_ms']:.0f} ms", busy))
    return rows


def _held(steps: int) -> list[str]:
    return ["--horizon", str(steps), "--backtest", "--json"]


def forecast_rows(what: str, told: dict[str, Any]) -> list[Row]:
    """RMSSE of ours and of each method alone, and the share of what came that our 90 % band holds."""
    rows = [Row(what, METHODS[name], f"{value:.3f}") for name, value in told["rmsse"].items()]
    return [*rows, Row(BAND.format(what.partition(":")[0]), "ours", f"{told['coverage_90']:.1%}")]


def replay_rows(told: dict[str, Any]) -> list[Row]:
    """Lost units of ours and of the rule at the same stock value."""
    names = {"ours": "ours", "two_weeks": "two-weeks rule"}
    return [Row(LOST, bot, f"{told[name]['lost_units']:,.0f}") for name, bot in names.items()]


def _json(environment: dict[str, str], module: str, *arguments: str) -> dict[str, Any]:
    """What a module of ours prints as JSON, the last line of its output."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return found
