"""The fixed words by which questions are read (data/lexicon/questions.yml), and the days that a date entity means."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML

from analytics.query import Period
from shop.settings import ROOT


@dataclass(frozen=True)
class Named:
    """An entity of the NLU with the words that it was read from."""

    kind: str
    value: Any
    text: str
    start: int = 0


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The lexicon of questions."""
    path = ROOT / "data" / "lexicon" / "questions.yml"
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=256)
def pattern(source: str) -> re.Pattern[str]:
    """A compiled expression of the lexicon."""
    return re.compile(source, re.IGNORECASE)


def mended(text: str) -> str:
    """A text with the mistyped words of the trade put right, each as long as it was."""
    wrong = words()["typos"]
    return pattern("|".join(map(re.escape, wrong))).sub(lambda one: str(wrong[one.group()]), text)


def says(name: str, text: str) -> re.Match[str] | None:
    """Whether the text has words of a list: ``why``, ``stock.low``, ``groups.day``."""
    source: Any = words()
    for part in name.split("."):
        source = source[part]
    return pattern(str(source)).search(text)


def first_of(table: str, text: str) -> str | None:
    """The first entry of a table whose words the text has."""
    return next((name for name, source in words()[table].items() if pattern(source).search(text)), None)


def period_of(one: Named) -> Period:
    """The days that a date entity means; the last seven days are seven, today's included."""
    found = Period.of(one.value)
    if says("spans", one.text) and found.days > 1:  # the last 7 days are seven, today's included
        return replace(found, start=found.start + timedelta(days=1))
    return found
