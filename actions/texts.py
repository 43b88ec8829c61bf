"""Chinese words for values: states, reasons, times, money; read from bot/domain/labels.yml.

Sentences are Rasa responses in ``bot/domain``; here are only the words that
fill their gaps.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

SHANGHAI = ZoneInfo("Asia/Shanghai")
_FILE = Path(__file__).resolve().parent.parent / "bot" / "domain" / "labels.yml"


@lru_cache(maxsize=1)
def labels() -> dict[str, Any]:
    """The whole table of words."""
    return dict(YAML(typ="safe").load(_FILE)["labels"])


def label(group: str, key: str) -> str:
    """The word for a value; an unknown value reads as the group's ``other``."""
    words = labels()[group]
    return str(words.get(key, words.get("other", key)))


def phrase(name: str, /, **facts: Any) -> str:
    """A short fragment with its gaps filled."""
    return str(labels()["phrases"][name]).format(**facts)


def yuan(fen: int) -> str:
    """Money as people write it: 12900 → ¥129, 12950 → ¥129.50."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}¥{fen // 100}" + (f".{fen % 100:02d}" if fen % 100 else "")


def day(moment: datetime | None) -> str:
    """The day in Shanghai; the year only when it is not this one."""
    if moment is None:
        return ""
    local = moment.astimezone(SHANGHAI)
    name = "day" if local.year == datetime.now(SHANGHAI).year else "day_of_year"
    return phrase(name, year=local.year, month=local.month, day=local.day)


def is_over(moment: datetime | None) -> bool:
    """Whether its day in Shanghai has passed; a day that is still going on has not."""
    return moment is not None and moment.astimezone(SHANGHAI).date() < datetime.now(SHANGHAI).date()


def expected(name: str, moment: datetime | None) -> str:
    """A fragment about the day on which something should arrive, or should have arrived (``<name>_late``)."""
    return "" if moment is None else phrase(f"{name}_late" if is_over(moment) else name, day=day(moment))


def minute(moment: datetime | None) -> str:
    """The day and the minute in Shanghai."""
    return "" if moment is None else f"{day(moment)} {moment.astimezone(SHANGHAI):%H:%M}"


def price_span(low: int, high: int) -> str:
    """One price, or from–to."""
    return yuan(low) if low == high else f"{yuan(low)}–{yuan(high)}"
