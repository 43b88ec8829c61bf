"""How angry a message is, by words, marks and what came before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.anger import ANGRY, CALM, DISPLEASED, INSULTING, anger_level, anger_over_turns

LEVELS = st.integers(CALM, INSULTING)


@pytest.mark.parametrize("text", ["你们都是傻逼吗", "什么垃圾平台，去死", "TMD等了一个月", "客服是智障吗", "ｓｂ客服"])
def test_abuse_is_insulting_whatever_the_model_thinks(text: str) -> None:
    assert anger_level(text, 0.0) == INSULTING


@pytest.mark.parametrize(
    "text",
    [
        "usb线多少钱",
        "sbs面料吗",
        "这个适合妈妈吗",
        "送你妈妈一束花",
        "有杀毒软件吗",
        "猪肉脯还有吗",
        "垃圾袋多少钱一卷",
        "滚筒洗衣机怎么卖",
        "神经酰胺面霜",
        "去死皮的磨砂膏",
        "今日你们发货吗",
        "都是猪肉的吗",
        "两百五十块的那款",
        "狗日粮买几斤",
        "我妈妈的手机坏了",
        "芒果是黑心的吗",
    ],
)
def test_goods_that_only_sound_like_abuse_are_calm(text: str) -> None:
    assert anger_level(text, 0.05) == CALM


def test_a_negative_message_is_displeased() -> None:
    assert anger_level("怎么还没发货", 0.7) == DISPLEASED
    assert anger_level("什么时候发货", 0.1) == CALM


@pytest.mark.parametrize("text", ["我要投诉你们！！！", "太坑了，必须给我个说法", "到底管不管！！！再不退我就举报"])
def test_angry_words_in_a_negative_message_make_it_angry(text: str) -> None:
    assert anger_level(text, 0.9) == ANGRY


def test_marks_alone_do_not_make_a_glad_message_angry() -> None:
    assert anger_level("太好了！！！谢谢！！！", 0.02) == CALM


def test_marks_make_a_surely_negative_message_angry() -> None:
    assert anger_level("都几天了还不发！！！", 0.9) == ANGRY
    assert anger_level("都几天了还不发", 0.9) == DISPLEASED


def test_asking_how_to_complain_is_no_anger_by_itself() -> None:
    assert anger_level("投诉入口在哪", 0.2) == CALM


def test_displeasure_that_goes_on_is_anger() -> None:
    assert anger_over_turns([DISPLEASED, DISPLEASED], DISPLEASED) == ANGRY
    assert anger_over_turns([DISPLEASED], DISPLEASED) == DISPLEASED
    assert anger_over_turns([], DISPLEASED) == DISPLEASED


def test_displeasure_long_ago_is_forgotten() -> None:
    assert anger_over_turns([DISPLEASED, DISPLEASED, CALM, CALM], DISPLEASED) == DISPLEASED


def test_a_calm_message_is_calm_after_any_storm() -> None:
    assert anger_over_turns([INSULTING, INSULTING, ANGRY], CALM) == CALM


@given(st.lists(LEVELS, max_size=6), LEVELS)
def test_the_past_never_makes_a_message_milder_nor_insulting(previous: list[int], present: int) -> None:
    found = anger_over_turns(previous, present)
    assert present <= found <= max(present, ANGRY)


@given(st.text(), st.floats(0, 1))
def test_any_text_has_a_level(text: str, negative: float) -> None:
    assert anger_level(text, negative) in (CALM, DISPLEASED, ANGRY, INSULTING)
