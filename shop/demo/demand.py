"""Who buys what on which day: weekly rhythm, seasons, festivals, tastes, things that go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.customers import SHOWCASE, People
from shop.demo.prices import festivals
from shop.demo.world import DAY, HOUR, SHANGHAI_S, World

# Sales of Monday to Sunday, and of the hours of a day, relative to each other.
_WEEK = np.array([0.92, 0.9, 0.92, 0.95, 1.02, 1.17, 1.12])
_HOURS = np.array([3, 1.5, 0.8, 0.5, 0.4, 0.6, 1.5, 3, 5, 7, 8, 7.5, 7, 6.5, 6, 6, 6, 5.5, 6, 7.5, 9, 10, 8.5, 5.5])
# Sales of January to December by kind of season.
_SEASONS = {
    "flat": [1.0] * 12,
    "spring": [0.7, 0.9, 1.5, 1.7, 1.5, 1.1, 0.9, 0.8, 0.9, 0.9, 0.7, 0.6],
    "summer": [0.3, 0.35, 0.6, 1.0, 1.7, 2.2, 2.3, 1.8, 1.0, 0.6, 0.4, 0.3],
    "autumn": [0.7, 0.6, 0.7, 0.8, 0.8, 0.8, 0.8, 1.1, 1.7, 1.8, 1.4, 1.0],
    "winter": [2.0, 1.4, 0.8, 0.5, 0.35, 0.3, 0.3, 0.4, 0.7, 1.3, 2.0, 2.2],
    "gift": [1.9, 1.3, 0.7, 0.7, 1.0, 1.0, 0.7, 0.9, 1.5, 1.0, 1.1, 1.5],
    "school": [0.8, 1.4, 1.1, 0.8, 0.7, 0.9, 1.2, 2.1, 1.9, 0.9, 0.8, 0.7],
}
_LUMPY = 0.08
"""Part of the products (the least wanted ones) that sell in rare lumps."""


@dataclass
class Sales:
    """Baskets in columns: one entry an order, and one a line; ``line_order`` points to the order."""

    at: np.ndarray
    customer: np.ndarray
    line_order: np.ndarray
    line_sku: np.ndarray
    line_product: np.ndarray
    line_quantity: np.ndarray


def season_table(world: World, goods: Goods) -> np.ndarray:
    """Products × days: how much of a product is wanted that day by season, price, life and lumps."""
    days = world.size.days + 1
    shelf = np.array([_curve(world, kind, days) for kind in goods.season])
    table = shelf[goods.leaf] * goods.prices.lift[:, :days]
    day = np.arange(days)
    table = table * (day[None] > world.day(goods.launched)[:, None]) * (day[None] < world.day(goods.ended)[:, None])
    rng = world.rng("lumps")
    for at in lumpy(goods):
        bursts = np.zeros(days)
        next_day = int(rng.integers(5, 50))
        while next_day < days:
            bursts[next_day] = rng.uniform(25, 45)
            next_day += int(rng.integers(22, 60))
        table[at] *= bursts
    return np.asarray(table)


def lumpy(goods: Goods) -> np.ndarray:
    """Positions of the products that sell in lumps."""
    return np.argsort(goods.popularity, kind="stable")[: max(3, round(_LUMPY * len(goods.popularity)))]


def day_weights(world: World) -> np.ndarray:
    """Relative sales of each day of the history, today's in full."""
    rng = world.rng("days")
    days = np.arange(world.size.days + 1)
    weekday = (days + world.start // DAY + 4) % 7  # the epoch was a Thursday; the start is 16:00 UTC of the day before
    weight = _WEEK[weekday] * (1 + 0.5 * days / len(days)) * rng.lognormal(0, 0.08, len(days))
    for day, height in festivals(world):
        near = np.array([0.25, 0.45, 0.6, 1.0, 0.45, 0.2])  # three days before to two days after
        for shift, part in zip(range(-3, 3), near):
            if 0 <= day + shift < len(days):
                weight[day + shift] *= 1 + (height - 1) * part
    return np.asarray(weight)


def make_sales(world: World, goods: Goods, people: People, chance: np.ndarray, seasons: np.ndarray) -> Sales:
    """Baskets of the whole history up to now."""
    rng = world.rng("sales")
    weight = day_weights(world)
    elapsed = (world.now - world.today) / HOUR
    weight[-1] *= _HOURS[: int(elapsed)].sum() / _HOURS.sum() + 1e-6
    counts = rng.multinomial(world.size.orders, weight / weight.sum())
    boost = _together(world, goods)
    at, customer, lines = [], [], []
    for day, count in enumerate(counts):
        midnight = world.start + day * DAY
        buyers = _buyers(rng, people, midnight, int(count))
        at.append(np.sort(midnight + _seconds(rng, len(buyers), elapsed if day == len(counts) - 1 else 24.0)))
        customer.append(buyers)
        lines.append(_baskets(rng, chance[buyers] * seasons[:, day], boost))
    return _joined(world, rng, goods, at, customer, lines)


def _buyers(rng: np.random.Generator, people: People, midnight: int, count: int) -> np.ndarray:
    active = (people.joined < midnight) & (people.left > midnight) & (np.arange(len(people.names)) != SHOWCASE)
    eager = people.activity * active
    return rng.choice(len(eager), count, p=eager / eager.sum())


def _seconds(rng: np.random.Generator, count: int, until_hour: float) -> np.ndarray:
    """Seconds of the day, by the hours' rhythm and before the given hour."""
    hours = _HOURS.copy()
    hours[int(until_hour) :] = 0
    if hours.sum() == 0:
        return rng.integers(0, max(1, int(until_hour * HOUR)), count)
    return rng.choice(24, count, p=hours / hours.sum()) * HOUR + rng.integers(0, HOUR, count)


def _together(world: World, goods: Goods) -> np.ndarray:
    """Categories × products: how much more a product is wanted beside one of a category."""
    codes = {one["code"]: at for at, one in enumerate(goods.categories)}
    boost = np.ones((len(codes), len(goods.categories)))
    for code, others in world.content.words["goes_with"].items():
        boost[codes[code], [codes[one] for one in others]] = 12.0
    return np.asarray(boost[:, goods.leaf][goods.leaf])


def _baskets(rng: np.random.Generator, wants: np.ndarray, boost: np.ndarray) -> list[list[int]]:
    """For each row of chances the different products of a basket, one to four."""
    if not len(wants):
        return []
    sizes = rng.choice([1, 2, 3, 4], len(wants), p=[0.6, 0.25, 0.1, 0.05])
    first = draw(rng, wants)
    baskets = [[int(one)] for one in first]
    for more in (2, 3, 4):
        rows = np.flatnonzero(sizes >= more)
        for row, product in zip(rows, draw(rng, wants[rows] * boost[first[rows]]) if len(rows) else ()):
            if product not in baskets[row]:
                baskets[row].append(int(product))
    return baskets


def draw(rng: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """One column for each row, with the row's chances (they need not sum to 1)."""
    heap = np.cumsum(chances, axis=1)
    aim = rng.random(len(chances)) * heap[:, -1]
    return np.minimum((heap < aim[:, None]).sum(1), chances.shape[1] - 1)


def _joined(
    world: World,
    rng: np.random.Generator,
    goods: Goods,
    at: list[np.ndarray],
    customer: list[np.ndarray],
    lines: list[list[list[int]]],
) -> Sales:
    baskets = [basket for day in lines for basket in day]
    order = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    product = np.array([one for basket in baskets for one in basket])
    sku = np.empty(len(product), int)
    roll = rng.random(len(product))
    for one in np.unique(product):
        rows = product == one
        begin, end = goods.first_sku[one], goods.first_sku[one + 1]
        sku[rows] = begin + np.searchsorted(np.cumsum(goods.weight[begin:end])[:-1], roll[rows])
    return Sales(
        np.concatenate(at), np.concatenate(customer), order, sku, product, _quantities(world, rng, goods, product)
    )


def _quantities(world: World, rng: np.random.Generator, goods: Goods, product: np.ndarray) -> np.ndarray:
    codes = [goods.categories[at]["code"] for at in goods.leaf]
    stocked = np.isin(np.array(codes), world.content.words["stock_up"])[product]
    quantity = np.where(rng.random(len(product)) < 0.05, 2, 1)
    quantity = np.where(stocked, rng.choice([1, 2, 3, 4, 6], len(product), p=[0.5, 0.27, 0.12, 0.07, 0.04]), quantity)
    lumps = np.isin(product, lumpy(goods)) & (goods.base_fen[goods.first_sku[product]] < 50000)
    return np.where(lumps, rng.integers(4, 16, len(product)), quantity)


def _curve(world: World, kind: str, days: int) -> np.ndarray:
    """A kind of season by day, running smoothly from mid-month to mid-month."""
    months = np.array(_SEASONS[kind])
    moments = (world.start + np.arange(days) * DAY + SHANGHAI_S).astype("datetime64[s]")
    year = moments.astype("datetime64[Y]")
    place = (moments - year.astype("datetime64[s]")) / np.timedelta64(DAY, "s") / 365.25 * 12 - 0.5
    return np.asarray(np.interp(place, np.arange(-1, 13), np.concatenate([months[-1:], months, months[:1]])))
