"""What an import did to each file: counts, and every problem with its place and mend."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from shop.errors import BadValue
from shop.importing.words import sentence
from shop.privacy import mask_text

SHOWN = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Problem:
    """One wrong cell, row or file (row 0)."""

    row: int
    column: str
    value: str
    error: BadValue

    def told(self, language: str) -> str:
        """What is wrong and the mend, without the place."""
        facts = dict(self.error.facts)
        return sentence(facts.pop("text"), language, **facts)


@dataclass
class FileReport:
    """The outcome of one file."""

    path: Path
    headings: list[str] = field(default_factory=list)
    columns: list[str | None] = field(default_factory=list)  # what each heading means
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    rejects: dict[int, list[str]] = field(default_factory=dict)  # row → its cells

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return len(self.rejects)

    def refuse(self, row: int, cells: list[str], column: str | None, value: str, error: BadValue) -> None:
        """A row can't be taken; its cells go to the reject file."""
        self.problems.append(Problem(row, column or "", value, error))
        if row:
            self.rejects[row] = cells

    def warn(self, row: int, column: str, value: str, error: BadValue) -> None:
        """Something to know about a row that is taken all the same."""
        self.warnings.append(Problem(row, column, value, error))

    def is_refused(self, row: int) -> bool:
        """Whether that row was refused."""
        return row in self.rejects

    @property
    def reject_path(self) -> Path:
        """Beside the input: ``orders.csv`` → ``orders.rejects.csv``."""
        return self.path.with_name(f"{self.path.stem}.rejects.csv")

    def write_rejects(self, language: str) -> None:
        """Write the refused rows with their reasons; remove an older file when there are none.

        Cells that a spreadsheet would run as a formula get an apostrophe, which
        the importer takes off again.
        """
        if not self.rejects:
            self.reject_path.unlink(missing_ok=True)
            return
        reasons: dict[int, list[str]] = {}
        for one in self.problems:
            told = f"{one.column}: {one.told(language)}" if one.column else one.told(language)
            reasons.setdefault(one.row, []).append(told)
        headings = self.headings
        if headings[-1] in reason_headings():  # a reject file that was mended and imported again
            headings = headings[:-1]
        with open(self.reject_path, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*headings, sentence("reason", language)])
            for row in sorted(self.rejects):
                cells = self.rejects[row][: len(headings)]
                cells += [""] * (len(headings) - len(cells))
                writer.writerow([*map(harmless, cells), "; ".join(reasons[row])])

    def lines(self, language: str) -> list[str]:
        """The report for people; at most twenty problems are shown, phones are masked."""
        counts = {"rows": self.rows, "new": self.new, "changed": self.changed, "same": self.same}
        lines = [f"{self.path.name}: {sentence('summary', language, refused=self.refused, **counts)}"]
        for group, mark in ((self.problems, ""), (self.warnings, f"({sentence('warning', language)}) ")):
            shown = sorted(group, key=lambda one: one.row)[:SHOWN]
            lines += [f"  {mark}{self._line(one, language)}" for one in shown]
            if len(group) > SHOWN:
                lines.append(f"  {sentence('more', language, count=len(group) - SHOWN)}")
        return lines

    def _line(self, one: Problem, language: str) -> str:
        if not one.row:
            return " ".join(part for part in (self.path.name + ":", one.value, one.told(language)) if part)
        value = mask_text(one.value.strip())
        value = value if len(value) <= 40 else value[:40] + "…"
        shown = f"{value!r}" if one.value else ""
        place = sentence(
            "place", language, file=self.path.name, row=one.row, column=one.column, value=shown, text=one.told(language)
        )
        return " ".join(place.split())


def reason_headings() -> set[str]:
    """The headings of the column that reject files have more than their input."""
    return {sentence("reason", language) for language in ("en", "zh")}


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that a text file can hold."""
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
