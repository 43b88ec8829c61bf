"""Which shelves are bought together: from the baskets of orders."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, groupby
from typing import Iterable

LEAST_ORDERS = 10
MOST_DOUBLINGS = 3.0


def bought_together(lines: Iterable[tuple[int, int, int]]) -> dict[int, dict[int, float]]:
    """{category: {category: doublings}}: how much more often than by chance two stand in one order (log2 of the lift).

    Args:
        lines: (order, product, category), sorted by order. Orders of one category count for nothing here.
    """
    single: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    orders = 0
    for _, basket in groupby(lines, key=lambda line: line[0]):
        shelves = sorted({category for _, _, category in basket})
        if len(shelves) < 2:
            continue
        orders += 1
        single.update(shelves)
        pairs.update(combinations(shelves, 2))
    found: dict[int, dict[int, float]] = {}
    for (first, second), count in pairs.items():
        lift = count * orders / (single[first] * single[second])
        if count >= LEAST_ORDERS and lift > 1:
            doublings = min(math.log2(lift), MOST_DOUBLINGS)
            found.setdefault(first, {})[second] = found.setdefault(second, {})[first] = doublings
    return found
