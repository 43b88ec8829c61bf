"""Bulk reads and writes that both databases do fast."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from shop.errors import ConcurrentChange

ASK = 500  # keys in one question; SQLite allows 999 or more
WRITE = 5000  # rows in one statement's batch
Progress = Callable[[int], Any]  # told how many rows were written


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Slices of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def by_key(session: Session, column: Any, keys: Iterable[Any], *wanted: Any) -> dict[Any, Any]:
    """Rows whose column holds one of the keys, by that key; ``wanted`` columns, the key first."""
    found: dict[Any, Any] = {}
    for part in chunks(sorted(set(keys)), ASK):
        for row in session.execute(select(column, *wanted).where(column.in_(part))):
            found[row[0]] = row
    return found


def many_by_key(session: Session, column: Any, keys: Iterable[Any], *wanted: Any) -> dict[Any, list[Any]]:
    """Like ``by_key`` where several rows share a key."""
    found: dict[Any, list[Any]] = {}
    for part in chunks(sorted(set(keys)), ASK):
        for row in session.execute(select(column, *wanted).where(column.in_(part))):
            found.setdefault(row[0], []).append(row)
    return found


def add(session: Session, model: Any, rows: Sequence[dict[str, Any]], progress: Progress | None = None) -> None:
    """Insert rows; all must give the same columns."""
    for part in chunks(rows, WRITE):
        session.execute(insert(model.__table__), list(part))
        if progress:
            progress(len(part))


def change(session: Session, model: Any, changes: Iterable[tuple[int, dict[str, Any]]], versioned: bool = False) -> int:
    """Update rows by id, each with its own columns; returns how many.

    Raises:
        ConcurrentChange: a versioned row was changed by another request meanwhile.
    """
    table = model.__table__
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row_id, values in changes:
        names = tuple(sorted(values))
        groups.setdefault(names, []).append({"b_id": row_id, **{f"b_{name}": values[name] for name in names}})
    count = 0
    for names, rows in groups.items():
        statement = update(table).where(table.c.id == bindparam("b_id"))
        setting = {name: bindparam(f"b_{name}") for name in names if name != "version"}
        if versioned:
            statement = statement.where(table.c.version == bindparam("b_version"))
            setting["version"] = table.c.version + 1
        for part in chunks(rows, WRITE):
            done = session.execute(statement.values(**setting), list(part))
            if versioned and done.rowcount not in (-1, len(part)):
                raise ConcurrentChange("an order was changed during the import; run it again")
            count += len(part)
    return count


def differing(stored: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted values that a stored row does not have yet."""
    return {name: value for name, value in wanted.items() if getattr(stored, name) != value}
