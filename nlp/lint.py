"""Is the training data of the intents sound?

    python -m nlp.lint [FOLDER] [--json] [--strict]

Looks for the same line under two intents, for near-duplicates (within an intent
they teach nothing, across intents they confuse), for template smell (the share of
an intent's lines that begin alike), for lines that are too short to tell
anything, and for intents with few lines. ``--strict`` ends with status 1 when a line stands
under two intents or an intent has too few.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Sequence

from nlp.datasets import NLU, Lines, read_nlu
from nlp.text import without_noise

SHORTEST = 2  # characters below which a line tells nothing
FEWEST = 30  # lines that an intent needs
NEAR = 0.9  # cosine of character 1-3-grams from which two lines are nearly the same
HEAD = 3  # characters that count as a beginning
SMELL = 0.15  # share of an intent's lines that may begin alike
SMELL_FROM = 20  # lines from which a share means something
CHUNK = 1000  # lines that are compared at once


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Attributes:
        kind: ``double``, ``near_double``, ``near_across``, ``smell``, ``short`` or ``few``.
        intents: the intents it concerns.
        texts: the lines, or the beginning that many share.
        share: how alike two lines are, which share begins alike, or how many lines there are.
    """

    kind: str
    intents: tuple[str, ...]
    texts: tuple[str, ...]
    share: float

    @property
    def grave(self) -> bool:
        """Whether a classifier must suffer from it."""
        return self.kind in ("double", "few")


def lint(lines: Lines) -> list[Finding]:
    """Everything that should be looked at, by kind."""
    return [*doubles(lines), *few(lines), *short(lines), *smells(lines), *near_doubles(lines)]


def doubles(lines: Lines) -> list[Finding]:
    """The same line, but for marks and blanks, under two intents."""
    intents: dict[str, dict[str, str]] = defaultdict(dict)
    for text, label in zip(lines.texts, lines.labels):
        intents[without_noise(text) or text][label] = text
    return [
        Finding("double", tuple(sorted(found)), tuple(dict.fromkeys(found.values())), 1.0)
        for found in intents.values()
        if len(found) > 1
    ]


def few(lines: Lines) -> list[Finding]:
    """Intents with fewer than ``FEWEST`` lines."""
    return [
        Finding("few", (label,), (), float(count)) for label, count in Counter(lines.labels).items() if count < FEWEST
    ]


def short(lines: Lines) -> list[Finding]:
    """Lines shorter than ``SHORTEST`` letters, digits and signs."""
    return [
        Finding("short", (label,), (text,), float(len(text.strip())))
        for text, label in zip(lines.texts, lines.labels)
        if len("".join(text.split())) < SHORTEST
    ]


def smells(lines: Lines) -> list[Finding]:
    """Beginnings that too many lines of an intent share: they were written after a template."""
    found = []
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in zip(lines.texts, lines.labels):
        by_label[label].append(without_noise(text)[:HEAD])
    for label, heads in by_label.items():
        head, count = Counter(one for one in heads if len(one) == HEAD).most_common(1)[0] if heads else ("", 0)
        if len(heads) >= SMELL_FROM and count / len(heads) > SMELL:
            found.append(Finding("smell", (label,), (head,), count / len(heads)))
    return sorted(found, key=lambda one: -one.share)


def near_doubles(lines: Lines, near: float = NEAR) -> list[Finding]:
    """Pairs of lines whose characters are nearly the same, the nearest first."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    kept = [at for at, text in enumerate(lines.texts) if without_noise(text)]
    if len(kept) < 2:
        return []
    rows = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)).fit_transform(
        [without_noise(lines.texts[at]) for at in kept]
    )
    found = []
    for start in range(0, len(kept), CHUNK):
        near_ones = (rows[start : start + CHUNK] @ rows.T).tocoo()
        wanted = (near_ones.data >= near) & (near_ones.row + start < near_ones.col)
        for row, column, share in zip(near_ones.row[wanted], near_ones.col[wanted], near_ones.data[wanted]):
            found.append(_pair(lines, kept[row + start], kept[column], float(share)))
    return sorted((one for one in found if one.kind), key=lambda one: -one.share)


def _pair(lines: Lines, one: int, two: int, share: float) -> Finding:
    labels = (lines.labels[one], lines.labels[two])
    texts = (lines.texts[one], lines.texts[two])
    same = without_noise(texts[0]) == without_noise(texts[1])
    if labels[0] == labels[1]:
        return Finding("near_double", labels[:1], texts, min(1.0, share))
    return Finding("" if same else "near_across", labels, texts, min(1.0, share))  # a double is told elsewhere


def summary(lines: Lines, findings: Iterable[Finding]) -> dict[str, Any]:
    """How many lines, intents and findings of each kind there are."""
    counts = Counter(one.kind for one in findings)
    kinds = ("double", "few", "short", "smell", "near_double", "near_across")
    return {"lines": len(lines), "intents": len(set(lines.labels)), **{kind: counts[kind] for kind in kinds}}


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.lint", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=NLU)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--strict", action="store_true")
    asked = parser.parse_args(arguments)
    lines = read_nlu(asked.folder)
    findings = lint(lines)
    found = summary(lines, findings)
    if asked.json:
        print(json.dumps({**found, "findings": [vars(one) for one in findings]}, ensure_ascii=False))
    else:
        for one in findings:
            print(f"{one.kind:12} {' / '.join(one.intents)}  {' | '.join(one.texts)}  {one.share:.2f}")
        print(", ".join(f"{count} {name}" for name, count in found.items()))
    if asked.strict and any(one.grave for one in findings):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
