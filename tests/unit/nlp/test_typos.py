"""Mistakes of the trade are put right, and nothing else is."""

from __future__ import annotations

import pytest

from nlp.datasets import read_nlu
from nlp.intent import prepare
from nlp.typos import mended


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("我要退或", "我要退货"), ("块递到哪了", "快递到哪了"), ("tuihuo怎么弄", "退货怎么弄"), ("优惠卷怎么用", "优惠券怎么用"),
     ("定单号是多少", "订单号是多少"), ("什么时侯发祸", "什么时候发货")],
)  # fmt: skip
def test_a_known_mistake_is_put_right(wrong: str, right: str) -> None:
    assert mended(wrong) == right


@pytest.mark.parametrize("text", ["退或者换都行", "退或换", "fahuoabc", "2026110300012345", "发漂亮点的", "要鉴定单吗"])
def test_what_only_looks_like_a_mistake_stays(text: str) -> None:
    assert mended(text) == text


def test_a_line_is_read_alike_in_either_spelling() -> None:
    assert prepare("我要退或！") == prepare("我要退货！")


def test_few_of_our_own_lines_need_mending() -> None:
    lines = [text.lower() for text in read_nlu().texts]
    assert sum(mended(text) != text for text in lines) <= 0.02 * len(lines)
