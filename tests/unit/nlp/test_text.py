"""Cleaning of what people type."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.text import LONGEST, clean, without_noise
from nlp.tokenizer import WordTokenizer, shared_tokenizer

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300)


def test_full_width_becomes_half_width() -> None:
    assert clean("ＡＢＣ１２３！").text == "ABC123!"


def test_traditional_becomes_simplified() -> None:
    assert clean("請問這個訂單什麼時候發貨").text == "请问这个订单什么时候发货"


def test_control_and_invisible_characters_go() -> None:
    assert clean("退\u200b货\x00\x07 \u202e吗\ufeff").text == "退货 吗"


def test_repeated_marks_keep_their_strength_but_no_more() -> None:
    assert clean("快点！！！！！！！").text == "快点!!!"
    assert clean("快点！").text == "快点!"


def test_repeated_digits_and_letters_stay() -> None:
    assert clean("111111111 aaaaaa").text == "111111111 aaaaaa"


def test_emoji_stay() -> None:
    assert clean("好的😀").text == "好的😀"


def test_only_so_much_of_a_long_message_is_read() -> None:
    assert len(clean("退" * 10_000).text) == LONGEST


def test_names_are_compared_without_blanks_and_marks() -> None:
    assert without_noise("屿客 Note-12（5G）") == "屿客note125g"


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_cleaned_and_every_span_found_again(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned.text) == len(cleaned.places)
    assert list(cleaned.places) == sorted(cleaned.places)
    start, end = cleaned.span(0, len(cleaned.text))
    assert 0 <= start <= end <= len(text)
    cleaned.text.encode("utf-8")


def test_words_of_the_trade_stay_whole() -> None:
    words = [word.text for word in shared_tokenizer().words("七天无理由退货的运费险怎么用")]
    assert "无理由退货" in words
    assert "运费险" in words


def test_numbers_addresses_and_mail_stay_whole() -> None:
    text = "单号SF1234567890123发到a.b@qq.com看https://x.cn/a?b=1"
    words = [word.text for word in shared_tokenizer().words(text)]
    assert {"SF1234567890123", "a.b@qq.com", "https://x.cn/a?b=1"} <= set(words)


def test_a_learned_name_stays_whole_and_other_jiebas_do_not_know_it() -> None:
    import jieba

    tokenizer = WordTokenizer(["苍岭星穹投影"])
    assert [word.text for word in tokenizer.words("苍岭星穹投影")] == ["苍岭星穹投影"]
    assert list(jieba.cut("苍岭星穹投影")) != ["苍岭星穹投影"]


@given(ANYTHING)
@settings(max_examples=200, deadline=None)
def test_tokens_are_where_they_say(text: str) -> None:
    for word in shared_tokenizer().words(text):
        assert text[word.start : word.end] == word.text
