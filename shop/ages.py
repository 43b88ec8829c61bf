"""Ages in words: for whom a product is made ("3岁以上"), and for whom something is wished ("给三岁宝宝")."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Mapping

from ruamel.yaml import YAML

from shop.settings import ROOT
from shop.text_match import fold

OLDEST = 150.0
Span = tuple[float, float]


@cache
def words() -> dict[str, Any]:
    """The table of data/lexicon/ages.yml."""
    return dict(YAML(typ="safe").load(ROOT / "data" / "lexicon" / "ages.yml"))


def age_span(text: str) -> Span | None:
    """The ages (from, to; years) that a text names first: one age, from … to …, or … and older; None without any."""
    found = _pattern().search(fold(text))
    if found is None:
        return None
    unit = 1.0 if found["unit"] in words()["years"] else 1 / 12
    low = _number(found["low"]) * unit
    high = OLDEST if found["up"] else _number(found["high"]) * unit if found["high"] else low
    return (low, high) if low <= high <= OLDEST else None


def made_for(attributes: Mapping[str, str] | None) -> Span | None:
    """The ages that a product's attributes give; None when they say nothing of it."""
    return age_span(str((attributes or {}).get(words()["attribute"], "")))


@cache
def _pattern() -> re.Pattern[str]:
    table = words()
    number = "|".join(sorted(map(re.escape, table["numbers"]), key=len, reverse=True))
    units = "|".join(map(re.escape, sorted((*table["years"], *table["months"]), key=len, reverse=True)))
    up = "|".join(map(re.escape, table["and_up"]))
    until = "|".join(map(re.escape, table["until"]))
    one = rf"\d{{1,3}}|{number}"
    return re.compile(
        rf"(?<![\d.])(?P<low>{one})(?:(?:{units})?\s*(?:{until})\s*(?P<high>{one}))?\s*(?P<unit>{units})\s*(?P<up>{up})?"
    )


def _number(word: str) -> float:
    return float(words()["numbers"].get(word, word))
