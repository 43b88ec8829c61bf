"""All rows of a database, and what became of them: the proof that nothing else was touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from shop.database import Database
from shop.models import Base

Row = dict[str, Any]
Rows = dict[str, dict[Any, Row]]
"""Table → primary key → row."""


@dataclass(frozen=True)
class Change:
    """What became of one table; ``changed`` holds (before, after) of the columns that differ."""

    added: dict[Any, Row] = field(default_factory=dict)
    removed: dict[Any, Row] = field(default_factory=dict)
    changed: dict[Any, dict[str, tuple[Any, Any]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def snapshot(database: Database) -> Rows:
    """Every row of every table that people write."""
    rows: Rows = {}
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.info.get("derived"):  # made from the other tables, whenever somebody asks
                continue
            keys = [column.name for column in table.primary_key.columns]
            found = (dict(row._mapping) for row in session.execute(select(table)))
            rows[table.name] = {tuple(row[key] for key in keys): row for row in found}
    return rows


def difference(before: Rows, after: Rows) -> dict[str, Change]:
    """The tables that differ, with what differs in them."""
    changes = {name: _change(before[name], after[name]) for name in before}
    return {name: change for name, change in changes.items() if change}


def _change(before: dict[Any, Row], after: dict[Any, Row]) -> Change:
    return Change(
        added={key: row for key, row in after.items() if key not in before},
        removed={key: row for key, row in before.items() if key not in after},
        changed={
            key: {name: (row[name], after[key][name]) for name in row if row[name] != after[key][name]}
            for key, row in before.items()
            if key in after and row != after[key]
        },
    )
