"""How well are values found? Figures on hand-written cases.

    python -m nlp.evaluate entities FILE [--now 2026-11-24T15:00] [--catalogue WORDS.json] [--json]

A line of FILE is text TAB type:value | type:value …, nothing for no value; or, in
a ``.jsonl`` file, {"text": …, "entities": [{"type": …, "value": …}]}. A date is
start/end/grain, a price range min-max in yuan, a region province/city/district, an
address the same and /street; what begins with a quotation mark is JSON. A message
is right when just the expected values are found. ``--catalogue`` names products,
brands and categories (the fields of ``shop.entities.CatalogueWords``); without it
the shop's database is read.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Sequence
from zoneinfo import ZoneInfo

from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop.errors import BadValue

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=SHANGHAI)
"""The moment that the dates of our own cases count from."""
PLACE = ("province", "city", "district", "street")


@dataclass(frozen=True)
class Case:
    """A message and the values that it holds, as (type, value)."""

    text: str
    expected: tuple[tuple[str, Any], ...]


def read_cases(path: Path) -> list[Case]:
    """The cases of a file.

    Raises:
        BadValue: a line cannot be read; the message names it.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(_from_json(line) if path.suffix == ".jsonl" else _from_row(line))
        except (ValueError, KeyError, TypeError) as error:
            raise BadValue(f"{path}:{number}: {line[:60]!r} is no case ({error}); write text TAB type:value") from error
    return found


def _from_json(line: str) -> Case:
    row = json.loads(line)
    return Case(row["text"], tuple((one["type"], one["value"]) for one in row["entities"]))


def _from_row(line: str) -> Case:
    text, _, values = line.partition("\t")
    pairs = [one.split(":", 1) for one in values.split(" | ") if one.strip()]
    return Case(text, tuple((kind.strip(), expected(kind.strip(), value)) for kind, value in pairs))


def expected(kind: str, text: str) -> Any:
    """A value as the extractor gives it, from its short form in a case."""
    if text[:1] in ('"', "{") or kind in ("ordinal", "quantity"):
        return json.loads(text)
    if kind == "date":
        start, end, grain = text.split("/")
        return {"start": _iso(start), "end": _iso(end), "grain": grain}
    if kind == "price_range":
        low, _, high = text.partition("-")
        return {"min_fen": int(low) * 100 if low else None, "max_fen": int(high) * 100 if high else None}
    if kind in ("region", "address"):
        return dict(zip(PLACE, (part or None for part in text.split("/"))))
    return text


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).isoformat()


def measure(cases: Sequence[Case], extractor: EntityExtractor, now: datetime = NOW) -> dict[str, Any]:
    """All figures.

    Returns:
        ``accuracy`` (messages with just the expected values), ``precision``, ``recall`` and ``f1`` over values,
        ``types`` with (expected, found, right) of each, and ``wrong``: the messages that are not right.
    """
    wanted, said, right = Counter[str](), Counter[str](), Counter[str]()
    wrong = []
    for case in cases:
        found = [(one.type, one.value) for one in extractor.extract(case.text, now)]
        left = list(found)
        wanted.update(kind for kind, _ in case.expected)
        said.update(kind for kind, _ in found)
        for one in case.expected:
            if one in left:
                left.remove(one)
                right[one[0]] += 1
        if sorted(found, key=repr) != sorted(case.expected, key=repr):
            wrong.append({"text": case.text, "expected": list(case.expected), "found": found})
    precision, recall = right.total() / max(1, said.total()), right.total() / max(1, wanted.total())
    return {
        "accuracy": 1 - len(wrong) / max(1, len(cases)),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "cases": len(cases),
        "values": wanted.total(),
        "types": {kind: [wanted[kind], said[kind], right[kind]] for kind in sorted(set(wanted) | set(said))},
        "wrong": wrong,
    }


def extractor_of(catalogue: Path | None) -> EntityExtractor:
    """An extractor that knows the names of a file, or those of the shop's database."""
    from nlp.understanding import serving_extractor
    from shop.entities import CatalogueWords
    from shop.settings import load_settings

    if catalogue is None:
        return serving_extractor(load_settings())
    words = CatalogueWords(**json.loads(catalogue.read_text(encoding="utf-8")))
    return EntityExtractor(Gazetteer(lambda: words))


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate entities", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--now", type=datetime.fromisoformat, default=NOW)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    now = asked.now if asked.now.tzinfo else asked.now.replace(tzinfo=SHANGHAI)
    found = measure(read_cases(asked.file), extractor_of(asked.catalogue), now)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, default=str))
        return
    for name in ("accuracy", "precision", "recall", "f1", "cases", "values"):
        print(f"{name:16} {found[name]:.4f}" if isinstance(found[name], float) else f"{name:16} {found[name]}")
    for kind, (wanted, said, right) in found["types"].items():
        print(f"  {kind:14} expected {wanted:4}  found {said:4}  right {right:4}")
    for one in found["wrong"]:
        print(f"  {one['text']}: expected {one['expected']}, found {one['found']}")


if __name__ == "__main__":
    main()
