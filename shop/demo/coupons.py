"""Coupons: campaigns around today, who holds them, and the orders they were used on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.customers import SHOWCASE
from shop.demo.world import DAY, HOUR, World, moment
from shop.demo.writer import Row


@dataclass
class Campaign:
    """A coupon's terms; ``products`` tells for each product whether it counts."""

    code: str
    name: str
    starts: int
    ends: int
    threshold_fen: int
    off_fen: int
    level: int
    total: int
    category_id: int | None
    products: np.ndarray
    held: dict[int, tuple[int, int | None]] = field(default_factory=dict)  # customer → (claimed at, order)


def make_campaigns(world: World, goods: Goods) -> list[Campaign]:
    """The coupons of demo.json, their days counted from today."""
    codes = {one["code"]: one["id"] for one in goods.categories}
    parents = {one["id"]: one["parent_id"] for one in goods.categories}
    leaf = goods.leaf + 1
    found = []
    for one in world.content.words["coupons"]:
        shelf = codes[one["category"]] if "category" in one else None
        counts = [shelf is None or shelf in {int(at), parents[int(at)]} for at in leaf]
        starts, ends = (world.today + one[key] * DAY for key in ("from", "to"))
        terms = (one["threshold"], one["off"], one.get("level", 0), one["total"], shelf, np.array(counts))
        found.append(Campaign(one["code"], one["name"], starts, ends, *terms))
    return found


def use_coupons(
    world: World,
    campaigns: list[Campaign],
    at: np.ndarray,
    customer: np.ndarray,
    line_order: np.ndarray,
    line_product: np.ndarray,
    line_fen: np.ndarray,
    unused: np.ndarray,
) -> np.ndarray:
    """Use one coupon on a quarter of the orders for which a customer can have one.

    Args:
        unused: orders that were cancelled: their coupon came back, so none is used.

    Returns:
        Discount of each order in fen.
    """
    rng = world.rng("coupons")
    discount = np.zeros(len(at), int)
    eager = rng.random(len(at)) < 0.3
    ahead = rng.integers(60, 3 * DAY, len(at))
    for one in campaigns:
        worth = np.bincount(line_order, line_fen * one.products[line_product], len(at)).astype(int)
        fits = eager & (at >= one.starts) & (at < one.ends) & (worth >= max(one.threshold_fen, one.off_fen + 100))
        if one.level:
            continue  # levels are known only when all orders are
        for order in np.flatnonzero(fits & (discount == 0) & ~unused):
            if customer[order] in one.held or len(one.held) >= one.total * 0.9:
                continue
            claimed = max(one.starts, int(at[order] - ahead[order]))
            one.held[int(customer[order])] = (claimed, int(order))
            discount[order] = one.off_fen
    return discount


def hold_coupons(world: World, campaigns: list[Campaign], levels: np.ndarray, joined: np.ndarray) -> None:
    """Give coupons to customers who have not used them; the flash coupon is nearly gone."""
    rng = world.rng("coupons held")
    for one in campaigns:
        if one.starts > world.now:
            continue
        share = 0.95 if one.total < 100 else 0.12
        wanting = rng.permutation(np.flatnonzero((levels >= one.level) & (joined < one.starts)))
        room = int(min(one.total * 0.95, len(wanting) * share))
        last = min(one.ends, world.now)
        for customer in wanting:
            if room <= len(one.held):
                break
            if int(customer) not in one.held and customer != SHOWCASE:
                one.held[int(customer)] = (int(rng.integers(one.starts, max(one.starts + 1, last - HOUR))), None)


def coupon_rows(campaigns: list[Campaign]) -> list[Row]:
    """Rows of the coupons."""
    return [
        {
            "id": at + 1, "code": one.code, "name": one.name, "threshold_fen": one.threshold_fen,
            "off_fen": one.off_fen, "category_id": one.category_id, "starts_at": moment(one.starts),
            "ends_at": moment(one.ends), "total": one.total, "claimed": len(one.held), "min_level": one.level,
        }
        for at, one in enumerate(campaigns)
    ]  # fmt: skip


def held_rows(campaigns: list[Campaign], at: np.ndarray) -> list[Row]:
    """Rows of the coupons in customers' hands."""
    rows: list[Row] = []
    seen: dict[int, int] = defaultdict(int)
    for number, one in enumerate(campaigns):
        for customer, (claimed, order) in one.held.items():
            seen[customer] += 1
            used = None if order is None else moment(int(at[order]))
            rows.append(
                {"id": len(rows) + 1, "customer_id": customer + 1, "coupon_id": number + 1,
                 "claimed_at": moment(claimed), "used_at": used, "order_id": None if order is None else order + 1}
            )  # fmt: skip
    return rows
