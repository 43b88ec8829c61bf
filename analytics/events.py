"""What all goods share: the rhythm of the week, shopping days (38, 618, 99, double eleven, …) and holidays as before.

One SKU sells too rarely to show either; the total of all shows both.
"""

from __future__ import annotations

import numpy as np

from analytics import holidays

Array = np.ndarray
EVENTS = {"03-08": 4, "06-18": 5, "09-09": 4, "11-11": 6, "12-12": 4}
"""Month and day, and days before and after that are looked at."""
LEAST = 0.3
"""Logarithm of the lift from which a day near an event counts: smaller ones are noise."""
LEAST_EVENT = 0.5
"""Logarithm of the lift on the very day from which it is an event of this shop, if its sales are enough to be SURE."""
LUMP, LUMP_PART = 10.0, 0.15
"""Units of a day, and their part of all that a series sold, beyond which it sells in lumps."""
WEEKS = 26
LEAST_A_DAY = 5.0
"""Units a day below which neither is told from noise."""


def lifts(days: Array, values: Array, ahead: Array) -> tuple[Array, Array]:
    """Factor of each past and each coming day; 1 where nothing special is known.

    It is the weekday's part of its week (by the last half year) times the lift of an
    event: the total over the median of the weeks around it. A coming event takes the
    mean lift that it had, so an event that was never seen changes nothing.
    """
    total = values[~lumpy(values)].sum(0)
    week = weekdays(total, len(days) + len(ahead))
    level = total / week[: len(days)]
    names = np.array([str(day)[5:] for day in np.concatenate([days, ahead])])
    factor = np.ones(len(names))
    where = np.arange(len(names))
    usual = float(np.median(level[-7 * WEEKS :])) if len(level) else 0.0
    sure = max(LEAST_EVENT, holidays.SURE / np.sqrt(max(usual, 1.0)))
    for name, width in EVENTS.items():
        at = where[names == name]
        if _mean(level, at, 0) < sure:
            continue
        for shift in range(-width, width + 1):
            mean = _mean(level, at, shift)
            if abs(mean) < LEAST:
                continue
            for one in at + shift:
                if 0 <= one < len(factor):
                    factor[one] = np.exp(mean)
    if usual >= LEAST_A_DAY:
        both = np.concatenate([days, ahead])
        holidays.mark(factor, both, len(days), lambda first, day: _lift(level, first, day), usual)
    factor *= week
    return factor[: len(days)], factor[len(days) :]


def lumpy(values: Array) -> Array:
    """Which series have a day that is a great part of all they sold: their lumps say nothing about the day."""
    most = values.max(1, initial=0.0)
    return np.asarray((most > LUMP) & (most > LUMP_PART * values.sum(1)))


def weekdays(total: Array, length: int) -> Array:
    """Each day's part of its week, 1 in the mean: medians over the last weeks, so that no single day bends them."""
    recent = total[-(7 * WEEKS + 6) :]
    if len(recent) < 7 * 8 or recent.mean() < LEAST_A_DAY:
        return np.ones(length)
    usual = np.convolve(recent, np.ones(7) / 7, "valid")
    part = recent[3:-3] / np.maximum(usual, 1e-9)
    place = (np.arange(len(part)) + len(total) - len(recent) + 3) % 7
    found = np.array([np.median(part[place == one]) for one in range(7)])
    found = np.maximum(found, 0.05)
    return np.asarray((found / found.mean())[np.arange(length) % 7])


def _mean(level: Array, centres: Array, shift: int) -> float:
    """The mean logarithm of the lift so many days from an event, 0 where it was never seen."""
    known = [lift for one in centres if (lift := _lift(level, one, one + shift)) is not None]
    return float(np.mean(known)) if known else 0.0


def _lift(total: Array, centre: int, day: int) -> float | None:
    if not 0 <= day < len(total):
        return None
    around = np.concatenate([total[max(0, centre - 35) : max(0, centre - 7)], total[centre + 7 : centre + 21]])
    usual = np.median(around) if len(around) >= 7 else 0.0
    return float(np.log(max(total[day], 0.5) / usual)) if usual >= LEAST_A_DAY else None
