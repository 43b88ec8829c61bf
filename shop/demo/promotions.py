"""The shop's calendar of lower prices, and what prices do to sales.

How much: the mean elasticity of 1,851 measured ones is -2.62 (Bijmolt, van Heerde &
Pieters, J. Marketing Research 42, 2005); what is shown on a page of its own sells more
than its price explains, and a part of that is missing afterwards (van Heerde, Leeflang &
Wittink, Marketing Science 23, 2004).
"""

from __future__ import annotations

import numpy as np

from shop.demo.world import DAY, HOUR, World

AHEAD = 60
"""Days after today that are planned."""
_WEEKEND = (0.08, [0.9, 0.85, 0.8, 0.75, 0.7, 0.6])
_BRAND = [0.9, 0.85, 0.8]
_MEMBERS = (0.1, 0.88)
_MEMBER_DAYS = {"18", "19"}
_ELASTIC = (1.8, 3.6)
_LASTING = 1.0
_SHOWN = 1.5
_AFTER = np.linspace(0.75, 1.0, 8)[:-1]


def calendar(world: World, maker: np.ndarray) -> np.ndarray:
    """Products × days (with those ahead): the part of the usual price that promotions leave, mostly 1.

    Each weekend some products are cheaper, each week those of one brand, in the middle of each month some for members.

    Args:
        maker: brand of each product.
    """
    rng = world.rng("promotions")
    products, days = len(maker), world.size.days + 1 + AHEAD
    left = np.ones((products, days))

    def cheaper(which: np.ndarray, begin: int, end: int, part: np.ndarray | float) -> None:
        rows = np.ix_(which, np.arange(max(0, begin), min(days, max(0, end))))
        left[rows] = np.minimum(left[rows], np.broadcast_to(np.reshape(part, (-1, 1)), (len(which), 1)))

    monday = -int((world.start // DAY + 4) % 7)  # as in demand: the start is 16:00 UTC of the day before
    for week in range(monday, days, 7):
        some = rng.choice(products, max(2, round(_WEEKEND[0] * products)), replace=False)
        cheaper(some, week + 4, week + 7, rng.choice(_WEEKEND[1], len(some)))
        cheaper(np.flatnonzero(maker == rng.choice(maker)), week, week + 7, float(rng.choice(_BRAND)))
    for day in range(days):
        if np.datetime64(world.start + day * DAY + 8 * HOUR, "s").astype(str)[8:10] == min(_MEMBER_DAYS):
            some = rng.choice(products, max(2, round(_MEMBERS[0] * products)), replace=False)
            cheaper(some, day, day + len(_MEMBER_DAYS), _MEMBERS[1])
    return left


def lifts(world: World, leaf: np.ndarray, lasting: np.ndarray, festive: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Products × days: by what factor prices and promotions change what is wanted of a product.

    Args:
        leaf: category of each product; each has an elasticity of its own.
        lasting: price by lasting changes.
        festive: part of it that festivals leave.
        left: part of it that promotions leave.
    """
    elastic = world.rng("elasticities").uniform(*_ELASTIC, int(leaf.max()) + 1)[leaf][:, None]
    made = (festive * left) ** -elastic * np.where(left < 1, _SHOWN, 1.0)
    ended = (left[:, :-1] < 1) & (left[:, 1:] == 1)
    for product, day in zip(*np.nonzero(ended)):
        after = made[product, day + 1 : day + 1 + len(_AFTER)]
        after *= np.where(left[product, day + 1 : day + 1 + len(after)] < 1, 1.0, _AFTER[: len(after)])
    return np.asarray(made * (lasting / lasting.mean(1, keepdims=True)) ** -_LASTING)
