"""Public holidays in the total of all goods: how far each moved sales when it was last there.

Days come from ``chinesecalendar`` (the State Council's notices); a year that it
does not know yet has none.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Callable

import numpy as np

Array = np.ndarray
BEFORE, AFTER = 7, 3
"""Days around a holiday that are looked at: parcels stop before the Spring Festival."""
LEAST = 0.3
"""Logarithm of the mean lift from which a holiday moves this shop."""
SURE = 3.0


def spans(days: Array) -> dict[str, list[tuple[int, int]]]:
    """(first, length) of each public holiday that begins within the days, by its name."""
    found: dict[str, list[tuple[int, int]]] = {}
    for at, day in enumerate(days.astype("datetime64[D]").astype(object)):
        name = _name(day)
        if name is None:
            continue
        held = found.setdefault(name, [])
        if held and at - sum(held[-1]) <= 1:  # another holiday may stand in between
            held[-1] = (held[-1][0], at + 1 - held[-1][0])
        else:
            held.append((at, 1))
    return found


@lru_cache(maxsize=8192)
def _name(day: date) -> str | None:
    import chinese_calendar

    try:
        rest, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return str(name) if rest and name else None


def mark(factor: Array, days: Array, known: int, lift: Callable[[int, int], float | None], usual: float) -> None:
    """Write the lifts of holidays into the factors that are still 1.

    Args:
        factor: of each of ``days``, changed in place.
        known: how many of the days are over.
        lift: (first day of a holiday, day) → logarithm of the day over the weeks around, None where unknown.
        usual: units a day, by which a lift is told from chance.
    """
    free = factor == 1
    for held in spans(days).values():
        seen = [(first, length) for first, length in held if first + length <= known]
        inside = [one for first, length in seen for at in range(length) if (one := lift(first, first + at)) is not None]
        if not inside or abs(np.mean(inside)) < max(LEAST, SURE / np.sqrt(usual * len(inside))):
            continue
        longest = max(length for _, length in held)
        for shift in range(-BEFORE, longest + AFTER):
            told = [one for first, _ in seen if (one := lift(first, first + shift)) is not None]
            if not told:
                continue
            moved = float(np.mean(told))
            if 0 <= shift < longest:  # one day of one year is half chance
                moved = (moved + float(np.mean(inside))) / 2
            if abs(moved) < LEAST:
                continue
            for first, _ in held:
                if 0 <= first + shift < len(factor) and free[first + shift]:
                    factor[first + shift] = np.exp(moved)
