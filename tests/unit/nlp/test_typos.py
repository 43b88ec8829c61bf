"""Mistakes of the trade are put right, and nothing else is."""

from __future__ import annotations

import pytest

from nlp.datasets import read_nlu
from nlp.intent import prepare
from nlp.typos import mended, mended_places


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("我要退或", "我要退货"), ("块递到哪了", "快递到哪了"), ("tuihuo怎么弄", "退货怎么弄"), ("优惠卷怎么用", "优惠券怎么用"),
     ("定单号是多少", "订单号是多少"), ("什么时侯发祸", "什么时候发货"), ("坐天卖得咋样", "昨天卖得咋样"),
     ("今年年卖了多少", "今年卖了多少"), ("上个越呢", "上个月呢"), ("销受额昨天", "销售额昨天"), ("库从还有多少", "库存还有多少"),
     ("退货律高不高", "退货率高不高")],
)  # fmt: skip
def test_a_known_mistake_is_put_right(wrong: str, right: str) -> None:
    assert mended(wrong) == right


@pytest.mark.parametrize(
    "text",
    [
        "退或者换都行",
        "退或换",
        "fahuoabc",
        "2026110300012345",
        "发漂亮点的",
        "要鉴定单吗",
        "三个工作天内",
        "今年年底到吗",
        "每天咋天天下雨",
        "成本越高",
        "上个月来的",
        "取年卡",
    ],
)
def test_what_only_looks_like_a_mistake_stays(text: str) -> None:
    assert mended(text) == text


def test_the_mended_text_knows_where_it_stood() -> None:
    text = "那zuotian退或呢"
    read, places = mended_places(text)
    assert read == "那昨天退货呢"
    assert [text[places[0] : places[1]], text[places[1] : places[3]], text[places[3] : places[5]]] == [
        "那", "zuotian", "退或"
    ]  # fmt: skip
    assert places[len(read)] == len(text)


def test_a_line_is_read_alike_in_either_spelling() -> None:
    assert prepare("我要退或！") == prepare("我要退货！")


def test_few_of_our_own_lines_need_mending() -> None:
    lines = [text.lower() for text in read_nlu().texts]
    assert sum(mended(text) != text for text in lines) <= 0.02 * len(lines)
