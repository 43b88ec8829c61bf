"""Short answers and bare values, which no statistics may get wrong."""

from __future__ import annotations

import time
from typing import Sequence

import numpy as np
import pytest

from nlp.encoder import RememberingEncoder
from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from nlp.intent import IntentClassifier, prepare
from nlp.understanding import Understander, after_the_turn
from shop.entities import CatalogueWords


@pytest.mark.parametrize(
    "text",
    ["2", "第二个", "最后那个", "2026110300012345", "订单号是2026110300012345", "尾号0921", "0921", "13812345678", "两件",
     "浙江省杭州市余杭区良睦路1号", "地址：良睦路1号3栋502室", "杭州", "红色XL", "昨天", "收件人张伟", "我要第二个", "XL码的",
     "张伟 13812345678", "税号91330106MA2CFL6E3X", "三百以内"],
)  # fmt: skip
def test_a_bare_value_is_the_answer_to_a_question(ear: Understander, text: str) -> None:
    found = ear.understand(text)
    assert found.intent == "inform"
    assert found.by_rule
    assert found.entities


@pytest.mark.parametrize(
    "text", ["好的", "好的呀", "对", "嗯嗯", "确认", "是的！", "可以的哈", "OK", "没错", "行吧", "确认取消"]
)
def test_a_yes_is_a_yes(ear: Understander, text: str) -> None:
    assert ear.understand(text).intent == "affirm"


@pytest.mark.parametrize("text", ["不是", "不用了", "不对", "不要", "不需要哦", "no"])
def test_a_no_is_a_no(ear: Understander, text: str) -> None:
    assert ear.understand(text).intent == "deny"


@pytest.mark.parametrize("text", ["算了", "算了吧", "不办了", "退出", "先不弄了", "不退了"])
def test_giving_up_is_heard(ear: Understander, text: str) -> None:
    assert ear.understand(text).intent == "stop"


@pytest.mark.parametrize(
    "text", ["2026110300012345到哪了", "第二个多少钱", "取消2026110300012345", "杭州能送到吗", "XL有货吗"]
)
def test_a_value_with_a_wish_is_no_bare_value(ear: Understander, text: str) -> None:
    found = ear.understand(text)
    assert not found.by_rule
    assert found.entities


@pytest.mark.parametrize("text", ["", "   ", "。。。", "\u200b"])
def test_nothing_said_is_nothing_understood(ear: Understander, text: str) -> None:
    assert ear.understand(text).confidence < 0.3


def test_the_json_form_names_all_parts(ear: Understander) -> None:
    found = ear.understand("订单2026110300012345").as_json()
    assert set(found) == {"text", "intent", "confidence", "ranking", "entities", "by_rule", "sentiment", "outside"}
    assert found["entities"][0]["value"] == "2026110300012345"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("算了 有耳机吗", "有耳机吗"),
        ("算了，帮我查下快递", "帮我查下快递"),
        ("算了吧我要转人工", "我要转人工"),
        ("算了别取消了", None),
        ("算了 不要了", None),
        ("算了吧", None),
        ("我说算了再查快递", None),
    ],
)
def test_what_follows_a_never_mind_is_the_new_wish_unless_it_says_no_again(text, wish):
    assert after_the_turn(text) == wish


class Counting:
    """An encoder that counts what it is asked; a text's vector hangs on its characters."""

    name, width = "counting", 8

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[sum(map(ord, text)) % (place + 7) for place in range(self.width)] for text in texts], float)


def test_what_was_heard_without_greeting_and_number_is_not_encoded_again() -> None:
    counting = Counting()
    encoder = RememberingEncoder(counting)
    classifier = IntentClassifier(encoder=encoder).fit(["发什么快递", "包邮吗", "退货", "我要退"], ["a", "a", "b", "b"])
    found = Understander(classifier).understand("您好，2026110300012345发什么快递")
    asked = len(counting.asked)
    encoder.encode([prepare(found.heard)])
    assert found.heard == "发什么快递"
    assert len(counting.asked) == asked


@pytest.mark.parametrize("text", ["图片:/home/me/照片/IMG_2031.jpg", "图片：~/a.png", "图片:/nowhere.png"])
def test_a_picture_that_is_named_by_its_path_is_a_picture_whatever_the_path_says(ear: Understander, text: str) -> None:
    found = ear.understand(text)
    assert (found.intent, found.by_rule) == ("search_by_image", True)


def test_a_message_of_2000_characters_costs_a_few_short_ones(ear: Understander) -> None:
    complaint = "你们家这个快递到底怎么回事啊都五天了还没动静打电话也没人接，"

    def cost(text: str) -> float:
        spent = []
        for number in range(4):  # a text that was heard before costs less
            start = time.thread_time()
            ear.understand(f"{number}{text}")
            spent.append(time.thread_time() - start)
        return min(spent)

    cost(complaint)
    assert cost((complaint * 70)[:2000]) < 100 * cost(complaint)


def test_who_names_the_shops_own_goods_is_never_outside_of_its_business(ear: Understander) -> None:
    tried = ("帮我写个代码", "明天会下雨吗", "给我背首诗", "今天股市怎么样", "怎么治感冒", "北京到上海的火车几点")
    outside = [text for text in tried if ear.understand(text).outside]
    assert outside
    words = CatalogueWords(dict.fromkeys(outside, "P1"), {}, {}, frozenset(), frozenset(), "1")
    named = Understander(ear.classifier, EntityExtractor(Gazetteer(lambda: words)))
    assert not any(named.understand(text).outside for text in outside)
