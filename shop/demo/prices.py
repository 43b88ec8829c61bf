"""Prices over time: lasting changes, festivals, and how a price is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shop.demo.promotions import calendar, lifts
from shop.demo.world import DAY, HOUR, World


def tagged(base: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Prices as shops write them: from 100 yuan on they end in 9 yuan, from 20 on whole yuan, tenths below."""
    fen = base * factor
    step = np.where(fen >= 10000, 1000, np.where(fen >= 2000, 100, 10))
    tag = np.round(fen / step) * step - np.where(fen >= 10000, 100, 0)
    return np.where(np.isclose(factor, 1), base, tag).astype(int)


@dataclass
class Prices:
    """Products × days, up to some weeks after today: ``factor`` of the list price, ``lift`` of what is wanted."""

    factor: np.ndarray
    lift: np.ndarray


def make_prices(world: World, rng: np.random.Generator, leaf: np.ndarray, maker: np.ndarray) -> Prices:
    """Lasting changes of four products in ten, lower prices at the festivals, promotions.

    Args:
        rng: chance of the lasting changes and the festivals.
        leaf: category of each product.
        maker: brand of each product.
    """
    products, days = len(leaf), world.size.days + 1
    lasting, festive, left = np.ones((products, days)), np.ones((products, days)), calendar(world, maker)
    for at in range(products):
        if rng.random() < 0.4:
            for day in sorted(rng.choice(np.arange(10, days - 3), rng.integers(1, 4), replace=False)):
                lasting[at, day:] *= rng.choice([0.88, 0.92, 0.95, 0.97, 1.04, 1.08])
    recent = rng.choice(products, max(3, products // 25), replace=False)  # cheaper since some days: price protection
    for at in recent:
        lasting[at, days - int(rng.integers(2, 6)) :] *= 0.9
    for day, _ in festivals(world):
        cheap = rng.random(products) < 0.6
        festive[np.ix_(cheap, np.arange(max(0, day - 3), min(days - 8, day + 2)))] *= 0.88
        left[:, max(0, day - 3) : max(0, day + 3)] = 1.0  # these days have their own lower prices
    beyond = ((0, 0), (0, left.shape[1] - days))
    lasting, festive = np.pad(lasting, beyond, "edge"), np.pad(festive, beyond, constant_values=1.0)
    return Prices(lasting * festive * left, lifts(world, leaf, lasting, festive, left))


def festivals(world: World) -> list[tuple[int, float]]:
    """Days of 618 and double eleven within the history, and how much more is sold then."""
    found = []
    for day in range(world.size.days + 1):
        name = np.datetime64(world.start + day * DAY + 8 * HOUR, "s").astype(str)[5:10]
        if name in {"06-18", "11-11"}:
            found.append((day, 7.0 if name == "11-11" else 5.0))
    return found
