"""Opens a CSV file as exports write it: UTF-8, GB18030 or UTF-16; comma, tab or semicolon."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from shop.importing.values import tidy
from shop.importing.words import problem

MAX_COLUMNS = 200
MAX_CELL = 1_000_000
_CHUNK = 1 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class RawRow:
    """A row as it stands; ``number`` counts from 1, the headings, as a spreadsheet does."""

    number: int
    cells: list[str]
    error: str | None = None  # why it could not be read


class CsvFile:
    """One file: its headings, then its rows."""

    def __init__(self, path: Path) -> None:
        """Look at a file.

        Raises:
            BadValue: it is missing, empty, no text, or in no known encoding.
        """
        self.path = path
        self.encoding = _encoding(path)
        with open(path, encoding=self.encoding, newline="") as file:
            self.delimiter = _delimiter(file.readline(_CHUNK))
        headings = next((row.cells for row in self._all() if any(map(tidy, row.cells)) or row.error), None)
        if headings is None:
            raise problem("file_empty")
        if len(headings) > MAX_COLUMNS:
            raise problem("file_wide", found=len(headings), limit=MAX_COLUMNS)
        self.headings = headings

    def rows(self) -> Iterator[RawRow]:
        """The rows below the headings, empty ones left out."""
        seen_headings = False
        for row in self._all():
            if row.error is None and not any(map(tidy, row.cells)):
                continue
            if seen_headings:
                yield row
            seen_headings = True

    def size(self) -> int:
        """About how many rows there are; for a progress bar."""
        with open(self.path, "rb") as file:
            return max(0, sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b"")) - 1)

    def _all(self) -> Iterator[RawRow]:
        csv.field_size_limit(MAX_CELL)
        with open(self.path, encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            number = 0
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield RawRow(number, [], str(error))
                    continue
                yield RawRow(number, cells)


def _encoding(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise problem("file_missing") from error
    if not head:
        raise problem("file_empty")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise problem("file_excel")
    marked = [encoding for mark, encoding in _BOMS.items() if head.startswith(mark)]
    if b"\0" in head and "utf-16" not in marked:
        raise problem("file_binary")
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            _decode(path, encoding)
        except UnicodeError:
            continue
        return encoding
    raise _undecodable(path)


def _decode(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)


def _undecodable(path: Path) -> Exception:
    """The place of the first byte that is no UTF-8."""
    line = 1
    with open(path, "rb") as file:
        for raw in file:
            try:
                raw.decode("gb18030")
            except UnicodeDecodeError as error:
                return problem("file_encoding", byte=f"0x{raw[error.start]:02x}", line=line)
            line += 1
    return problem("file_encoding", byte="?", line=line)


def _delimiter(line: str) -> str:
    return max(",\t;", key=line.count)
