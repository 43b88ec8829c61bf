"""Ages in words, of goods and of those whom they are for."""

from __future__ import annotations

import pytest

from shop.ages import OLDEST, age_span, made_for


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3岁以上", (3, OLDEST)),
        ("6个月以上", (0.5, OLDEST)),
        ("0-12个月", (0, 1)),
        ("4～10岁", (4, 10)),
        ("给三岁宝宝买个玩具", (3, 3)),
        ("３到６岁的娃", (3, 6)),
        ("十二岁男孩", (12, 12)),
        ("预算200 给8岁女儿", (8, 8)),
        ("42码", None),
        ("三百以内", None),
        ("2000岁", None),
        ("10-3岁", None),
        ("", None),
    ],
)
def test_ages_are_read(text: str, span: tuple[float, float] | None):
    assert age_span(text) == span


def test_a_product_says_for_whom_it_is_made_by_one_attribute():
    assert made_for({"适龄": "8-14岁", "材质": "木"}) == (8, 14)
    assert made_for({"保质期": "12个月"}) is made_for(None) is made_for({"适龄": "不限"}) is None
