"""Choosing the merchant's answer."""

from __future__ import annotations

from nlp.faq import FaqIndex
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
