"""Choosing the merchant's answer."""

from __future__ import annotations

import pytest

from nlp.datasets import Lines
from nlp.evaluate_faq import measure
from nlp.faq import FaqIndex
from shop.errors import BadValue
from shop.faq_store import FaqEntry

GENERAL = FaqEntry("courier", "ask_courier", ("发什么快递", "默认哪家物流"), "看仓库安排。", (), True)
BIG = FaqEntry("big", "ask_courier", ("大件怎么送", "冰箱走什么物流"), "大件走大件物流。", ("查物流",), False)
FEE = FaqEntry("fee", "ask_shipping_fee", ("运费多少钱", "包邮吗"), "满 99 包邮。", (), True)
FREE = FaqEntry("pregnant", "", ("孕妇能用吗", "哺乳期可以用不"), "请先问医生。", (), False)


class Store:
    """Entries that a test may change."""

    def __init__(self, *entries: FaqEntry) -> None:
        self.entries = list(entries)

    def all(self) -> list[FaqEntry]:
        return list(self.entries)


def test_the_entry_whose_question_is_meant_answers() -> None:
    index = FaqIndex(Store(GENERAL, BIG, FEE, FREE))
    hit = index.answer("冰箱用啥物流送", "ask_courier")
    assert hit is not None
    assert (hit.id, hit.answer, hit.buttons) == ("big", "大件走大件物流。", ("查物流",))


def test_when_no_question_fits_the_general_answer_of_the_intent_is_given() -> None:
    hit = FaqIndex(Store(GENERAL, BIG, FEE)).answer("@@@", "ask_courier")
    assert hit is not None
    assert (hit.id, hit.score) == ("courier", 0.0)


def test_without_an_intent_all_entries_are_searched_and_nonsense_finds_none() -> None:
    index = FaqIndex(Store(GENERAL, BIG, FEE, FREE))
    hit = index.answer("孕妇能用吗")
    assert hit is not None
    assert hit.id == "pregnant"
    assert hit.score >= 0.86
    assert index.answer("今天股市涨了没") is None


def test_an_intent_without_entries_has_no_answer() -> None:
    assert FaqIndex(Store(GENERAL)).answer("你好", "greet") is None


def test_no_entries_no_answer() -> None:
    assert FaqIndex(Store()).answer("包邮吗") is None


def test_a_changed_entry_is_found_at_the_next_question() -> None:
    store = Store(GENERAL)
    index = FaqIndex(store)
    assert index.answer("孕妇能用吗", None) is None
    store.entries.append(FREE)
    hit = index.answer("孕妇能用吗", None)
    assert hit is not None
    assert hit.id == "pregnant"


def test_a_runner_up_that_is_as_good_is_named() -> None:
    twin = FaqEntry("courier2", "ask_courier", ("发什么快递呢",), "看心情。", (), False)
    hit = FaqIndex(Store(GENERAL, twin, BIG, FEE, FREE)).answer("发什么快递", "ask_courier")
    assert hit is not None
    assert hit.second == "courier2"


def test_it_tells_why_an_entry_fits() -> None:
    best = FaqIndex(Store(GENERAL, BIG, FEE, FREE)).weigh("冰箱用啥物流送", count=2)
    assert [best[0].id, best[0].question, best[0].intent] == ["big", "冰箱走什么物流", "ask_courier"]
    assert best[0].score > best[1].score
    assert 0 < best[0].spelling < best[0].meaning
    assert FaqIndex(Store()).weigh("运费") == []


def test_the_figures_count_right_second_and_refused_answers() -> None:
    store = Store(GENERAL, BIG, FEE, FREE)
    lines = Lines(
        ("运费多少钱", "孕妇能用吗", "冰箱走什么物流", "今天股市涨了没"), ("ask_shipping_fee", "fee", "big", "-")
    )
    found = measure(lines, FaqIndex(store), store.all())
    assert (found["accuracy"], found["answered"], found["refused"]) == (0.75, 1.0, 1.0)
    assert found["wrong"] == [["孕妇能用吗", "fee", "pregnant"]]
    with pytest.raises(BadValue, match="no_such_entry"):
        measure(Lines(("运费",), ("no_such_entry",)), FaqIndex(store), store.all())
