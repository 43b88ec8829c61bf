"""Replays months that are over under two ways of ordering, day by day and all SKUs at once.

The rule that is beaten: order as soon as what is there and on its way lasts less than
two weeks at the rate of the last four, up to four weeks. Ours: reorder points from the
distribution of demand over the lead time, at the same stock value in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from analytics.smoothing import tsb
from analytics.stock_policy import demand_quantile, packed

Array = np.ndarray
Policy = Callable[[Array, Array], tuple[Array, Array]]
"""(history, position) → (reorder point, order-up-to level), each by SKU."""


@dataclass(frozen=True)
class Goods:
    """What is bought: price and cost in fen, lead time in days, packs."""

    price_fen: Array
    cost_fen: Array
    lead_days: Array
    pack: Array
    least: Array


@dataclass(frozen=True)
class Outcome:
    """What a way of ordering came to."""

    lost_units: float
    lost_fen: float
    service: float
    stock_fen: float
    orders: int


def two_weeks(history: Array, position: Array) -> tuple[Array, Array]:
    """Order below two weeks of the last four weeks' rate, up to four weeks."""
    del position
    rate = history[:, -28:].mean(1)
    return 14 * rate, 28 * rate


def valued_policy(goods: Goods, worth: float, cycle_days: float) -> Policy:
    """The least lost sales for a stock value: every yuan of stock saves at least ``worth`` yuan of sales a day.

    With orders of q units a unit more of safety stock saves price × P(demand over the
    lead time > s) once in q/rate days and binds its cost; a SKU whose smallest order binds
    more than its sales are worth is not ordered at all.
    """

    def policy(history: Array, position: Array) -> tuple[Array, Array]:
        del position
        rate = 0.5 * history[:, -182:].mean(1) + 0.5 * tsb(history[:, -182:], 1)[:, 0]
        day_variance = np.maximum(history[:, -182:].var(1), rate)
        span = goods.lead_days + 1
        mean, variance = rate * span, day_variance * span + (0.25 * rate * span) ** 2
        lot = np.maximum(packed(np.ceil(rate * cycle_days), goods.pack, goods.least), 1.0)
        days = lot / np.maximum(rate, 1e-9)
        short = worth * goods.cost_fen * days / np.maximum(1.0, goods.price_fen)
        point = demand_quantile(mean, variance, 1 - np.clip(short, 1e-4, 0.999))
        pays = (rate * goods.price_fen >= worth * goods.cost_fen * lot / 2) & (rate > 0)
        point = np.where(pays, point, -1.0)
        return point, point + np.maximum(rate * cycle_days, 1.0)

    return policy


def replay(values: Array, begin: int, goods: Goods, policy: Policy, review_days: int = 7) -> Outcome:
    """Live through the days from ``begin`` on with a way of ordering; unmet demand is lost.

    Args:
        values: SKUs × days of true demand; the policy sees only what is over.
    """
    count, days = values.shape
    on_hand = np.ceil(values[:, begin - 28 : begin].mean(1) * 28)
    arrivals = np.zeros((count, days - begin + int(goods.lead_days.max()) + 2))
    point, upto = policy(values[:, :begin], on_hand)
    lost = np.zeros(count)
    stock, orders = 0.0, 0
    coming = np.zeros(count)
    for day in range(begin, days):
        at = day - begin
        on_hand += arrivals[:, at]
        coming -= arrivals[:, at]
        sold = np.minimum(on_hand, values[:, day])
        lost += values[:, day] - sold
        on_hand -= sold
        if at % review_days == 0 and at:
            point, upto = policy(values[:, :day], on_hand + coming)
        position = on_hand + coming
        wanted = np.where(position <= point, np.maximum(0, upto - position), 0)
        bought = packed(np.ceil(wanted), goods.pack, goods.least)
        np.add.at(arrivals, (np.arange(count), at + goods.lead_days.astype(int)), bought)
        coming += bought
        orders += int((bought > 0).sum())
        stock += float((on_hand * goods.cost_fen).sum())
    demand = values[:, begin:].sum()
    return Outcome(
        float(lost.sum()),
        float((lost * goods.price_fen).sum()),
        float(1 - lost.sum() / max(1.0, demand)),
        stock / (days - begin),
        orders,
    )


def compare(values: Array, begin: int, goods: Goods, cycle_days: float = 7.0) -> dict[str, Outcome]:
    """Both ways over the same days; ours is made as thrifty as it takes to hold no more stock than the rule."""
    rule = replay(values, begin, goods, two_weeks)
    low, high = np.log(1e-5), np.log(1.0)
    best = replay(values, begin, goods, valued_policy(goods, float(np.exp(high)), cycle_days))
    for _ in range(9):
        middle = (low + high) / 2
        tried = replay(values, begin, goods, valued_policy(goods, float(np.exp(middle)), cycle_days))
        if tried.stock_fen <= rule.stock_fen:
            high, best = middle, tried
        else:
            low = middle
    return {"two_weeks": rule, "ours": best}
