"""Training lines said otherwise, and what the trainer makes of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nlp import lexicon
from nlp.augment import Said, variants
from nlp.datasets import Lines, read_nlu
from nlp.intent import IntentClassifier, IntentConfig
from nlp.ridge import RidgeConfig

SOME = read_nlu().texts[::300]


def test_variants_differ_from_their_line_and_from_each_other_and_are_drawn_alike() -> None:
    for line in SOME:
        found = variants(line, 3)
        assert line not in found
        assert len(set(found)) == len(found) <= 3
        assert found == variants(line, 3)
    assert sum(len(variants(line, 2)) for line in SOME) > len(SOME)


def test_a_variant_keeps_nearly_all_of_its_line() -> None:
    longest = max(len(word) for group in lexicon.document("rewordings")["groups"] for word in group)
    for line in SOME:
        for said in variants(line, 3):
            changed = sum((Counter(line) - Counter(said)).values())
            assert changed <= longest + 1 + 2  # one word reworded, one character mistyped, one word dropped


def test_a_word_of_the_rewordings_stands_in_one_group() -> None:
    words = Counter(word for group in lexicon.document("rewordings")["groups"] for word in group)
    assert [word for word, count in words.items() if count > 1] == []


def test_a_line_and_its_variants_are_one_row() -> None:
    said = Said(["请问什么时候发货呢", "ok"], 2)
    rows = np.eye(len(said.texts), dtype=np.float32)
    mean = said.mean(rows)
    assert mean.shape == (2, len(said.texts))
    assert np.linalg.norm(mean, axis=1) == pytest.approx(1)
    assert (mean[0] > 0).sum() == len(said.texts) - (mean[1] > 0).sum()
    plain = Said(["a", "b"], 0)
    assert plain.texts == ["a", "b"]
    assert (plain.mean(rows[:2]) == rows[:2]).all()


def test_the_trainer_takes_variants_and_smoothed_targets(own_split: tuple[Lines, Lines]) -> None:
    few = ("ask_invoice", "track_package", "greet", "return_goods")
    learn, ask = ([pair for pair in zip(one.texts, one.labels) if pair[1] in few] for one in own_split)
    config = IntentConfig(augment=1, ridge=RidgeConfig(smoothing=0.1))
    made = IntentClassifier(config).fit([text for text, _ in learn], [label for _, label in learn])
    said = np.array(made.labels)[made.predict([text for text, _ in ask]).argmax(axis=1)]
    assert (said == np.array([label for _, label in ask])).mean() >= 0.8


def test_smoothed_targets_change_no_order(own_split: tuple[Lines, Lines]) -> None:
    learn = list(zip(own_split[0].texts, own_split[0].labels))[::4]
    texts, labels = [text for text, _ in learn], [label for _, label in learn]
    plain, smooth = (
        IntentClassifier(IntentConfig(ridge=RidgeConfig(smoothing=share, lesson_weight=0.0))).fit(texts, labels)
        for share in (0.0, 0.2)
    )
    scores = [one.scores(own_split[1].texts[:50]) for one in (plain, smooth)]
    assert np.abs((scores[0] - 1 / len(plain.labels)) * 0.8 - (scores[1] - 1 / len(plain.labels))).max() < 1e-3
