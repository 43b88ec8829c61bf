"""When to order and how much: reorder points, order quantities, classes, a budget.

Sources: Silver, Pyke & Thomas 2017 (reorder point, EOQ), Scarf/NBD lead-time demand
by matching mean and variance with a negative binomial.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
WIDEST_YEARS = 1
"""Years of sales that a supplier's smallest order may hold at most."""


def demand_quantile(mean: Array, variance: Array, level: Array | float) -> Array:
    """Quantile of lead-time demand: negative binomial by moments, Poisson where the variance is no larger."""
    from scipy.stats import nbinom, poisson

    mean = np.maximum(np.asarray(mean, float), 1e-9)
    variance = np.maximum(np.asarray(variance, float), mean * 1.0001)
    wide = variance > mean * 1.01
    chance = np.clip(mean / variance, 1e-6, 1 - 1e-9)
    many = mean * chance / (1 - chance)
    return np.where(wide, nbinom.ppf(level, np.maximum(many, 1e-6), chance), poisson.ppf(level, mean))


def safety_stock(mean: Array, variance: Array, service: Array | float) -> Array:
    """Units above the expected lead-time demand that hold the service level."""
    return np.maximum(0.0, demand_quantile(mean, variance, service) - mean)


def economic_quantity(per_day: Array, order_cost_fen: float, cost_fen: Array, holding_a_year: float) -> Array:
    """Wilson's order quantity in units: √(2DK/h)."""
    holding = np.maximum(1.0, np.asarray(cost_fen, float) * holding_a_year)
    return np.sqrt(2 * np.maximum(0, per_day) * 365 * order_cost_fen / holding)


def packed(units: Array, pack: Array, least: Array) -> Array:
    """Units in whole packs and not below the supplier's smallest order; 0 stays 0."""
    packs = np.ceil(np.maximum(units, np.where(units > 0, least, 0)) / pack - 1e-9)
    return np.asarray(packs * pack)


def abc(revenue: Array) -> Array:
    """A: the SKUs that bring the first 80 % of revenue, B the next 15 %, C the rest."""
    order = np.argsort(-revenue, kind="stable")
    before = np.cumsum(revenue[order]) - revenue[order]
    share = before / max(float(revenue.sum()), 1e-9)
    names = np.full(len(revenue), "C")
    names[order] = np.where(share < 0.8, "A", np.where(share < 0.95, "B", "C"))
    names[revenue <= 0] = "C"
    return names


def xyz(weekly: Array) -> Array:
    """X: steady (coefficient of variation of weeks below 0.5), Y: below 1, Z: wild or never sold."""
    mean = weekly.mean(1)
    variation = np.divide(weekly.std(1), mean, out=np.full(len(weekly), np.inf), where=mean > 0)
    return np.where(variation < 0.5, "X", np.where(variation < 1.0, "Y", "Z"))


def within_budget(
    urgent: Array, extra: Array, pack: Array, least: Array, cost_fen: Array, worth: Array, budget_fen: float
) -> Array:
    """Units to buy for at most a budget, as an integer programme (scipy's HiGHS).

    Args:
        urgent: units that lift a SKU to its reorder point; each is worth ``worth``.
        extra: units beyond that, up to the full order; worth a tenth.
        worth: expected profit of an urgent unit.

    Returns:
        Units in whole packs, 0 or at least ``least`` of each SKU.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_matrix, diags, hstack

    count = len(urgent)
    full = packed(urgent + extra, pack, least) / pack
    first = np.minimum(np.ceil(urgent / pack), full)
    rest = full - first
    cost = cost_fen * pack
    gain = worth * pack
    # Variables: urgent packs, extra packs, whether anything is bought.
    aim = -np.concatenate([gain, 0.1 * gain, np.zeros(count)])
    spend = coo_matrix(np.concatenate([cost, cost, np.zeros(count)])[None])
    one = diags(np.ones(count))
    needed = np.ceil(np.minimum(least, np.maximum(full * pack, 1)) / pack)
    above = hstack([one, one, diags(-needed)])
    below = hstack([one, one, diags(-full)])
    constraints = [
        LinearConstraint(spend, -np.inf, budget_fen),
        LinearConstraint(above, 0, np.inf),
        LinearConstraint(below, -np.inf, 0),
    ]
    bounds = Bounds(np.zeros(3 * count), np.concatenate([first, rest, np.ones(count)]))
    options = {"time_limit": 20, "mip_rel_gap": 1e-3}
    found = milp(aim, constraints=constraints, integrality=np.ones(3 * count), bounds=bounds, options=options)
    if found.x is None:
        return np.zeros(count)
    return np.round(found.x[:count] + found.x[count : 2 * count]) * pack


def transfers(free: Array, rate: Array, target_days: float, spare_days: float) -> list[tuple[int, int, int, int]]:
    """Moves between warehouses: (SKU, from, to, units).

    A warehouse whose cover is below ``target_days`` is filled to it from those that
    keep ``spare_days`` themselves, the fullest first.

    Args:
        free: SKUs × warehouses.
        rate: units a day, SKUs × warehouses.
    """
    moves: list[tuple[int, int, int, int]] = []
    need = np.maximum(0, np.ceil(rate * target_days) - free) * (rate > 0)
    spare = np.maximum(0, free - np.ceil(rate * spare_days))
    for sku in np.flatnonzero((need.sum(1) > 0) & (spare.sum(1) > 0)):
        for to in np.argsort(-need[sku], kind="stable"):
            for source in np.argsort(-spare[sku], kind="stable"):
                units = int(min(need[sku, to], spare[sku, source]))
                if units > 0 and source != to:
                    moves.append((int(sku), int(source), int(to), units))
                    need[sku, to] -= units
                    spare[sku, source] -= units
    return moves
