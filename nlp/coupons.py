"""Coupons as people name them: by what they take off, by their kind, by their code."""

from __future__ import annotations

import re
from typing import Any, Iterator

from nlp.matches import Match
from nlp.numbers import CHINESE, parse

_N = rf"(\d{{1,9}}(?:\.\d{{1,2}})?[百千万]?|[{CHINESE}]{{1,12}})"
_UNIT = r"(?:块钱|元钱|块|元)?"
_CARD = r"(?:的)?(?:无门槛)?(?:优惠券|代金券|抵用券|折扣券|满减券|现金券|红包|券|劵|卷(?![发纸尺帘]))"
_KINDS = "新人|新客|新用户|首单|店铺|平台|品类|通用|无门槛|免邮|包邮|运费|生日|会员|满减|折扣|专享|粉丝|直播间|限时|回归|补偿"
_OFF = re.compile(rf"满{_N}{_UNIT}(?:减|立减|省|抵|优惠|送|返){_N}{_UNIT}(?:{_CARD})?")
_SHORT = re.compile(rf"(?<![\d./-])(\d{{2,5}})(?:减|-)(\d{{1,4}})(?![\d-])(?:元|块)?{_CARD}")
_MINUS = re.compile(rf"(?<![\d.满]){_N}{_UNIT}减{_N}{_UNIT}{_CARD}")
_MONEY = re.compile(rf"{_N}(?:块钱|元钱|块|元|块的|元的)?{_CARD}")
_RATE = re.compile(rf"([1-9](?:\.\d|\d)?|[{CHINESE}]{{1,2}})折{_CARD}")
_KIND = re.compile(rf"(?:{_KINDS}){_CARD}")
_CODE = re.compile(
    r"(?:优惠码|券码|兑换码|折扣码|优惠券码|口令|优惠券号)(?:是|为|填|[:\s])*([A-Za-z0-9][A-Za-z0-9-]{3,19})"
)
_COUNTED = re.compile(r"[张个份次]")
LARGEST_FEN = 10_000_000


def find(text: str) -> Iterator[Match]:
    """Coupons in clean text.

    A value has ``threshold_fen`` and ``off_fen`` (what they take off from which amount; the threshold is
    None where none was named), or ``rate`` (0.9 for nine tenths of the price), or ``name``, or ``code``.
    """
    for pattern in (_OFF, _SHORT, _MINUS):
        for one in pattern.finditer(text):
            threshold, off = _fen(one.group(1)), _fen(one.group(2))
            if threshold and off and off < threshold:
                yield _coupon(one, rank=66, threshold_fen=threshold, off_fen=off)
    for one in _MONEY.finditer(text):
        off = _fen(one.group(1))
        if off and not _COUNTED.match(text, one.end(1)):
            yield _coupon(one, rank=64, threshold_fen=None, off_fen=off)
    for one in _RATE.finditer(text):
        rate = _rate(one.group(1))
        if rate is not None:
            yield _coupon(one, rank=65, rate=rate)
    for one in _KIND.finditer(text):
        yield _coupon(one, rank=63, name=one.group())
    for one in _CODE.finditer(text):
        yield Match("coupon", {"code": one.group(1).upper()}, *one.span(1), rank=80)


def _coupon(one: re.Match[str], rank: int, **value: Any) -> Match:
    return Match("coupon", value, *one.span(), rank=rank)


def _fen(words: str) -> int | None:
    value = parse(words)
    fen = None if value is None else round(value * 100)
    return fen if fen and 0 < fen <= LARGEST_FEN else None


def _rate(words: str) -> float | None:
    """Nine tenths and 95 hundredths are said as 9 and 95 (or 9.5)."""
    value = float(words) if words[0].isdigit() else _digits(words)
    if value is None or value <= 0:
        return None
    rate = value / 10 if value < 10 else value / 100
    return round(rate, 3) if 0.1 <= rate < 1 else None


def _digits(words: str) -> float | None:
    """Two Chinese digits side by side are the tenths and hundredths: eight five is 85."""
    parts = [parse(char) for char in words]
    if any(part is None or part >= 10 for part in parts):
        return None
    return float("".join(str(int(part)) for part in parts if part is not None))
