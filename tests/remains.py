"""What is left of a person in a shop's database."""

from __future__ import annotations

import json

from sqlalchemy import select

from shop import models
from shop.front import Shop


def rows_with(shop: Shop, *needles: str) -> set[str]:
    """Tables that hold one of the needles in any row, sealed or not."""
    found = set()
    with shop.database.read() as session:
        for table in models.Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                opened = {
                    key: shop.cipher.open(one) if key.endswith("_sealed") and one else one for key, one in row.items()
                }
                text = json.dumps(opened, default=str, ensure_ascii=False)
                if any(one in text for one in needles):
                    found.add(table.name)
    return found


def everything(shop: Shop) -> list[str]:
    """Every row of every table, to see whether something was written."""
    with shop.database.read() as session:
        tables = models.Base.metadata.sorted_tables
        return [str(tuple(row)) for table in tables for row in session.execute(select(table))]
