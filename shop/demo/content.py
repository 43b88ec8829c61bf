"""The files of data/shop, read once."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.settings import ROOT

FOLDER = ROOT / "data" / "shop"
_TABLES = ("categories", "brands", "products", "reviews", "couriers", "cities", "names", "tracking")
_OTHERS = ("demo.json", "icons.json")


@dataclass(frozen=True)
class Content:
    """Rows of the tables as dicts of texts; ``words`` is demo.json."""

    categories: list[dict[str, str]]
    brands: list[dict[str, str]]
    products: list[dict[str, str]]
    reviews: list[dict[str, str]]
    couriers: list[dict[str, str]]
    cities: list[dict[str, str]]
    names: list[dict[str, str]]
    tracking: list[dict[str, str]]
    words: dict[str, Any]
    icons: dict[str, str]  # SVG bodies


def load_content(folder: Path = FOLDER) -> Content:
    """All files of the folder."""
    tables = {name: _rows(folder / f"{name}.csv") for name in _TABLES}
    words = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))["icons"]
    return Content(words=words, icons=icons, **tables)


def digest(folder: Path = FOLDER) -> str:
    """Fingerprint (16 hex digits) of the files and of the code that reads them."""
    seen = hashlib.sha256()
    files = [folder / f"{name}.csv" for name in _TABLES] + [folder / name for name in _OTHERS]
    for path in [*files, *sorted(Path(__file__).parent.glob("*.py"))]:
        seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return [{key: (value or "").strip() for key, value in row.items()} for row in csv.DictReader(file)]


def words_of(text: str, mark: str = ";") -> list[str]:
    """The parts of a list in a cell; empty ones fall away."""
    return [part.strip() for part in text.split(mark) if part.strip()]
