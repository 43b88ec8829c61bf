"""Whatever is typed, the whole ear gives a result: empty, endless, emoji, digits, control characters, half characters."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp.entities import EntityExtractor
from nlp.explain import explain
from nlp.faq import FaqIndex
from nlp.predict import described
from nlp.sentiment import LABELS, MODEL, SentimentReader
from nlp.text import clean
from nlp.understanding import Understander
from shop.faq_store import FaqEntry

SURROGATES = st.integers(0xD800, 0xDFFF).map(chr)
ODD = st.text(
    st.one_of(st.characters(), SURROGATES, st.sampled_from("😀👩‍👧🇨🇳\u200d\u202e\0\x07\ufeff１２３①㈱﷽éа")), max_size=80
)
TALK = st.lists(
    st.sampled_from(
        ["我的", "订单", "2026110300012345", "第二个", "!!!", "满300减50", "券", "昨天", "到", "13812345678", "refund", "😡",
         "\ud83d", "\0", " ", "\n", "三百以内", "退货", "浙江省杭州市", "9" * 40, "🈶", "发票", "垃圾"]
    ),
    max_size=14,
).map("".join)  # fmt: skip
HARD = [
    "", " \t\n", "退" * 10_000, "😀" * 500, "1" * 10_000, "\ud83d", "\udc4d\ud83d", "\0\x01\x02", "满" * 300 + "减" * 300,
    "hello退货مرحباпривет", "第" * 200 + "个", "\u202e反转", "一" * 400, "{}[]()|&;<script>alert(1)</script>", "9.9.9.9" * 80,
]  # fmt: skip


class Entries:
    def all(self) -> list[FaqEntry]:
        return [FaqEntry("fee", "ask_shipping_fee", ("运费多少钱",), "满 99 包邮。", (), True)]


@pytest.fixture(scope="module")
def whole_ear(ear: Understander) -> Understander:
    reader = SentimentReader() if MODEL.is_file() else None
    return Understander(ear.classifier, EntityExtractor(), reader)


def check(ear: Understander, text: str) -> None:
    found = ear.understand(text)
    assert found.intent in ear.classifier.labels
    assert 0 <= found.confidence <= 1 + 1e-6
    assert len(found.ranking) == 10
    for one in found.entities:
        assert 0 <= one.start <= one.end <= len(text)
    if found.sentiment is not None:
        assert found.sentiment.label in LABELS
        assert 0 <= found.sentiment.anger <= 3
    json.dumps(found.as_json(), default=str)


@settings(max_examples=60, deadline=None)
@given(ODD)
def test_any_characters_are_understood(whole_ear: Understander, text: str) -> None:
    check(whole_ear, text)


@settings(max_examples=60, deadline=None)
@given(TALK)
@example("满300减50券" * 100)
def test_any_mixture_of_words_and_values_is_understood(whole_ear: Understander, text: str) -> None:
    check(whole_ear, text)


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_hard_messages_are_understood_in_time(whole_ear: Understander, text: str) -> None:
    start = time.process_time()
    check(whole_ear, text)
    assert time.process_time() - start < 5  # CPU time: nothing grows without bound


@pytest.mark.parametrize("text", HARD[:-3], ids=range(len(HARD) - 3))
def test_hard_messages_are_explained_and_answered(whole_ear: Understander, text: str) -> None:
    json.dumps(described(whole_ear, text), default=str)
    index = FaqIndex(Entries())
    hit = index.answer(text)
    assert hit is None or hit.id == "fee"
    assert [one.id for one in index.weigh(text)] == ["fee"]


@pytest.mark.parametrize("text", ["", "😀", "\ud83d", "hello退货مرحبا", "\0\x01"])
def test_hard_messages_can_be_asked_for_their_words(whole_ear: Understander, text: str) -> None:
    for one in explain(whole_ear, clean(text).text):
        assert -1 <= one.weight <= 1
