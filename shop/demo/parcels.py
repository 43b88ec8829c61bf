"""Parcels and their scans, in the couriers' words."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Iterator

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.orders import Ledger
from shop.demo.world import DAY, HOUR, NEVER, World, moment, serials
from shop.demo.writer import Row
from shop.states import ShipmentState

# Steps of a parcel and the part of its way at which they happen.
FULL_WAY = [("packed", 0.0), ("collected", 0.04), ("left_origin", 0.14), ("reach_hub", 0.4), ("left_hub", 0.5),
            ("reach_city", 0.78), ("station", 0.9), ("out", 0.96), ("delivered", 1.0)]  # fmt: skip
_SHORT_WAY = [FULL_WAY[1], FULL_WAY[5], FULL_WAY[7], FULL_WAY[8]]
_REMEMBERED = 60 * DAY
"""Of parcels older than this only four scans are kept."""


class Couriers:
    """Chooses couriers and writes scans."""

    def __init__(self, content: Any) -> None:
        self._couriers = content.couriers
        self._hubs = content.words["hubs"]
        self._men = [row["name"] for row in content.names if row["kind"] == "surname"]
        self._texts: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in content.tracking:
            self._texts[row["step"]].append(row)

    def of(self, category: str, roll: int) -> dict[str, str]:
        """A courier: one for big things, one for cold ones, else any other."""
        if category in {"major_appliance", "furniture"}:
            return self._couriers[-2]
        if category == "fresh":
            return self._couriers[-1]
        return self._couriers[roll % (len(self._couriers) - 2)]

    def named(self, name: str) -> dict[str, str]:
        """The courier of a name, or else the first."""
        return next((one for one in self._couriers if one["name"] == name), self._couriers[0])

    def scan(
        self, step: str, courier: dict[str, str], origin: str, dest: str, district: str, roll: int
    ) -> tuple[str, str]:
        """(place, text) of a step; the same roll gives the same words and hub."""
        row = self._texts[step][roll % len(self._texts[step])]
        places = {"origin": origin, "dest": dest, "hub": self._hubs[roll % len(self._hubs)]}
        text = row["text"].format(
            courier=courier["name"],
            phone=courier["phone"],
            district=district,
            man=self._men[roll % len(self._men)],
            **places,
        )
        return places[row["place"]], text


def parcel_rows(world: World, goods: Goods, ledger: Ledger) -> tuple[list[Row], Iterator[Row]]:
    """Rows of the parcels, and of their scans."""
    rng = world.rng("parcels")
    couriers = Couriers(world.content)
    sent = np.flatnonzero(ledger.shipped < NEVER)
    numbers = serials(rng, len(sent), 12)
    rolls = rng.integers(0, 1 << 30, (len(sent), 2))
    first_line = np.searchsorted(ledger.line_order, sent)
    refused = _refused(world, ledger, sent)
    parcels: list[Row] = []
    scans: list[tuple[int, list[tuple[str, int]]]] = []
    for at, order in enumerate(sent):
        code = goods.categories[goods.leaf[ledger.line_product[first_line[at]]]]["code"]
        courier = couriers.of(code, int(rolls[at, 0]))
        steps = _way(world, ledger, int(order), int(order) in refused)
        scans.append((at, steps))
        parcels.append(_parcel(at, int(order), ledger, courier, numbers[at], steps))
    return parcels, _scan_rows(world, goods, ledger, couriers, parcels, scans, rolls[:, 1])


def _refused(world: World, ledger: Ledger, sent: np.ndarray) -> set[int]:
    """A few parcels that came back: refused at the door, no delivery."""
    away = (ledger.delivered[sent] == NEVER) & (ledger.silent[sent] < NEVER)
    old = sent[away]
    return {int(one) for one in old[: max(1, len(old) // 8)]}


def _way(world: World, ledger: Ledger, order: int, refused: bool) -> list[tuple[str, int]]:
    """(step, moment) of the scans that happened so far."""
    begin, end = int(ledger.shipped[order]), int(ledger.arrives[order])
    silent = int(ledger.silent[order])
    if refused:
        names = ["collected", "reach_hub", "reach_city", "out", "refused", "returned"]
        gap = (world.now - 3 * HOUR - begin) / len(names)
        return [(name, int(begin + gap * (at + 0.6))) for at, name in enumerate(names)]
    if silent < NEVER:  # stuck between hub and city
        way = [one for one in FULL_WAY if one[1] <= 0.5]
        return [(name, int(begin + (silent - begin) * part / 0.5)) for name, part in way]
    way = FULL_WAY if begin > world.now - _REMEMBERED else _SHORT_WAY
    out = max(begin + int((end - begin) * 0.92), end - 3 * HOUR)
    found = [(name, out if name == "out" else min(int(begin + (end - begin) * part), end)) for name, part in way]
    if ledger.delivered[order] == NEVER and end - world.now < 6 * HOUR and begin < world.now - 12 * HOUR:
        out = world.now - 25 * 60 - order % 90 * 60  # on the van right now
        found = [(name, out if name == "out" else min(second, out - 1800)) for name, second in found[:-1]] + found[-1:]
    return [(name, second) for name, second in found if second <= world.now]


def _parcel(
    at: int, order: int, ledger: Ledger, courier: dict[str, str], number: str, steps: list[tuple[str, int]]
) -> Row:
    last = steps[-1][0] if steps else "packed"
    state = {
        "packed": ShipmentState.PACKED, "out": ShipmentState.OUT_FOR_DELIVERY, "delivered": ShipmentState.DELIVERED,
        "returned": ShipmentState.RETURNED,
    }.get(last, ShipmentState.IN_TRANSIT)  # fmt: skip
    shipped = int(ledger.shipped[order])
    eta = int(ledger.arrives[order]) if ledger.silent[order] == NEVER else shipped + 3 * DAY
    return {
        "id": at + 1, "order_id": order + 1, "warehouse_id": int(ledger.warehouse[order]) + 1,
        "courier": courier["name"], "courier_phone": courier["phone"],
        "tracking_number": f"{courier['prefix']}{number}", "state": state.value, "shipped_at": moment(shipped),
        "eta": moment(eta), "delivered_at": moment(ledger.delivered[order]),
    }  # fmt: skip


def _scan_rows(
    world: World,
    goods: Goods,
    ledger: Ledger,
    couriers: Couriers,
    parcels: list[Row],
    scans: list[tuple[int, list[tuple[str, int]]]],
    rolls: np.ndarray,
) -> Iterator[Row]:
    number = 0
    for at, steps in scans:
        parcel, home = parcels[at], ledger.home[parcels[at]["order_id"] - 1]
        courier = couriers.named(parcel["courier"])
        origin = goods.warehouses[parcel["warehouse_id"] - 1]["city"]
        for name, second in steps:
            number += 1
            place, text = couriers.scan(name, courier, origin, home["city"], home["district"], int(rolls[at]))
            yield {"id": number, "shipment_id": at + 1, "at": moment(second), "place": place, "text": text}
