"""Finds out which heading means which column, and reads rows into values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from shop.errors import BadValue
from shop.importing.files import RawRow
from shop.importing.report import FileReport, reason_headings
from shop.importing.values import parse, plain, tidy
from shop.importing.words import Column, Table, problem

REMEMBERED = 5000  # different cells of a column; states, prices and days come again and again


@dataclass
class Row:
    """A row whose every cell was read; ``values`` has no entry for columns that the file lacks."""

    number: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """A value; the default when the file lacks the column or the cell is empty."""
        value = self.values.get(name)
        return default if value is None else value

    def given(self, *names: str) -> dict[str, Any]:
        """The values that the file gives, of these columns; empty cells are not given."""
        return {name: self.values[name] for name in names if self.values.get(name) is not None}


class Reader:
    """Reads the rows of one file whose headings are known."""

    def __init__(self, table: Table, headings: list[str], report: FileReport) -> None:
        """Match the headings with the table's columns.

        Raises:
            BadValue: a column that must be there is missing, or two headings mean the same.
        """
        self.columns = _match(table, headings, report)
        report.columns = [column.name if column else None for column in self.columns]
        self._width = len(headings)
        self._known: list[dict[str, Any]] = [{} for _one in headings]  # cells read before, by column
        self._report = report

    def read(self, raw: RawRow) -> Row | None:
        """The row's values; None when it was refused, with everything wrong in it told to the report."""
        if raw.error is not None:
            self._report.refuse(raw.number, raw.cells, None, "", problem("csv", why=raw.error))
            return None
        cells = raw.cells
        while len(cells) > self._width and not tidy(cells[-1]):
            cells = cells[:-1]
        if len(cells) != self._width:
            wrong = problem("fields", found=len(cells), wanted=self._width)
            self._report.refuse(raw.number, raw.cells, None, "", wrong)
            return None
        row = Row(raw.number, cells)
        good = True
        for column, known, cell in zip(self.columns, self._known, cells, strict=True):
            if column is None:
                continue
            if cell in known:
                row.values[column.name] = known[cell]
                continue
            try:
                row.values[column.name] = value = parse(cell, column)
                if len(known) < REMEMBERED:
                    known[cell] = value
            except BadValue as error:
                good = False
                self._report.refuse(raw.number, cells, column.name, cell, error)
        return row if good else None


def key(heading: str) -> str:
    """A heading as it is compared: no case, space, underscore, star or remark in brackets."""
    return re.sub(r"\(.*?\)|[_\-*:]", "", plain(tidy(heading)))


def _match(table: Table, headings: list[str], report: FileReport) -> list[Column | None]:
    known = {key(heading): one for one in table.columns for heading in (one.name, *one.headings)}
    found: dict[str, str] = {}
    columns: list[Column | None] = []
    for heading in headings:
        column = known.get(key(heading))
        columns.append(column)
        if column is None:
            if tidy(heading) and tidy(heading) not in reason_headings():
                report.warn(1, tidy(heading), "", problem("unknown_heading"))
        elif column.name in found:
            raise problem("double_heading", first=found[column.name], second=tidy(heading), name=column.name)
        else:
            found[column.name] = tidy(heading)
    missing = [one for one in table.columns if one.required and one.name not in found]
    if missing:
        told = ", ".join(f"{one.name} ({one.headings[0]})" for one in missing)
        raise problem("missing_headings", missing=told)
    return columns
