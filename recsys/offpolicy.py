"""What came of the shown recommendations, and what another ranking would have brought.

    python -m recsys.offpolicy [--days 30] [--json]

Clicks and purchases by variant, and for each variant the value of "this product at
this place" weighed by the chance with which it came there: inverse propensity
scoring (Horvitz, Thompson, 1952) and its self-normalised form (Swaminathan,
Joachims, NIPS 2015), for a target that would always show what the variant ranks first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Callable, Sequence

import numpy as np

from shop.front import open_shop
from shop.impressions import Outcome

MOST_WEIGHT = 100.0
"""Weights above are cut: a little bias for much less noise."""


@dataclass(frozen=True)
class Estimate:
    """Value per shown place with a standard error; ``effective`` is how many logs it really rests on."""

    ips: float
    snips: float
    error: float
    effective: float
    logged: int


@dataclass(frozen=True)
class VariantReport:
    """One variant's lists, and the share of their places that were clicked and bought."""

    lists: int
    places: int
    clicks: float
    purchases: float
    by_position: dict[int, float]


def estimate(
    logs: Sequence[Outcome],
    would_show: Callable[[Outcome], float],
    reward: Callable[[Outcome], float] = lambda one: float(one.clicked),
) -> Estimate:
    """The value of a target policy on the logs of another.

    Args:
        logs: what was shown, with its propensity.
        would_show: the chance with which the target shows this product at this place.
        reward: what a place brought.
    """
    if not logs:
        return Estimate(0.0, 0.0, 0.0, 0.0, 0)
    weights = np.minimum([would_show(one) / max(one.propensity, 1e-6) for one in logs], MOST_WEIGHT)
    rewards = np.array([reward(one) for one in logs])
    values, total = weights * rewards, float(weights.sum())
    return Estimate(
        ips=float(values.mean()),
        snips=float(values.sum() / total) if total else 0.0,
        error=float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0,
        effective=float(total**2 / (weights**2).sum()) if total else 0.0,
        logged=len(logs),
    )


def greedy(one: Outcome) -> float:
    """The policy without exploring: places that came by chance it would not have filled so."""
    return 1.0 if one.propensity >= 0.5 else 0.0


def report(logs: Sequence[Outcome]) -> dict[str, VariantReport]:
    """Clicks and purchases of each variant."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for one in logs:
        found[one.variant].append(one)
    return {name: _of_variant(rows) for name, rows in sorted(found.items())}


def _of_variant(rows: Sequence[Outcome]) -> VariantReport:
    positions: dict[int, list[bool]] = defaultdict(list)
    for one in rows:
        positions[one.position].append(one.clicked)
    return VariantReport(
        lists=len({one.list_id for one in rows}),
        places=len(rows),
        clicks=sum(one.clicked for one in rows) / len(rows),
        purchases=sum(one.bought for one in rows) / len(rows),
        by_position={place: sum(clicks) / len(clicks) for place, clicks in sorted(positions.items())},
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the report; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recsys.offpolicy", description="What came of recommendations.")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    shop = open_shop()
    logs = shop.impressions.outcomes(shop.clock() - timedelta(days=options.days))
    told = {name: {**asdict(one), "greedy": asdict(estimate([log for log in logs if log.variant == name], greedy))}
            for name, one in report(logs).items()}  # fmt: skip
    if options.json:
        print(json.dumps(told, indent=1))
        return 0
    print(f"{len(logs)} shown places in {options.days} days")
    for name, one in told.items():
        print(
            f"{name:12} {one['lists']:6} lists  clicked {one['clicks']:.2%}  bought {one['purchases']:.2%}  "
            f"without exploring {one['greedy']['snips']:.2%} (SNIPS)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
