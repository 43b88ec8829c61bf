"""Which words made the intent."""

from __future__ import annotations

import json

import pytest

from nlp.explain import explain
from nlp.predict import described
from nlp.understanding import Understander


def test_the_word_that_carries_the_wish_weighs_most(ear: Understander) -> None:
    words = explain(ear, "麻烦问下发票怎么开呀")
    assert "发票" in words[0].text
    assert words[0].weight > 0
    assert words[0].without


def test_words_stand_where_they_say(ear: Understander) -> None:
    text = "我的快递到哪里了呀"
    assert all(text[one.start : one.end] == one.text for one in explain(ear, text))


@pytest.mark.parametrize("text", ["", "发票", "😀", "。。。"])
def test_a_message_of_one_word_has_nothing_to_leave_out(ear: Understander, text: str) -> None:
    assert explain(ear, text) == []


def test_the_words_are_in_the_described_message_only_when_asked_for(ear: Understander) -> None:
    assert "words" not in described(ear, "发票怎么开")
    shown = described(ear, "发票怎么开", explained=True)
    assert shown["tokens"]
    assert json.loads(json.dumps(shown["words"]))[0].keys() == {"text", "start", "end", "weight", "without"}


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"words": "x"}', '{"text": 3}', "[" * 5000])
def test_a_line_that_is_no_message_is_refused_with_an_example(line: str) -> None:
    from nlp import predict
    from shop.errors import BadValue

    with pytest.raises(BadValue, match="one JSON object a line"):
        predict._text_of(line)
