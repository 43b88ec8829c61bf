"""What is found in a message, by hand-written cases."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop.entities import CatalogueWords
from shop.errors import DatabaseDown
from shop.states import CaseReason

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FILE = Path(__file__).with_name("entity_cases.tsv")
WORDS = CatalogueWords(**json.loads(Path(__file__).with_name("catalogue_words.json").read_text(encoding="utf-8")))


def _expected(kind: str, text: str) -> Any:
    if kind == "date":
        start, end, grain = text.split("/")
        return {"start": _iso(start), "end": _iso(end), "grain": grain}
    if kind == "price_range":
        low, _, high = text.partition("-")
        return {"min_fen": int(low) * 100 if low else None, "max_fen": int(high) * 100 if high else None}
    if kind in ("region", "address"):
        return dict(zip(("province", "city", "district", "street"), (part or None for part in text.split("/"))))
    if kind in ("ordinal", "quantity") or text.startswith('"'):
        return json.loads(text)
    return text


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=NOW.tzinfo).isoformat()


def _cases() -> list[tuple[str, list[tuple[str, Any]]]]:
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            text, _, values = line.partition("\t")
            pairs = [one.split(":", 1) for one in values.split(" | ") if one.strip()]
            found.append((text, [(kind, _expected(kind, value)) for kind, value in pairs]))
    return found


@pytest.fixture(scope="module")
def extractor() -> EntityExtractor:
    return EntityExtractor(Gazetteer(lambda: WORDS))


def test_there_are_enough_cases() -> None:
    assert len(_cases()) >= 250


@pytest.mark.parametrize(("text", "expected"), _cases(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_message_holds_just_these_values(text: str, expected: list[Any], extractor: EntityExtractor) -> None:
    found = [(one.type, one.value) for one in extractor.extract(text, NOW)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_spans_point_into_what_the_customer_wrote(extractor: EntityExtractor) -> None:
    text = "\u200b  ２０２６１１０３０００１２３４５！！！！ 尾号 ０９２１"
    for one in extractor.extract(text, NOW):
        assert text[one.start : one.end] == one.text
    assert [one.value for one in extractor.extract(text, NOW)] == ["2026110300012345", "0921"]


def test_every_reason_is_one_that_the_shop_knows() -> None:
    from nlp import lexicon

    assert set(lexicon.document("reasons")["reasons"]) == {one.value for one in CaseReason}


def test_values_are_plain_json(extractor: EntityExtractor) -> None:
    for text, _ in _cases():
        json.dumps([one.value for one in extractor.extract(text, NOW)])


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


@pytest.mark.parametrize("piece", ["1", "13812345678", "一二三", "万", "91 ", "1.", "浙江省"])
def test_a_long_message_of_numbers_takes_hardly_longer_than_one_of_words(piece: str):
    extractor = EntityExtractor()

    def seconds(text: str) -> float:
        best = float("inf")
        for _ in range(2):
            begin = time.perf_counter()
            extractor.extract(text)
            best = min(best, time.perf_counter() - begin)
        return best

    assert seconds((piece * 2000)[:2000]) < 12 * seconds("订单到哪了" * 400)
