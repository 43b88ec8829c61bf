"""The spaCy document of a message: our words, tags, stop words, values and the catalogue's names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.document import Documents
from nlp.entities import EntityExtractor
from nlp.text import clean
from nlp.tokenizer import WordTokenizer
from shop.entities import CatalogueWords

WORDS = CatalogueWords(**json.loads(Path(__file__).with_name("catalogue_words.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def documents() -> Documents:
    made = Documents(WordTokenizer(), EntityExtractor())
    made.learn(WORDS)
    return made


def test_words_have_tags_of_their_kind(documents: Documents) -> None:
    doc = documents("我昨天买了 3 件红色卫衣，XL的！")
    tags = {token.text: (token.tag_, token.pos_) for token in doc}
    assert tags["我"] == ("r", "PRON")
    assert tags["买"] == ("v", "VERB")
    assert tags["3"] == ("m", "NUM")
    assert tags["红色"] == ("n", "NOUN")
    assert tags["XL"] == ("eng", "X")
    assert tags["!"] == ("w", "PUNCT")


def test_the_values_of_a_message_are_its_entities(documents: Documents) -> None:
    doc = documents("订单2026110300012345，尾号0921，要红色XL")
    assert {(one.label_, one.text) for one in doc.ents} == {
        ("order_no", "2026110300012345"), ("phone_tail", "尾号0921"), ("color", "红色"), ("size", "XL"),
    }  # fmt: skip


def test_stop_words_carry_no_topic(documents: Documents) -> None:
    stops = documents.stop_words(documents("亲，请问你们的发票怎么开呀"))
    assert "发票" not in stops
    assert {"请问", "你们", "的"} <= set(stops)


def test_the_catalogues_names_are_found_as_whole_words(documents: Documents) -> None:
    name = next(iter(WORDS.products))
    assert ("product", clean(name).text) in documents.names(documents(f"请问{name}还有吗"))
    assert documents.names(documents("请问发票怎么开")) == []


def test_a_changed_catalogue_is_learnt_and_the_old_one_forgotten() -> None:
    documents = Documents(WordTokenizer())
    documents.learn(WORDS)
    old = next(iter(WORDS.products))
    documents.learn(CatalogueWords({"星尘投影仪": "NEW1"}, {}, {}, frozenset(), frozenset(), "2"))
    assert documents.names(documents("星尘投影仪多少钱")) == [("product", "星尘投影仪")]
    assert documents.names(documents(f"{old}多少钱")) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_becomes_a_document_of_its_clean_text(documents: Documents, text: str) -> None:
    assert documents(text).text == clean(text).text.rstrip()
