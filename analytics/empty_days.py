"""On which days a SKU could not be bought: reckoned backwards from today's shelves by what moved."""

from __future__ import annotations

from datetime import date
from typing import Mapping

import numpy as np
from sqlalchemy import case, func, select

from shop.front import Shop
from shop.models import Stock, StockMovement

Array = np.ndarray
_ON_HAND = ("receive", "ship", "return", "adjust")


def empty_days(shop: Shop, place: Mapping[int, int], first: date, days: int) -> Array:
    """SKUs × days: whether a SKU had no free unit at the end of a day and of the one before.

    Only days since the SKU's first movement count: before it (orders of an import
    move nothing) nobody knows what was there.

    Args:
        place: row of each SKU id.
    """
    kind, units = StockMovement.kind, StockMovement.quantity
    # A reserved unit leaves the free ones when it is ordered, and does not leave them once more when it is sent.
    moved = case(
        (kind == "reserve", -units),
        (kind == "release", units),
        (kind == "ship", 0),
        (kind.in_(_ON_HAND), units),
        else_=0,
    )
    day = shop.database.day_of(StockMovement.at)
    per_day = select(StockMovement.sku_id, day, func.sum(moved)).group_by(StockMovement.sku_id, day)
    now = select(Stock.sku_id, func.sum(Stock.on_hand - Stock.reserved)).group_by(Stock.sku_id)
    change = np.zeros((len(place), days + 1))
    begins = np.full(len(place), days + 1)
    free = np.ones(len(place))
    with shop.database.read() as session:
        for sku, name, count in session.execute(per_day):
            if sku in place:
                at = (date.fromisoformat(str(name)) - first).days
                begins[place[sku]] = min(begins[place[sku]], max(0, at))
                if at >= 0:
                    change[place[sku], min(at, days)] += float(count)
        for sku, count in session.execute(now):
            if sku in place:
                free[place[sku]] = float(count)
    later = np.cumsum(change[:, ::-1], axis=1)[:, ::-1]
    level = free[:, None] - np.concatenate([later[:, 1:], np.zeros((len(place), 1))], axis=1)[:, :days]
    empty = (level <= 0) & (np.arange(days) >= begins[:, None])
    return np.asarray(empty & np.roll(empty, 1, axis=1) & (np.arange(days) > 0))
