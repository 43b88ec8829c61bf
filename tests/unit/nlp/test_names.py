"""Names without a cue beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import lexicon
from nlp.names import BEGIN, INSIDE, MODEL, OUTSIDE, NameTagger, best_tags, features, find, load, save
from nlp.names_train import NameSpans, by_rules, fit, measure, split


@pytest.fixture(scope="module")
def rows():
    return split(each=6, asked=4, lines=600)


@pytest.fixture(scope="module")
def tagger(rows) -> NameTagger:
    return fit(rows[0], rounds=3)


def test_a_small_training_beats_the_rules_on_frames_that_it_has_not_seen(rows, tagger: NameTagger) -> None:
    ours = measure(rows[1], lambda text: list(tagger.find(text)))
    assert ours["f1"] > measure(rows[1], by_rules)["f1"] + 0.3
    assert ours["false_alarms"] < 0.05


def test_the_shipped_tagger_is_good_and_gives_few_alarms() -> None:
    asked = split(each=1)[1]
    found = measure(asked, lambda text: [(one.start, one.end) for one in find(text)])
    assert found["precision"] >= 0.9
    assert found["recall"] >= 0.85
    assert found["false_alarms"] <= 0.01


@pytest.mark.parametrize(
    ("text", "name"), [("寄给李晓梅就行", "李晓梅"), ("我老公叫王建国", "王建国"), ("上次陈雨桐答应我的", "陈雨桐")]
)
def test_a_name_in_the_middle_of_a_sentence_is_seen(text: str, name: str) -> None:
    assert [one.value for one in find(text)] == [name]


@pytest.mark.parametrize(
    "text", ["", "沈阳有仓库吗", "我很高兴", "和田玉是真的吗", "马上发货", "白色的好看", "方便面还有吗", "x" * 5000]
)
def test_words_that_begin_like_names_are_none(text: str) -> None:
    assert list(find(text)) == []


def test_no_frame_is_both_learnt_and_asked() -> None:
    frames = lexicon.document("name_frames")
    assert not set(frames["learn"]) & set(frames["asked"])
    assert all("{name}" in frame for part in frames.values() for frame in part)


def test_the_best_row_of_tags_has_the_highest_sum() -> None:
    drawn = np.random.default_rng(0)
    scores, moves = drawn.normal(size=(4, 3)), drawn.normal(size=(4, 3))

    def total(tags: tuple[int, ...]) -> float:
        return sum(scores[at, tag] + moves[3 if at == 0 else tags[at - 1], tag] for at, tag in enumerate(tags))

    every = [(a, b, c, d) for a in range(3) for b in range(3) for c in range(3) for d in range(3)]
    assert tuple(best_tags(scores, moves)) == max(every, key=total)
    assert best_tags(np.zeros((0, 3)), moves) == []


def test_tags_become_spans() -> None:
    assert NameSpans([OUTSIDE, BEGIN, INSIDE, OUTSIDE, BEGIN, BEGIN, INSIDE]) == [(1, 3), (4, 5), (5, 7)]


def test_a_saved_tagger_tags_alike_and_a_missing_one_is_done_without(tmp_path: Path, tagger: NameTagger) -> None:
    save(tagger, tmp_path / "names.npz")
    again = load(tmp_path / "names.npz")
    assert again is not None
    assert list(again.find("寄给李晓梅就行")) == list(tagger.find("寄给李晓梅就行"))
    (tmp_path / "broken.npz").write_bytes(b"no weights")
    assert load(tmp_path / "broken.npz") is load(tmp_path / "none.npz") is None


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("王李张晓梅给寄的")), max_size=60))
def test_any_text_can_be_tagged(tagger: NameTagger, text: str) -> None:
    assert len(features(text)) == len(text)
    assert all(text[start:end].isalpha() for start, end in tagger.find(text))


def test_the_model_is_there() -> None:
    assert MODEL.stat().st_size < 1e6
