"""Price ranges as people say them, in fen."""

from __future__ import annotations

import re
from typing import Iterator

from nlp.matches import Match
from nlp.numbers import CHINESE, parse

# Bounded: from each digit of a long run an unbounded number would be tried to the run's end.
_N = rf"(\d{{1,12}}(?:\.\d{{1,6}})?(?:[百千万kKwW]\d?)?|[{CHINESE}]{{1,20}})"
_UNIT = r"(?:块钱|元钱|块|元|圆|rmb|RMB)"
_YUAN = rf"{_UNIT}?(?:人民币)?"
_ABOUT = r"(?:左右|上下|附近|出头)"
_BELOW_WORD = r"(?:不超过|不要超过|别超过|不能超过|低于|少于|小于|最多|最高|顶多|至多|不高于|控制在|上限)"
_ABOVE_WORD = r"(?:不低于|高于|超过|大于|最少|至少|最低|不少于|起码|下限)"
_BELOW_TAIL = r"(?:以内|以下|之内|内|封顶|及以下)"
_ABOVE_TAIL = r"(?:以上|往上|起步|起|及以上|朝上|多)"
_MONEY_WORD = r"(?:预算|价格|价位|价钱|心理价位|单价)(?:大概|大约|差不多|也就|就|只有|是|在|为|有|[:\s])*"
SLACK = 0.2  # "about 500" reaches from 400 to 600

_BETWEEN = re.compile(
    rf"(?:{_MONEY_WORD})?{_N}{_YUAN}(?:到|至|-|~|—|和|跟)(?!\d+(?:月|号|日|点)){_N}{_YUAN}(?:之间|的)?(?:{_ABOUT})?"
)
_SPOKEN = re.compile(
    rf"([一二两三四五六七八九])([二三四五六七八九])([十百千万])({_UNIT})?(?:钱)?(?:{_ABOUT}|{_BELOW_TAIL})?"
)
_BELOW = re.compile(rf"(?:{_MONEY_WORD})?{_BELOW_WORD}{_N}({_UNIT})?|(?:{_MONEY_WORD})?{_N}({_UNIT})?{_BELOW_TAIL}")
_ABOVE = re.compile(rf"(?:{_MONEY_WORD})?{_ABOVE_WORD}{_N}({_UNIT})?|(?:{_MONEY_WORD})?{_N}({_UNIT})?{_ABOVE_TAIL}")
_AROUND = re.compile(rf"{_MONEY_WORD}{_N}({_UNIT})?(?:{_ABOUT}|吧)?|{_N}({_UNIT})?{_ABOUT}(?!到)")
_EACH = re.compile(rf"{_N}{_UNIT}(?=的|价位|档)")
_HUNDREDS = re.compile(
    r"(几十|几百|几千|百来|千把|百十|上百|上千)(?:来)?(?:块|元)钱?|(百元|千元|万元)(?:以内|以下|级|价位|左右|档)"
)
_NOT_MONEY = re.compile(
    r"^\s*(?:天|年|个月|月|日|号|小时|分钟|点|次|件|个|条|双|套|岁|斤|公斤|千克|kg|g|ml|cm|米|m|寸|英寸|码|层|楼|%|折|分|只|瓶|盒|箱|袋|包|人|位|单|了(?!解)|L|升|公里|度|块(?:电池|表|布|毛巾|巧克力|肥皂|香皂|地毯|手表|玻璃|屏))"
)
_SPANS = {
    "几十": (1000, 9900),
    "几百": (10000, 99900),
    "几千": (100000, 999900),
    "百来": (8000, 15000),
    "千把": (80000, 150000),
    "百十": (8000, 15000),
    "上百": (10000, None),
    "上千": (100000, None),
}
_LEVELS = {"百元": 100, "千元": 1000, "万元": 10000}


def find(text: str) -> Iterator[Match]:
    """Price ranges in clean text; open ends are None."""
    for one in _BETWEEN.finditer(text):
        low, high = _low_of(one.group(1), one.group(2)), parse(one.group(2))
        if low is not None and high is not None and low < high and _is_money(text, one, may_be_bare=True):
            yield _range(one, low, high, rank=62)
    for one in _SPOKEN.finditer(text):
        unit = {"十": 10, "百": 100, "千": 1000, "万": 10000}[one.group(3)]
        low, high = (parse(one.group(1)) or 0) * unit, (parse(one.group(2)) or 0) * unit
        if low < high and (one.group(4) or high >= 100) and _is_money(text, one):
            below = re.search(_BELOW_TAIL + "$", one.group())
            yield _range(one, None if below else low, high, rank=61)
    yield from _open(text, _BELOW, upper=True)
    yield from _open(text, _ABOVE, upper=False)
    yield from _about(text)
    for one in _HUNDREDS.finditer(text):
        if one.group(1):
            low_fen, high_fen = _SPANS[one.group(1)]
            yield Match("price_range", {"min_fen": low_fen, "max_fen": high_fen}, *one.span(), rank=60)
        elif one.group().endswith(("以内", "以下")):
            yield _range(one, None, _LEVELS[one.group(2)], rank=60)
        else:
            yield _range(one, _LEVELS[one.group(2)] * 0.8, _LEVELS[one.group(2)] * 1.5, rank=60)


def _open(text: str, pattern: re.Pattern[str], upper: bool) -> Iterator[Match]:
    for one in pattern.finditer(text):
        number, unit = (one.group(1), one.group(2)) if one.group(1) else (one.group(3), one.group(4))
        value = parse(number)
        if value is None or not _is_money(text, one) or (not unit and not _worth(one.group(), number, value)):
            continue
        yield _range(one, None if upper else value, value if upper else None, rank=60)


def _about(text: str) -> Iterator[Match]:
    for one in _AROUND.finditer(text):
        number, unit = (one.group(1), one.group(2)) if one.group(1) else (one.group(3), one.group(4))
        value = parse(number)
        if value is not None and _is_money(text, one) and (unit or _worth(one.group(), number, value)):
            yield _range(one, value * (1 - SLACK), value * (1 + SLACK), rank=58)
    for one in _EACH.finditer(text):
        value = parse(one.group(1))
        if value is not None and value >= 1:
            yield _range(one, value * (1 - SLACK), value * (1 + SLACK), rank=55)


def _low_of(first: str, second: str) -> float | None:
    """The lower end; "3到5百" lends its unit to the first number."""
    low, high = parse(first), parse(second)
    unit = second[-1] if second else ""
    if (
        low is not None
        and high is not None
        and low < 10 <= high
        and unit in "百千万kKwW"
        and first[-1] not in "百千万kKwW"
    ):
        return parse(first + unit)
    return low


def _worth(words: str, number: str, value: float) -> bool:
    """Whether a number without a unit can be meant as money."""
    if re.match(_MONEY_WORD, words):
        return True
    return value >= 20 and not (number.isdigit() and len(number) >= 6)


def _is_money(text: str, one: re.Match[str], may_be_bare: bool = False) -> bool:
    before, after = text[: one.start()], text[one.end() :]
    if one.start() and before[-1].isascii() and (before[-1].isalnum() or before[-1] in ".-_"):
        return False
    if (after[:1].isascii() and after[:1].isalnum()) or _NOT_MONEY.match(after):
        return False
    if may_be_bare and not re.search(rf"{_UNIT}|预算|价|之间|左右|[百千万]", one.group()):
        return bool(re.search(r"的$", one.group())) or one.group() == text or bool(re.search(r"价|预算|钱|块|元", text))
    return True


def _range(one: re.Match[str], low: float | None, high: float | None, rank: int) -> Match:
    value = {"min_fen": _fen(low), "max_fen": _fen(high)}
    return Match("price_range", value, *one.span(), rank=rank)


def _fen(yuan: float | None) -> int | None:
    return None if yuan is None else round(yuan * 100)
