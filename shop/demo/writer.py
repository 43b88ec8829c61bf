"""Rows into the database: in bulk, with explicit ids, in one transaction."""

from __future__ import annotations

from itertools import islice
from typing import Any, Iterable, Iterator

from sqlalchemy import func, insert, select, text
from tqdm import tqdm

from shop.models import Base

CHUNK = 5000
Row = dict[str, Any]


class Writer:
    """Inserts rows of many tables on one connection and counts them."""

    def __init__(self, session: Any, quiet: bool = False) -> None:
        self._session = session
        self._quiet = quiet
        self.counts: dict[str, int] = {}

    def add(self, model: Any, rows: Iterable[Row], total: int | None = None) -> None:
        """Insert rows; every row of a call must have the same keys."""
        table = model.__table__
        if total is None and isinstance(rows, list):
            total = len(rows)
        bar = tqdm(total=total, desc=f"  {table.name}", unit=" rows", disable=self._quiet, leave=False, delay=0.5)
        connection = self._session.connection()
        for chunk in _chunks(rows):
            connection.execute(insert(table), chunk)
            bar.update(len(chunk))
            self.counts[table.name] = self.counts.get(table.name, 0) + len(chunk)
        bar.close()

    def finish(self) -> None:
        """Let PostgreSQL's sequences go on after the ids that were given."""
        if self._session.get_bind().dialect.name != "postgresql":
            return
        for table in Base.metadata.sorted_tables:
            ids = [column for column in table.primary_key if column.name == "id" and str(column.type) == "INTEGER"]
            if ids:
                top = self._session.execute(select(func.max(ids[0]))).scalar() or 0
                self._session.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :top)"),
                    {"name": table.name, "top": max(1, top)},
                )


def wipe(session: Any) -> None:
    """Delete every row of every table."""
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
