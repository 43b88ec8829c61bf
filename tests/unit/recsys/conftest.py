"""Behaviour with tastes in it that every model must find."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.interactions import Interactions, gather

CUSTOMERS, ITEMS, TASTES = 240, 60, 4


def tasteful(seed: int = 0, cells: int = 14) -> Interactions:
    """Customers who mostly choose among the items of their own taste; ids are texts."""
    rng = np.random.default_rng(seed)
    taste, kind = np.arange(CUSTOMERS) % TASTES, np.arange(ITEMS) % TASTES
    appeal = rng.lognormal(0, 0.6, ITEMS)
    who, what = [], []
    for one in range(CUSTOMERS):
        chance = appeal * np.where(kind == taste[one], 1.0, 0.05)
        what.append(rng.choice(ITEMS, cells, replace=False, p=chance / chance.sum()))
        who.append(np.full(cells, one))
    customers, items = np.concatenate(who), np.concatenate(what)
    ratings = np.clip(np.round(3.2 + 1.2 * (kind[items] == taste[customers]) + rng.normal(0, 0.5, len(items))), 1, 5)
    times = 1.7e9 + rng.random(len(items)) * 9e6
    return gather(
        np.array([f"c{one:03}" for one in customers]),
        np.array([f"i{one:02}" for one in items]),
        np.ones(len(items)),
        times,
        ratings,
        all_items=np.array([f"i{one:02}" for one in range(ITEMS)]),
    )


@pytest.fixture(scope="session")
def behaviour() -> Interactions:
    """One such set, for the whole run."""
    return tasteful()
