"""Folding, grams, colours and sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shop.text_match import clean, digits, fitting_colors, fitting_sizes, fold, grams, overlap


def test_chinese_is_cut_into_pairs_and_latin_stays_whole() -> None:
    assert grams(fold("ＩＰＨＯＮＥ 15 手机壳")) == ["iphone", "15", "手机", "机壳"]
    assert grams("鞋") == ["鞋"]


@given(some.text(max_size=50), some.integers(0, 60))
def test_a_cleaned_text_fits_and_holds_nothing_that_a_database_refuses(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not any(ord(one) < 32 or 0xD800 <= ord(one) <= 0xDFFF for one in cleaned)
    cleaned.encode("utf-8")


def test_numbers_are_read_through_blanks_dashes_and_full_width() -> None:
    assert digits(" ２０２５-0312 00000001 ") == "2025031200000001"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("红色", {"红色"}), ("红", {"红色"}), ("黑色", {"墨岩黑"}), ("绿色", set()), ("酒红", {"酒红色"})],
)
def test_a_colour_is_found_as_people_say_it(wanted: str, found: set[str]) -> None:
    assert fitting_colors(wanted, ["红色", "墨岩黑", "酒红色"]) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("XL", {"XL"}),
        ("xl码", {"XL"}),
        ("42", {"42码"}),
        ("256GB", {"256G"}),
        ("2", set()),
        ("5", {"5"}),
        ("L", set()),
        ("150cm", {"1.5m 150cm"}),
    ],
)
def test_a_size_is_found_as_a_word_and_never_as_a_piece_of_another(wanted: str, found: set[str]) -> None:
    assert fitting_sizes(wanted, ["XL", "XXL", "42码", "256G", "5", "5.5", "1.5m 150cm"]) == found


def test_overlap_is_the_part_of_the_words_that_stand_in_the_text() -> None:
    assert overlap("连衣裙", "碎花连衣裙") == 1.0
    assert overlap("连衣裙", "手机") == 0.0
    assert overlap("", "手机") == 0.0
