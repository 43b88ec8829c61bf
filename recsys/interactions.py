"""What customers did, as a customer–item matrix in compressed rows.

Every model learns from this one form. Rows are customers, columns are items; the
value of a cell is the weight of all that the customer did with the item. Beside
it stand, cell by cell, the last rating (NaN without one) and the last moment.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shop.errors import BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

COLUMNS = ("user_id", "item_id", "rating", "timestamp")


@dataclass(frozen=True)
class Interactions:
    """Cells in the order of (row, column), each pair once.

    ``customers`` and ``items`` are the ids of rows and columns; ``rows``, ``columns``
    are int32 positions, ``weights`` float32 (> 0), ``ratings`` float32 (NaN: none),
    ``times`` float64 seconds since 1970.
    """

    customers: np.ndarray
    items: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    ratings: np.ndarray
    times: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(customers, items)."""
        return len(self.customers), len(self.items)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def matrix(self) -> csr_matrix:
        """Weights, customers × items."""
        return self._csr(self.weights)

    @cached_property
    def seen(self) -> csr_matrix:
        """1 where there is a cell, customers × items."""
        return self._csr(np.ones(len(self), np.float32))

    @cached_property
    def row_of(self) -> dict[Any, int]:
        """Customer id → row."""
        return {one: at for at, one in enumerate(self.customers.tolist())}

    @cached_property
    def column_of(self) -> dict[Any, int]:
        """Item id → column."""
        return {one: at for at, one in enumerate(self.items.tolist())}

    def part(self, cells: np.ndarray) -> Interactions:
        """The chosen cells (a mask or positions) over the same customers and items."""
        chosen = np.flatnonzero(cells) if cells.dtype == bool else np.sort(cells)
        return replace(
            self,
            **{name: getattr(self, name)[chosen] for name in ("rows", "columns", "weights", "ratings", "times")},
        )

    def _csr(self, values: np.ndarray) -> csr_matrix:
        from scipy.sparse import csr_matrix

        starts = np.zeros(len(self.customers) + 1, np.int32)
        np.cumsum(np.bincount(self.rows, minlength=len(self.customers)), out=starts[1:])
        return csr_matrix((values.astype(np.float32), self.columns, starts), shape=self.shape)


def gather(
    customers: np.ndarray,
    items: np.ndarray,
    weights: np.ndarray,
    times: np.ndarray,
    ratings: np.ndarray | None = None,
    *,
    all_items: np.ndarray | None = None,
) -> Interactions:
    """Events in any order → one cell a pair: weights add up, the last rating and moment stand.

    Args:
        all_items: ids of the columns, also of items that nobody touched (cold ones).

    Raises:
        BadValue: lengths differ, or a weight is not a number above 0.
    """
    lengths = {len(customers), len(items), len(weights), len(times), *([] if ratings is None else [len(ratings)])}
    if len(lengths) != 1:
        raise BadValue(f"columns of lengths {sorted(lengths)}: give one value an event in each")
    if len(weights) and not (np.isfinite(weights).all() and (weights > 0).all()):
        raise BadValue("a weight is not a number above 0: clean the events first (recsys.cleaning)")
    who, rows = np.unique(customers, return_inverse=True)
    what = np.unique(items) if all_items is None else np.asarray(all_items)
    columns = _positions(what, items)
    order = np.lexsort((times, columns, rows))
    rows, columns = rows[order], columns[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    starts = np.flatnonzero(first)
    last = np.append(starts[1:], len(rows)) - 1 if len(rows) else starts
    rated = np.full(len(rows), np.nan) if ratings is None else np.asarray(ratings, float)[order]
    return Interactions(
        customers=who,
        items=what,
        rows=rows[starts].astype(np.int32),
        columns=columns[starts].astype(np.int32),
        weights=(np.add.reduceat(weights[order], starts) if len(rows) else np.zeros(0)).astype(np.float32),
        ratings=_last_known(rated, first, last).astype(np.float32),
        times=np.asarray(times, float)[order][last],
    )


def _positions(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known, wanted, sorter=order)
    at = order[np.minimum(at, len(known) - 1)] if len(known) else np.zeros(len(wanted), int)
    if len(wanted) and (not len(known) or (known[at] != wanted).any()):
        raise BadValue("an event names an item that is not among the columns")
    return at


def _last_known(rated: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Of each cell the last rating that is a number."""
    place = np.where(np.isnan(rated), -1, np.arange(len(rated)))
    starts = np.flatnonzero(first)
    if not len(starts):
        return np.zeros(0)
    latest = np.maximum.reduceat(place, starts)
    return np.where(latest >= 0, rated[np.maximum(latest, 0)], np.nan)


def read_csv(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The columns user_id, item_id, rating, timestamp of a CSV file (comma or tab); rows with gaps keep NaN.

    Returns:
        Two arrays of text and two of float64 (NaN where a number is missing).

    Raises:
        BadValue: the file is missing, empty, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            dialect = "excel-tab" if "\t" in head else "excel"
            names = [one.split(":")[0].strip() for one in next(csv.reader([head], dialect), [])]
            missing = [one for one in COLUMNS[:2] if one not in names]
            if missing:
                raise BadValue(f"{path.name}: there is no column {' and '.join(missing)}; give {', '.join(COLUMNS)}")
            rows = [one for one in csv.reader(file, dialect) if one]
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"{path}: {type(error).__name__}: give a CSV file in UTF-8") from error
    if not rows:
        raise BadValue(f"{path.name}: there is no row")
    at = {name: names.index(name) for name in COLUMNS if name in names}
    texts = [np.array([row[at[name]] if at[name] < len(row) else "" for row in rows]) for name in COLUMNS[:2]]
    numbers = [
        np.array([_number(row[at[name]]) if name in at and at[name] < len(row) else np.nan for row in rows])
        for name in COLUMNS[2:]
    ]
    return texts[0], texts[1], numbers[0], numbers[1]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
