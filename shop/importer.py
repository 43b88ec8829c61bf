"""Loads a shop's own products, customers, orders, behaviour and pictures.

    python -m shop.importer --products p.csv --customers c.csv --orders o.csv --events e.csv --images DIR [--dry-run]

Every file is one transaction. Good rows are loaded; refused rows stand with
their reasons in ``NAME.rejects.csv`` beside the file: mend them there and
import that file. Running an import twice changes nothing. The columns are told
in ``data/shop/import-columns.md`` (``--columns`` prints it).
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from tqdm import tqdm

from shop import sales_days
from shop.errors import BadValue, ShopError
from shop.front import Shop, open_shop
from shop.importing.columns import Reader, Row
from shop.importing.customers import CustomerLoader
from shop.importing.events import EventLoader
from shop.importing.files import CsvFile
from shop.importing.orders import OrderLoader
from shop.importing.pictures import PictureLoader
from shop.importing.products import ProductLoader
from shop.importing.report import FileReport
from shop.importing.words import columns_page, sentence, tables

LOADERS: dict[str, Any] = {
    "products": ProductLoader,
    "customers": CustomerLoader,
    "orders": OrderLoader,
    "events": EventLoader,
}


@dataclass(frozen=True)
class Sources:
    """What to import; None leaves a kind out."""

    products: Path | None = None
    customers: Path | None = None
    orders: Path | None = None
    events: Path | None = None
    images: Path | None = None


class _DryRun(Exception):
    pass


class Importer:
    """Imports files into a shop, in the order in which they need each other."""

    def __init__(self, shop: Shop, language: str = "en", quiet: bool = False) -> None:
        self._shop = shop
        self._language = language
        self._quiet = quiet
        self._pictures: dict[str, list[str]] = {}  # product code → the files its rows name

    def run(self, sources: Sources, dry_run: bool = False) -> list[FileReport]:
        """Import what is given.

        A dry run does everything in one transaction and takes it back; it writes
        no reject files.

        Returns:
            A report for each file, and one for the folder of pictures.
        """
        if not dry_run:
            made = [self._alone(kind, path) for kind, path in _given(sources)]
            sales_days.refresh(self._shop)  # here, so that the next question does not wait for it
            return made
        reports: list[FileReport] = []
        try:
            with self._shop.database.change() as session:
                reports += [self._load(session, kind, path, dry_run=True) for kind, path in _given(sources)]
                raise _DryRun
        except _DryRun:
            return reports

    def _alone(self, kind: str, path: Path) -> FileReport:
        with self._shop.database.change() as session:
            report = self._load(session, kind, path)
        if kind != "images" and report.headings:
            report.write_rejects(self._language)
        return report

    def _load(self, session: Session, kind: str, path: Path, dry_run: bool = False) -> FileReport:
        report = FileReport(path)
        try:
            if kind == "images":
                with self._bar(kind, None) as bar:
                    PictureLoader(self._shop, session, report, dry_run).load(path, self._pictures, bar.update)
            else:
                self._load_table(session, kind, CsvFile(path), report)
        except BadValue as error:
            if "text" not in error.facts:
                raise
            report.refuse(0, [], None, "", error)
        return report

    def _load_table(self, session: Session, kind: str, file: CsvFile, report: FileReport) -> None:
        report.headings = file.headings
        reader = Reader(tables()[kind], file.headings, report)
        size = file.size()
        rows: list[Row] = []
        with self._bar(f"{kind}: reading", size) as bar:
            for raw in file.rows():
                report.rows += 1
                row = reader.read(raw)
                if row is not None:
                    rows.append(row)
                bar.update(1)
        for row in rows:
            for name in row.get("picture", ()):
                names = self._pictures.setdefault(row.get("product_code"), [])
                names += [name] if name not in names else []
        with self._bar(f"{kind}: writing", None) as bar:
            LOADERS[kind](self._shop, session, report).load(rows, bar.update)

    def _bar(self, words: str, total: int | None) -> Any:
        return tqdm(desc=words, total=total, unit=" rows", disable=True if self._quiet else None, mininterval=0.5)


def _given(sources: Sources) -> list[tuple[str, Path]]:
    kinds = (*LOADERS, "images")
    return [(kind, path) for kind in kinds if (path := getattr(sources, kind)) is not None]


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 when every row was taken, 1 when some were refused, 2 when nothing could be done."""
    options = _options(arguments)
    if options.columns:
        print(columns_page(), end="")
        return 0
    language = options.lang or ("zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else "en")
    sources = Sources(options.products, options.customers, options.orders, options.events, options.images)
    if not _given(sources):
        print("Nothing to import: give --products, --customers, --orders, --events or --images.", file=sys.stderr)
        return 2
    try:
        shop = open_shop()
        shop.database.create_all()
        reports = Importer(shop, language).run(sources, options.dry_run)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    for report in reports:
        print("\n".join(report.lines(language)))
        if report.rejects and not options.dry_run:
            print("  " + sentence("rejects", language, path=report.reject_path))
    if options.dry_run:
        print(sentence("dry_run", language))
    return 1 if any(report.problems for report in reports) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shop.importer", description="Load a shop's own CSV files.")
    for kind in LOADERS:
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"CSV file of {kind}")
    parser.add_argument("--images", type=Path, metavar="DIR", help="folder of product pictures")
    parser.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the report (default: from LANG)")
    parser.add_argument("--columns", action="store_true", help="print the columns of the files and stop")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
