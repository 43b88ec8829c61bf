"""Messages that mix a wish with numbers and names: the numbers do not hide the wish, the names do not pretend one."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

import numpy as np
import pytest

from nlp.entities import EntityExtractor
from nlp.matches import Match
from nlp.understanding import Understander

NUMBER = "2025010100000029"


class Listener:
    """A classifier that remembers what it was asked, and always hears the same."""

    labels = ("inform", "missing_item", "modify_order")
    outside_from = 1.0

    def __init__(self) -> None:
        self.heard: list[str] = []

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """The second label."""
        self.heard.extend(texts)
        return np.array([[0.1, 0.8, 0.1]] * len(texts))

    def outside(self, chances: np.ndarray) -> float:
        """Everything is the shop's business."""
        return 0.0


class OneName:
    """Names of a catalogue with one product."""

    words = None

    def find(self, text: str) -> Iterator[Match]:
        """The product, where it stands."""
        start = text.find("碎花连衣裙")
        if start >= 0:
            yield Match("product", "p1", start, start + 5, rank=60)


def values(extractor: EntityExtractor, text: str) -> dict[str, Any]:
    return {one.type: one.value for one in extractor.extract(text)}


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (f"{NUMBER}少发了一个东西", "少发了一个东西"),
        (f"订单{NUMBER}到哪了", "订单到哪了"),
        (f"AS12345678 和 {NUMBER} 都退了没", "和  都退了没"),
        ("13812345678 换成这个电话", "13812345678 换成这个电话"),
        (NUMBER, NUMBER),
    ],
)
def test_the_classifier_hears_the_words_without_the_numbers_of_orders(text: str, heard: str):
    listener = Listener()
    Understander(listener).understand(text)  # type: ignore[arg-type]
    assert listener.heard == [heard]


@pytest.mark.parametrize("text", [NUMBER, f"订单号{NUMBER}", f"就是{NUMBER}这个"])
def test_a_bare_number_is_an_answer(text: str):
    assert Understander(Listener()).understand(text).intent == "inform"  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [f"{NUMBER}改成2个", "颜色换成绿色的吧"])
def test_a_change_that_is_asked_for_is_no_bare_value(text: str):
    assert not Understander(Listener()).understand(text).by_rule  # type: ignore[arg-type]


def test_a_word_inside_a_products_name_is_no_reason():
    extractor = EntityExtractor(OneName())  # type: ignore[arg-type]
    assert "reason" not in values(extractor, "碎花连衣裙想退掉")
    assert values(extractor, "碎花连衣裙收到就碎了")["reason"] == "damaged"


@pytest.mark.parametrize("text", ["红色L还有吗", "蓝色l的裙子", "白色 L 有没有"])
def test_a_letter_after_a_colour_is_a_size(text: str):
    assert values(EntityExtractor(), text)["size"] == "L"
