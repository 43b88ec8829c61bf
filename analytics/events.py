"""Shopping days (618, double eleven, …): how far they lift sales, learned from the years before."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
EVENTS = {"06-18": 5, "11-11": 6, "12-12": 4}
"""Month and day, and days before and after that are looked at."""
LEAST = 0.3
"""Logarithm of the lift from which it counts as one: smaller ones are noise."""


def lifts(days: Array, values: Array, ahead: Array) -> tuple[Array, Array]:
    """Factor of each past and each coming day; 1 where nothing special is known.

    A day's lift is the shop's total over the median of the weeks around it. A coming
    event takes the mean lift that it had, so an event that was never seen changes nothing.
    """
    total = values.sum(0)
    names = np.array([str(day)[5:] for day in np.concatenate([days, ahead])])
    factor = np.ones(len(names))
    where = np.arange(len(names))
    for name, width in EVENTS.items():
        at = where[names == name]
        for shift in range(-width, width + 1):
            seen = [_lift(total, one, one + shift) for one in at]
            known = [lift for lift in seen if lift is not None]
            if not known:
                continue
            mean = float(np.mean(known))
            if abs(mean) < LEAST:
                continue
            for one in at + shift:
                if 0 <= one < len(factor):
                    factor[one] = np.exp(mean)
    return factor[: len(days)], factor[len(days) :]


def _lift(total: Array, centre: int, day: int) -> float | None:
    if not 0 <= day < len(total):
        return None
    around = np.concatenate([total[max(0, centre - 35) : max(0, centre - 7)], total[centre + 7 : centre + 21]])
    usual = np.median(around) if len(around) >= 7 else 0.0
    return float(np.log(max(total[day], 0.5) / usual)) if usual >= 5 else None
