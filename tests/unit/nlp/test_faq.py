"""Choosing the merchant's answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from nlp.bm25 import Bm25
from nlp.datasets import Lines, read_tsv
from nlp.evaluate_faq import measure
from nlp.faq import FaqIndex
from nlp.tokenizer import WordTokenizer
from shop.errors import BadValue
from shop.faq_store import FaqEntry, FaqStore
from shop.settings import Settings

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


def test_a_question_in_other_words_is_answered_when_its_intent_was_heard() -> None:
    index = FaqIndex(Store(GENERAL, BIG, FEE, FREE))
    free, heard = index.answer("大件的东西咋给我运过来"), index.answer("大件的东西咋给我运过来", "ask_courier")
    assert heard is not None
    assert heard.id == "big"
    assert free is None or free.id == "big"


def test_what_may_be_meant_is_suggested_and_nonsense_suggests_nothing() -> None:
    index = FaqIndex(Store(GENERAL, BIG, FEE, FREE))
    assert index.suggest("运费怎么算，包邮不")[0] == "fee"
    assert len(index.suggest("运费怎么算，包邮不")) <= 2
    assert index.suggest("今天股市涨了没") == []


def test_words_count_by_how_rare_they_are() -> None:
    found = Bm25(["发什么快递", "发什么货", "运费多少", ""], WordTokenizer())
    scores = found.scores("哪家快递")
    assert scores[0] > 0
    assert not scores[1:].any()
    assert found.scores("发什么快递")[0] > found.scores("发什么快递")[1] > 0
    assert Bm25(["发什么快递"], WordTokenizer()).scores("") == [0]


def test_our_own_labelled_questions_find_their_entries() -> None:
    store = FaqStore(SimpleNamespace(settings=Settings()))  # type: ignore[arg-type]
    cases = read_tsv(Path(__file__).with_name("faq_cases.tsv"))
    intents = {one.id: one.intent for one in store.all()}
    free = measure(cases, FaqIndex(store), store.all())
    assert free["accuracy"] >= 0.66
    assert free["refused"] >= 0.9
    kept = [at for at, label in enumerate(cases.labels) if intents.get(label)]
    texts, labels = (tuple(column[at] for at in kept) for column in (cases.texts, cases.labels))
    heard = Lines(texts, labels, tuple(intents[label] for label in labels))
    assert measure(heard, FaqIndex(store), store.all())["accuracy"] >= 0.8


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
