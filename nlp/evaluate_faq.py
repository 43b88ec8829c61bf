"""How well does the FAQ answer? Figures on labelled questions.

    python -m nlp.evaluate faq FILE.tsv [--json]

A line is question TAB id of the right entry, or TAB the intent that the entry
belongs to, or TAB - for a question that no entry answers; a third column may give
the intent that the bot heard, which narrows the choice as in a talk.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, Sequence

from nlp.datasets import Lines, read_tsv
from nlp.faq import FaqIndex
from shop.errors import BadValue
from shop.faq_store import FaqEntry

NONE = "-"


def measure(lines: Lines, index: FaqIndex, entries: Sequence[FaqEntry]) -> dict[str, Any]:
    """All figures.

    Args:
        lines: questions with the right entry, intent or ``-``; ``extra`` holds the heard intent.
        index: what chooses.
        entries: the entries in force.

    Returns:
        ``accuracy`` (the right entry answers, or none where none should), ``with_second`` (it is among the
        two that would be offered), ``answered`` (share of answerable questions with any answer),
        ``refused`` (share of the others that get none), ``wrong``.

    Raises:
        BadValue: a label is no entry and no intent of one.
    """
    known = {one.id: one for one in entries}
    strange = set(lines.labels) - set(known) - {one.intent for one in entries} - {NONE}
    if strange:
        raise BadValue(f"{', '.join(sorted(strange)[:5])}: no entry of data/faq has this id or intent")
    right = second = answered = refused = 0
    wrong: list[list[str]] = []
    heard = lines.extra or ("",) * len(lines)
    start = time.perf_counter()
    for text, label, intent in zip(lines.texts, lines.labels, heard):
        hit = index.answer(text, intent or None)
        names = [hit.id, *([hit.second] if hit.second else [])] if hit else []
        fits = [label in (name, known[name].intent) for name in names] if label != NONE else []
        ok = fits[:1] == [True] if label != NONE else hit is None
        right += ok
        second += any(fits) or (label == NONE and hit is None)
        answered += label != NONE and hit is not None
        refused += label == NONE and hit is None
        if not ok:
            wrong.append([text, label, names[0] if names else NONE])
    spent = time.perf_counter() - start
    nones = lines.labels.count(NONE)
    count = max(1, len(lines))
    return {
        "accuracy": right / count,
        "with_second": second / count,
        "answered": answered / max(1, len(lines) - nones),
        "refused": refused / max(1, nones),
        "ms_per_message": spent / count * 1000,
        "lines": len(lines),
        "wrong": wrong,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    from shop.front import open_shop

    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate faq", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    store = open_shop().faq
    index = FaqIndex(store)
    index.answer("")  # the index is made now and not counted to the first question
    found = measure(read_tsv(asked.file), index, store.all())
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        if name != "wrong":
            print(f"{name:16} {value:.4f}" if isinstance(value, float) else f"{name:16} {value}")
    for text, label, got in found["wrong"]:
        print(f"  {text}: {got} instead of {label}")


if __name__ == "__main__":
    main()
