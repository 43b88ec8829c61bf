"""The words of the importer: headings, units, states and report texts, all from ``data/shop/import.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shop.errors import BadValue
from shop.settings import ROOT


@dataclass(frozen=True)
class Column:
    """A column of a file: its name in the code, how people head it, what stands in it."""

    name: str
    headings: tuple[str, ...]
    kind: str
    limit: int
    required: bool
    example: str
    about: dict[str, str]  # language → meaning


@dataclass(frozen=True)
class Table:
    """What one kind of file holds."""

    name: str
    about: dict[str, str]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(one for one in self.columns if one.name == name)


def problem(text: str, /, **facts: Any) -> BadValue:
    """An error whose sentence stands under ``text`` in the data file; ``facts`` fill it."""
    return BadValue(f"{text}: {facts}" if facts else text, text=text, **facts)


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "data" / "shop" / "import.json").read_text(encoding="utf-8"))
    return content


def words(name: str) -> Any:
    """One of the word lists."""
    return _content()["words"][name]


def defaults(name: str) -> Any:
    """What holds where a file says nothing."""
    return _content()["defaults"][name]


def sentence(name: str, language: str, /, **facts: Any) -> str:
    """A report's sentence in ``en`` or ``zh``."""
    return str(_content()["texts"][name][language]).format(**facts)


@lru_cache(maxsize=1)
def tables() -> dict[str, Table]:
    """The four kinds of files, by name."""
    return {name: _table(name, told) for name, told in _content()["tables"].items()}


def _table(name: str, told: dict[str, Any]) -> Table:
    columns = tuple(
        Column(
            name=one["name"],
            headings=tuple(one["headings"]),
            kind=one["kind"],
            limit=one.get("limit", 0),
            required=one.get("required", False),
            example=one["example"],
            about={"en": one["en"], "zh": one["zh"]},
        )
        for one in told["columns"]
    )
    return Table(name, {"en": told["en"], "zh": told["zh"]}, columns)


def columns_page() -> str:
    """``data/shop/import-columns.md``: every column of every file, as Markdown."""
    lines: list[str] = [str(_content()["page"])]
    for table in tables().values():
        lines += ["", f"## {table.name}.csv", "", f"{table.about['zh']}", "", f"{table.about['en']}.", ""]
        lines += ["| column | headings | meaning | example |", "| --- | --- | --- | --- |"]
        for one in table.columns:
            mark = " \\*" if one.required else ""
            meaning = f"{one.about['zh']}<br>{one.about['en']}".replace("|", "\\|")
            lines.append(f"| `{one.name}`{mark} | {', '.join(one.headings)} | {meaning} | {one.example} |")
    return "\n".join(lines).strip() + "\n"
