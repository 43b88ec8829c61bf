"""What is on the shelves, and the movements that explain it.

Each SKU in each warehouse keeps its final level all the time; on the day before
each six weeks the supplier brings exactly what leaves in them. So no shelf
was ever below nothing, and the sums of the movements are the figures of today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.orders import Ledger
from shop.demo.world import DAY, HOUR, NEVER, World, moment
from shop.demo.writer import Row

_PERIOD = 42


@dataclass
class Shelves:
    """Units by SKU and warehouse."""

    free: np.ndarray
    reserved: np.ndarray
    incoming: list[Row]

    def rows(self) -> list[Row]:
        """Rows of the stock table."""
        skus, warehouses = self.free.shape
        return [
            {
                "id": sku * warehouses + place + 1, "sku_id": sku + 1, "warehouse_id": place + 1,
                "on_hand": int(self.free[sku, place] + self.reserved[sku, place]),
                "reserved": int(self.reserved[sku, place]),
            }
            for sku in range(skus) for place in range(warehouses)
        ]  # fmt: skip


def make_shelves(world: World, goods: Goods, ledger: Ledger) -> Shelves:
    """Final levels: some weeks of sales; one product in thirty has run out, some SKUs too, some nearly."""
    rng = world.rng("stock")
    skus, places = len(goods.skus), len(goods.warehouses)
    place = ledger.warehouse[ledger.line_order]
    recent = ledger.created[ledger.line_order] > world.now - 90 * DAY
    rate = np.zeros((skus, places))
    np.add.at(rate, (ledger.line_sku[recent], place[recent]), ledger.line_quantity[recent] / 90)
    free = np.ceil(rate * rng.uniform(8, 60, (skus, 1)) + rng.integers(1, 9, (skus, places))).astype(int)
    scarce = rng.random(skus) < 0.05
    free[scarce] = 0
    free[scarce, rng.integers(0, places, int(scarce.sum()))] = rng.integers(1, 4, int(scarce.sum()))
    empty = _empty(world, goods, rng)
    free[empty] = 0
    open_line = (ledger.shipped[ledger.line_order] == NEVER) & (ledger.cancelled[ledger.line_order] == NEVER)
    reserved = np.zeros((skus, places), int)
    np.add.at(reserved, (ledger.line_sku[open_line], place[open_line]), ledger.line_quantity[open_line])
    return Shelves(free, reserved, _incoming(world, goods, rng, empty, free, rate))


def _empty(world: World, goods: Goods, rng: np.random.Generator) -> np.ndarray:
    """SKUs that have run out: all of some products, and one in twenty-five of the others."""
    products = len(goods.products)
    gone = rng.choice(products, max(2, products // 30), replace=False)
    single = rng.random(len(goods.skus)) < 0.04
    return np.flatnonzero(single | np.isin(goods.sku_product, gone) | (goods.ended[goods.sku_product] < world.now))


def _incoming(
    world: World, goods: Goods, rng: np.random.Generator, empty: np.ndarray, free: np.ndarray, rate: np.ndarray
) -> list[Row]:
    """Goods on their way: for two in three SKUs that ran out, and for some that are low."""
    low = np.flatnonzero((free.sum(1) > 0) & (free.sum(1) < rate.sum(1) * 12))
    wanted = np.concatenate([empty[rng.random(len(empty)) < 0.66], low[rng.random(len(low)) < 0.5]])
    wanted = wanted[goods.ended[goods.sku_product[wanted]] > world.now]
    rows: list[Row] = []
    by_product: dict[int, int] = {}  # one delivery a product
    for sku in np.sort(wanted):
        lead = goods.suppliers[goods.supplier[sku]]["lead_time_days"]
        days = by_product.setdefault(int(goods.sku_product[sku]), int(rng.integers(1, lead + 1)))
        rows.append(
            {
                "id": len(rows) + 1, "sku_id": int(sku) + 1, "warehouse_id": int(np.argmax(rate[sku])) + 1,
                "quantity": int(max(10, np.ceil(rate[sku].sum() * 30 / 10) * 10)),
                "expected_at": moment(world.today + days * DAY + 10 * HOUR),
            }
        )  # fmt: skip
    return rows


def movement_rows(
    world: World, goods: Goods, ledger: Ledger, shelves: Shelves, returned: list[tuple[int, int, int, str, int]]
) -> Iterator[Row]:
    """Rows of all movements, the orders' and the suppliers'.

    Args:
        returned: (SKU, warehouse, units, case number, moment) of goods that went back on the shelf.
    """
    moves = _moves(world, ledger, shelves, returned)
    for number, (sku, place, kind, quantity, reference, at) in enumerate(moves):
        yield {
            "id": number + 1, "sku_id": sku + 1, "warehouse_id": place + 1, "kind": kind, "quantity": quantity,
            "reference": reference, "at": moment(at),
        }  # fmt: skip


def _moves(
    world: World, ledger: Ledger, shelves: Shelves, returned: list[tuple[int, int, int, str, int]]
) -> Iterator[tuple[int, int, str, int, str, int]]:
    place = ledger.warehouse[ledger.line_order]
    skus, places = shelves.free.shape
    periods = world.size.days // _PERIOD + 1
    need = np.zeros((skus, places, periods), int)
    sent = ledger.shipped[ledger.line_order] < NEVER
    order = ledger.line_order
    # Units are needed from the order on: they are reserved then.
    period = np.clip(world.day(ledger.created[order]) // _PERIOD, 0, periods - 1)
    gone = ledger.cancelled[order] < NEVER
    np.add.at(need, (ledger.line_sku[~gone], place[~gone], period[~gone]), ledger.line_quantity[~gone])
    back = np.zeros((skus, places), int)
    for sku, where, units, _, _ in returned:
        back[sku, where] += units
    need[:, :, 0] += shelves.free + 3  # three to spare for orders that were cancelled
    surplus = back + 3
    for sku, where, at in zip(*np.nonzero(need)):
        when = world.start + (int(at) * _PERIOD - 1) * DAY  # who orders after midnight may have it sent before nine
        yield int(sku), int(where), "receive", int(need[sku, where, at]), f"R{when // DAY:05d}", int(when + 9 * HOUR)
    for sku, where in zip(*np.nonzero(surplus)):
        yield int(sku), int(where), "adjust", -int(surplus[sku, where]), "count", world.now - 60
    for line, at in enumerate(order):
        what = (int(ledger.line_sku[line]), int(place[line]))
        units, reference = int(ledger.line_quantity[line]), ledger.number[at]
        yield *what, "reserve", units, reference, int(ledger.created[at])
        if sent[line]:
            yield *what, "ship", -units, reference, int(ledger.shipped[at])
        elif gone[line]:
            yield *what, "release", units, reference, int(ledger.cancelled[at])
    for sku, where, units, reference, when in returned:
        yield sku, where, "return", units, reference, when
