"""What a product review says of each aspect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp import lexicon
from nlp.reviews import ASPECTS, aspects_of, main, read_reviews, stars_of


class WordReader:
    """Praises what holds a good word, blames what holds a bad one, and is torn by both."""

    def chances(self, texts: list[str], review: bool = False) -> np.ndarray:
        assert review
        good = np.array([any(word in text for word in ("好", "便宜", "快")) for text in texts], float)
        bad = np.array([any(word in text for word in ("差", "慢")) for text in texts], float)
        praise = 0.5 + (good - bad) * 0.45
        return np.stack([1 - praise, np.zeros(len(texts)), praise], axis=1)


def read(*texts: str) -> Any:
    return read_reviews(texts, WordReader())  # type: ignore[arg-type]


def test_each_aspect_is_judged_by_the_part_that_names_it() -> None:
    found = read("质量很好，物流太慢，客服态度差")[0]
    assert found.aspects == {"quality": 0.95, "shipping": pytest.approx(0.05), "service": pytest.approx(0.05)}


def test_a_turn_without_a_mark_divides_too() -> None:
    found = read("东西质量好但是快递慢")[0]
    assert found.aspects["quality"] > 0.9
    assert found.aspects["shipping"] == 0.5  # the word for a parcel holds the one for fast


def test_several_parts_of_an_aspect_are_averaged() -> None:
    assert read("质量好。做工差。")[0].aspects["quality"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "stars", "label"), [("很好", 5, "pos"), ("很差", 1, "neg"), ("收到", 3, "neu"), ("", 3, "neu")]
)
def test_the_whole_review_has_stars(text: str, stars: int, label: str) -> None:
    found = read(text)[0]
    assert (found.stars, found.label) == (stars, label)


def test_stars_rise_with_praise() -> None:
    stars = [stars_of(praise) for praise in np.linspace(0, 1, 101)]
    assert stars == sorted(stars)
    assert set(stars) == {1, 2, 3, 4, 5}


def test_every_aspect_has_words_and_no_word_belongs_to_two() -> None:
    words = lexicon.document("aspects")["aspects"]
    assert tuple(words) == ASPECTS
    every = [word for name in ASPECTS for word in words[name]]
    assert len(every) == len(set(every))
    assert all(name in aspects_of(word) for name in ASPECTS for word in words[name])


@pytest.mark.parametrize("text", ["", "   ", "！！！", "😀", "\ud800", "a" * 10_000, "好，" * 5000])
def test_whatever_stands_there_is_read(text: str) -> None:
    assert read(text, "质量好")[1].aspects["quality"] == 0.95


def test_the_command_prints_a_line_of_json_each(capsys: pytest.CaptureFixture[str]) -> None:
    from nlp.sentiment import MODEL

    if not Path(MODEL).is_file():
        pytest.skip("no sentiment model")
    main(["质量太差了，用两天就坏，垃圾", "价格便宜，质量很好，很满意"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["label"] for row in rows] == ["neg", "pos"]
    assert rows[1]["aspects"].keys() == {"quality", "price"}
