"""Loads how many units stand on which shelf."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shop.importing import store
from shop.importing.columns import Row
from shop.importing.report import FileReport
from shop.importing.shelves import Shelves
from shop.importing.words import problem
from shop.models import Sku, Stock, StockMovement


class StockLoader:
    """Sets the units that rows name; each change leaves a movement."""

    def __init__(self, session: Session, report: FileReport, shelves: Shelves, now: datetime) -> None:
        self._session = session
        self._report = report
        self._shelves = shelves
        self._now = now

    def check(self, rows: list[Row]) -> None:
        """Refuse rows with fewer units than open orders keep there."""
        skus = store.by_key(self._session, Sku.code, {row.get("sku_code") for row in rows}, Sku.id)
        levels = self._levels({one.id for one in skus.values()})
        for row in rows:
            sku = skus.get(row.get("sku_code"))
            level = levels.get((sku.id, self._shelves.known_warehouse(row.get("warehouse")))) if sku else None
            if level and row.get("stock") is not None and row.get("stock") < level.reserved:
                wrong = problem("reserved", reserved=level.reserved)
                self._report.refuse(row.number, row.cells, "stock", str(row.get("stock")), wrong)

    def write(self, rows: list[Row], ids: dict[str, int]) -> set[int]:
        """Write the units; returns the numbers of the rows that changed any."""
        levels = self._levels(set(ids.values()))
        fresh, changes, moves, changed = [], [], [], set()
        for row in rows:
            units = row.get("stock")
            if units is None:
                continue
            place = (ids[row.get("sku_code")], self._shelves.warehouse(row.get("warehouse")))
            where = {"sku_id": place[0], "warehouse_id": place[1]}
            level = levels.get(place)
            difference = units - (level.on_hand if level else 0)
            if level is None:
                fresh.append({**where, "on_hand": units, "reserved": 0})
            elif difference:
                changes.append((level.id, {"on_hand": units}))
            if difference:
                moves.append(
                    {**where, "kind": "adjust", "quantity": difference, "reference": "import", "at": self._now}
                )
            if difference or level is None:
                changed.add(row.number)
        store.add(self._session, Stock, fresh)
        store.change(self._session, Stock, changes)
        store.add(self._session, StockMovement, moves)
        return changed

    def _levels(self, sku_ids: set[int]) -> dict[tuple[int, int | None], Any]:
        columns = (Stock.id, Stock.warehouse_id, Stock.on_hand, Stock.reserved)
        found = store.many_by_key(self._session, Stock.sku_id, sku_ids, *columns)
        return {(sku_id, one.warehouse_id): one for sku_id, some in found.items() for one in some}
