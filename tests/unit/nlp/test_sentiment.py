"""The mood of messages and reviews, as the shipped model reads it."""

from __future__ import annotations

import json
import logging
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.datasets import bench_dir
from nlp.entities import EntityExtractor
from nlp.evaluate import main as evaluate
from nlp.evaluate_sentiment import figures, measure, ngram_baseline, read_moods
from nlp.intent import IntentClassifier
from nlp.sentiment import LABELS, MODEL, SentimentReader, decide, load_reader, with_complaint
from nlp.understanding import Understander
from shop.errors import BadValue

GOLD = bench_dir() / "gold" / "dev.tsv"
NEG_F1_FLOOR, ECE_CEILING = 0.64, 0.06
LARGEST_MB = 10


@cache
def _reader() -> SentimentReader:
    return SentimentReader()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("什么时候发货", "neu"),
        ("可以开发票吗", "neu"),
        ("好的谢谢", "neu"),
        ("帮我查一下订单到哪了", "neu"),
        ("都一个星期了还不发货，你们到底管不管", "neg"),
        ("怎么还没退款啊，都催了三次了", "neg"),
        ("客服态度太差了，我要投诉", "neg"),
        ("垃圾东西，用两天就坏", "neg"),
        ("太感谢了，服务真好，给你五星好评", "pos"),
        ("衣服收到了，质量很好，很喜欢", "pos"),
    ],
)
def test_plain_messages_are_read_as_a_person_reads_them(text: str, label: str) -> None:
    assert _reader().read(text).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("苹果很甜很新鲜，包装也好，下次还买", "pos"),
        ("烂了一半，客服还不赔，再也不买了", "neg"),
        ("手机运行流畅，拍照清晰，物流快", "pos"),
        ("穿了两天就开胶，质量太差", "neg"),
    ],
)
def test_plain_reviews_are_read_as_a_person_reads_them(text: str, label: str) -> None:
    assert _reader().read_review(text).label == label


def test_a_review_is_never_neutral() -> None:
    assert (_reader().chances(["一般般", "还行吧", "收到了"], review=True)[:, 1] == 0).all()


def test_probabilities_of_each_text_sum_to_one() -> None:
    for review in (False, True):
        chances = _reader().chances(["你好", "", "太慢了！！！" * 200], review)
        np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-4)


def test_a_text_is_read_alike_alone_and_among_others() -> None:
    texts = ["怎么还没到", "谢谢你，服务真好", "这个有大一点的吗，我想给孩子买一个，最好是蓝色的"]
    together = _reader().chances(texts)
    alone = np.concatenate([_reader().chances([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_a_calm_complaint_is_negative_and_no_anger() -> None:
    text = "帮我登记一下，商家不肯换"
    tone, complaint = _reader().read(text), _reader().read(text, complaint=0.9)
    assert complaint.label == "neg"
    assert complaint.score >= 0.9
    assert complaint.anger == tone.anger
    assert with_complaint(np.array([0.2, 0.7, 0.1]), 0.5) == pytest.approx([0.6, 0.35, 0.05])
    assert with_complaint(np.array([0.2, 0.7, 0.1]), 0.0) == pytest.approx([0.2, 0.7, 0.1])


def test_what_reaches_the_tracker_is_plain_json() -> None:
    found = _reader().read("什么垃圾平台，我要投诉！！！").as_json()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"label", "score", "anger"}
    assert found["label"] == "neg"
    assert found["anger"] >= 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=60))
def test_any_text_has_a_mood(text: str) -> None:
    found = _reader().read(text)
    assert found.label in LABELS
    assert 0.3 <= found.score <= 1 + 1e-6


@pytest.mark.parametrize(
    "text", ["", " ", "\ud83d", "\0\x01", "😡" * 50, "1" * 10_000, "怎么" * 5_000, "\u202eabc", "شكرا"]
)
def test_odd_input_has_a_mood_too(text: str) -> None:
    assert _reader().read(text).label in LABELS
    assert _reader().read_review(text).label in ("neg", "pos")


def test_a_missing_model_is_a_clear_error_for_tools_and_none_for_the_bot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BadValue, match="sentiment_train"):
        SentimentReader(tmp_path / "none.onnx")
    with caplog.at_level(logging.WARNING):
        assert load_reader(tmp_path / "none.onnx") is None
    assert "without sentiment" in caplog.text


def test_a_broken_model_leaves_the_bot_without_sentiment(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model" * 100)
    assert load_reader(tmp_path / "broken.onnx") is None


def test_the_model_is_small_enough_to_ship() -> None:
    assert MODEL.stat().st_size <= LARGEST_MB * 1e6


def test_figures_are_those_of_a_hand_counted_case() -> None:
    chances = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    found = figures(["neg", "neg", "neu", "pos"], chances)
    assert found["accuracy"] == 0.5
    assert found["neg_f1"] == 0.5
    assert found["macro_f1"] == pytest.approx((0.5 + 0 + 1) / 3)


def test_the_command_prints_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lines.tsv"
    file.write_text("太差了，我要投诉\tneg\n质量很好，喜欢\tpos\n", encoding="utf-8")
    evaluate(["sentiment", str(file), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {"accuracy", "macro_f1", "neg_f1", "ms_per_message"} <= set(found)
    assert found["accuracy"] == 1


def test_a_file_with_a_strange_mood_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lines.tsv"
    file.write_text("好\tgood\n", encoding="utf-8")
    with pytest.raises(BadValue, match="good"):
        read_moods(file)


def test_on_real_queries_it_beats_character_ngrams_and_its_floor() -> None:
    if not GOLD.is_file():
        pytest.skip(f"no benchmark data at {GOLD} (XIAOER_BENCH_DIR)")
    ours, theirs = measure(GOLD), measure(GOLD, baseline=True)
    assert ours["neg_f1"] >= NEG_F1_FLOOR
    assert ours["neg_f1"] > theirs["neg_f1"]
    assert ours["ece"] <= ECE_CEILING


def test_what_is_measured_is_what_the_ear_says(small_classifier: IntentClassifier) -> None:
    ear = Understander(small_classifier, EntityExtractor(), _reader())
    texts = ["商家拒绝退款，帮我申请平台介入", "你好，订单2026110300012345到哪了", "谢谢，服务很好", "什么时候发货"]
    said = [LABELS[at] for at in decide(ear.moods(texts))]
    assert said == [found.label for found in (ear.understand(text).sentiment for text in texts) if found]
    assert said[0] == "neg"
    with pytest.raises(BadValue, match="sentiment_train"):
        Understander(small_classifier, EntityExtractor()).moods(texts)


def test_the_baseline_learns_something() -> None:
    chances = ngram_baseline(review=False)(["你们太差劲了，骗子", "谢谢你，服务真好"])
    assert [LABELS[at] for at in chances.argmax(axis=1)] == ["neg", "pos"]
