"""What is found in a message, by hand-written cases."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from nlp.entities import EntityExtractor
from nlp.evaluate_entities import NOW, Case, measure, read_cases
from nlp.gazetteer import Gazetteer
from nlp.tokenizer import WordTokenizer
from shop.entities import CatalogueWords
from shop.errors import BadValue, DatabaseDown
from shop.states import CaseReason

FILE = Path(__file__).with_name("entity_cases.tsv")
WORDS = CatalogueWords(**json.loads(Path(__file__).with_name("catalogue_words.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def extractor() -> EntityExtractor:
    return EntityExtractor(Gazetteer(lambda: WORDS))


def test_there_are_enough_cases() -> None:
    assert len(read_cases(FILE)) >= 300


@pytest.mark.parametrize("case", read_cases(FILE), ids=lambda one: one.text)
def test_a_message_holds_just_these_values(case: Case, extractor: EntityExtractor) -> None:
    found = [(one.type, one.value) for one in extractor.extract(case.text, NOW)]
    assert sorted(found, key=repr) == sorted(case.expected, key=repr)


def test_the_figures_count_messages_and_values(extractor: EntityExtractor) -> None:
    cases = [
        Case("13812345678", (("phone", "13812345678"),)),
        Case("第二个", (("ordinal", 3),)),
        Case("你好", (("color", "红色"),)),
        Case("你好", ()),
    ]
    found = measure(cases, extractor)
    assert (found["accuracy"], found["precision"], found["recall"]) == (0.5, 0.5, pytest.approx(1 / 3))
    assert found["types"]["ordinal"] == [1, 1, 0]
    assert [one["text"] for one in found["wrong"]] == ["第二个", "你好"]


def test_cases_may_be_json_and_a_bad_line_is_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.jsonl", tmp_path / "b.tsv"
    good.write_text('{"text": "第二个", "entities": [{"type": "ordinal", "value": 2}]}\n', encoding="utf-8")
    assert read_cases(good) == [Case("第二个", (("ordinal", 2),))]
    bad.write_text("你好\t\n第二个\tordinal:two\n", encoding="utf-8")
    with pytest.raises(BadValue, match="b.tsv:2"):
        read_cases(bad)


def test_spans_point_into_what_the_customer_wrote(extractor: EntityExtractor) -> None:
    text = "\u200b  ２０２６１１０３０００１２３４５！！！！ 尾号 ０９２１"
    for one in extractor.extract(text, NOW):
        assert text[one.start : one.end] == one.text
    assert [one.value for one in extractor.extract(text, NOW)] == ["2026110300012345", "0921"]


def test_every_reason_is_one_that_the_shop_knows() -> None:
    from nlp import lexicon

    assert set(lexicon.document("reasons")["reasons"]) == {one.value for one in CaseReason}


def test_values_are_plain_json(extractor: EntityExtractor) -> None:
    for case in read_cases(FILE):
        json.dumps([one.value for one in extractor.extract(case.text, NOW)])


def test_a_dead_database_only_costs_the_catalogue_names() -> None:
    def dead() -> CatalogueWords:
        raise DatabaseDown("no database")

    found = EntityExtractor(Gazetteer(dead)).extract("屿客手机 13812345678", NOW)
    assert [(one.type, one.value) for one in found] == [("phone", "13812345678")]


def test_a_changed_catalogue_is_noticed_within_half_a_minute() -> None:
    clock = [0.0]
    words = [WORDS]
    gazetteer = Gazetteer(lambda: words[0], lambda: clock[0])
    extractor = EntityExtractor(gazetteer)
    assert not [one for one in extractor.extract("星尘投影仪", NOW) if one.type == "product"]
    words[0] = CatalogueWords({"星尘投影仪": "NEW1"}, {}, {}, frozenset(), frozenset(), "2")
    clock[0] = 31.0
    assert [one.value for one in extractor.extract("星尘投影仪", NOW)] == ["NEW1"]


def test_a_kind_of_goods_may_be_named_by_its_last_character_where_that_is_clear() -> None:
    shoes = dict.fromkeys(("运动鞋", "跑鞋", "板鞋"), "sport") | {"皮鞋": "leather"}
    tops = {"毛衣": "knit", "大衣": "coat", "风衣": "coat"}
    words = CatalogueWords({}, {}, {**shoes, **tops}, frozenset(), frozenset(), "1")
    extractor = EntityExtractor(Gazetteer(lambda: words))

    def categories(text: str) -> list[str]:
        return [one.value for one in extractor.extract(text, NOW) if one.type == "category"]

    assert categories("有没有适合跑步的鞋") == ["sport"]
    assert categories("有鞋吗") == ["sport"]
    assert categories("那双皮鞋") == ["leather"]
    assert categories("鞋带断了") == categories("有衣吗") == categories("买的鞋柜") == []


def test_a_server_that_started_before_its_shop_was_filled_knows_the_goods_at_the_first_message_after_it() -> None:
    clock = [0.0]
    words = [CatalogueWords({}, {}, {}, frozenset(), frozenset(), "1")]
    extractor = EntityExtractor(Gazetteer(lambda: words[0], lambda: clock[0], background=True))
    assert not extractor.extract("有什么耳机", NOW)
    words[0] = CatalogueWords({}, {}, {"耳机": "earphone"}, frozenset(), frozenset(), "2")
    clock[0] = 3600.0
    assert [(one.type, one.value) for one in extractor.extract("有什么耳机", NOW)] == [("category", "earphone")]


def test_a_database_that_was_down_is_asked_again_soon() -> None:
    clock, down = [0.0], [True]

    def read() -> CatalogueWords:
        if down[0]:
            raise DatabaseDown("no database")
        return WORDS

    gazetteer = Gazetteer(read, lambda: clock[0], background=True)
    gazetteer.names()
    down[0], clock[0] = False, 3.0
    assert gazetteer.names().version == WORDS.version


def test_the_tokenizer_keeps_a_name_whole_once_the_catalogue_has_it() -> None:
    clock, tokenizer, words = [0.0], WordTokenizer(), [WORDS]
    gazetteer = Gazetteer(lambda: words[0], lambda: clock[0], told=tokenizer.learn)
    gazetteer.names()
    said = "苍岭星穹投影还有吗"
    assert "苍岭星穹投影" not in [one.text for one in tokenizer.words(said)]
    words[0] = CatalogueWords({"青禾 苍岭星穹投影": "NEW1"}, {}, {}, frozenset(), frozenset(), "2")
    clock[0] = 31.0
    gazetteer.names()
    assert [one.text for one in tokenizer.words(said)][0] == "苍岭星穹投影"


@pytest.mark.parametrize("piece", ["1", "13812345678", "一二三", "万", "91 ", "1.", "浙江省"])
def test_a_long_message_of_numbers_takes_hardly_longer_than_one_of_words(piece: str):
    extractor = EntityExtractor()

    def seconds(text: str) -> float:
        best = float("inf")
        for _ in range(2):
            begin = time.process_time()
            extractor.extract(text)
            best = min(best, time.process_time() - begin)
        return best

    assert seconds((piece * 2000)[:2000]) < 12 * seconds("订单到哪了" * 400)
