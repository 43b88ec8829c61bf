"""Chinese and Arabic numerals."""

from __future__ import annotations

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_DIGITS.update(
    {
        "〇": 0,
        "两": 2,
        "俩": 2,
        "仨": 3,
        "壹": 1,
        "贰": 2,
        "叁": 3,
        "肆": 4,
        "伍": 5,
        "陆": 6,
        "柒": 7,
        "捌": 8,
        "玖": 9,
    }
)
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000, "K": 1000}
_GREAT = {"万": 10_000, "w": 10_000, "W": 10_000, "亿": 100_000_000}

CHINESE = "零〇一二两三四五六七八九十百千万俩仨"
NUMERAL = rf"(?:\d+(?:\.\d+)?[百千万wWkK]?\d*|[半]|[{CHINESE}]+)"
"""A regular expression for any numeral."""


def parse(text: str) -> float | None:
    """The value of a numeral; None when it is none.

    Spoken shortening is understood: three hundred and five without a unit
    after a unit is three hundred and fifty (``三百五``), and so on.
    """
    text = text.strip().replace(",", "")
    if not text:
        return None
    if text == "半":
        return 0.5
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    mixed = re.fullmatch(r"(\d+(?:\.\d+)?)([十百千万wWkK亿])(\d*)", text)
    if mixed:
        unit = _UNITS.get(mixed.group(2)) or _GREAT[mixed.group(2)]
        rest = float(mixed.group(3) or 0)
        if rest and len(mixed.group(3)) == 1:
            rest *= unit / 10
        return float(mixed.group(1)) * unit + rest
    return _chinese(text)


def _chinese(text: str) -> float | None:
    if any(char not in _DIGITS and char not in _UNITS and char not in _GREAT for char in text):
        return None
    if all(char in _DIGITS for char in text):
        return float("".join(str(_DIGITS[char]) for char in text))
    total, section, digit, last = 0, 0, 0, 1
    for place, char in enumerate(text):
        if char in _DIGITS:
            digit = _DIGITS[char]
            spoken = place == len(text) - 1 and last >= 100 and text[place - 1] not in "零〇"
            section += digit * last // 10 if spoken else digit if place == len(text) - 1 else 0
        elif char in _UNITS:
            last = _UNITS[char]
            section += (digit or 1) * last
            digit = 0
        else:
            section += digit
            last = _GREAT[char]
            total = (total + (section or 1)) * last
            section = digit = 0
    return float(total + section)


def whole(text: str) -> int | None:
    """A numeral's value if it is a whole number."""
    value = parse(text)
    return int(value) if value is not None and value == int(value) else None
