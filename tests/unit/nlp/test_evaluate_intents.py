"""The figures of intents: what is printed, and the detector of what is not the shop's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlp import ablation
from nlp.datasets import ROOT, Lines, bench_dir, read_nlu, read_tsv
from nlp.entities import EntityExtractor
from nlp.evaluate import by_group, outside_recall
from nlp.evaluate import main as evaluate
from nlp.intent import OUTSIDE, IntentClassifier
from nlp.understanding import Understander

CASES = [line for line in Path(__file__).with_name("scope_cases.tsv").read_text(encoding="utf-8").splitlines() if line]


@pytest.fixture
def files(tmp_path: Path, own_split: tuple[Lines, Lines]) -> tuple[str, str]:
    """A file to learn from and one to be asked."""
    names = []
    for place, lines in enumerate(own_split):
        kept = [pair for pair in zip(lines.texts, lines.labels) if pair[1] in ("greet", "ask_invoice", OUTSIDE)]
        path = tmp_path / f"{place}.tsv"
        path.write_text("".join(f"{text}\t{label}\n" for text, label in kept), encoding="utf-8")
        names.append(str(path))
    return names[0], names[1]


def test_json_holds_the_six_figures_and_nothing_else(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(["intents", files[1], "--train", files[0], "--alone", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"accuracy", "macro_f1", "top3", "ece", "ms_per_message", "train_s"}
    assert found["accuracy"] > 0.6
    assert found["train_s"] > 0
    assert found["ms_per_message"] > 0


def test_people_see_groups_confusions_and_the_recall_outside_the_scope(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(["intents", files[1], "--train", files[0], "--baseline"])
    shown = capsys.readouterr().out
    for one in ("invoice", "chat", "outside_recall"):
        assert one in shown


def test_a_saved_model_is_measured_as_it_serves(
    small_classifier: IntentClassifier,
    tmp_path: Path,
    files: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    small_classifier.save(tmp_path / "model")
    evaluate(["intents", files[1], "--model", str(tmp_path / "model"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] >= 0.3  # thirty lines an intent
    assert found["train_s"] == pytest.approx(small_classifier.train_s)


def test_the_cost_of_hearing_is_told(
    small_classifier: IntentClassifier,
    tmp_path: Path,
    files: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    small_classifier.save(tmp_path / "model")
    evaluate(["speed", files[1], "--model", str(tmp_path / "model"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"cpu_ms_p50", "cpu_ms_p95", "memory_mb", "messages"}
    assert found["messages"] > 10
    assert 0 < found["cpu_ms_p50"] <= found["cpu_ms_p95"]


def test_the_ear_adds_no_more_memory_than_a_shop_can_spare(small_classifier: IntentClassifier, tmp_path: Path) -> None:
    small_classifier.save(tmp_path / "model")
    command = [sys.executable, "-m", "nlp.evaluate", "speed", "--model", str(tmp_path / "model"), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert 50 < json.loads(done.stdout)["memory_mb"] <= 225  # all our own lines take 25 MB more than this slice


def test_the_table_of_parts_has_a_row_for_each(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    ablation.main([files[1], "--train", files[0], "--alone"])
    rows = capsys.readouterr().out.strip().splitlines()
    assert len(rows) == 2 + len(ablation.parts())
    assert all(float(row.split("|")[2]) > 50 for row in rows[2:])


def test_groups_count_their_own_lines() -> None:
    found = by_group(["a", "a", "b", "c"], np.array(["a", "b", "b", "c"]), {"a": "x", "b": "y"})
    assert found == {"x": (2, 0.5), "y": (1, 1.0)}


def test_recall_is_taken_where_false_alarms_are_as_many_as_allowed() -> None:
    truth = ["in"] * 100 + [OUTSIDE] * 2
    sure = np.array([place / 100 for place in range(100)] + [0.5, 0.999])
    assert outside_recall(sure, truth) == 0.5


@pytest.fixture(scope="module")
def scoped(own_split: tuple[Lines, Lines]) -> IntentClassifier:
    """A slice of our own lines and all lines outside the scope."""
    asked, everything = set(own_split[1].texts), read_nlu()
    pairs = dict.fromkeys(zip(own_split[0].texts, own_split[0].labels))
    pairs |= dict.fromkeys(
        (text, label)
        for text, label in zip(everything.texts, everything.labels)
        if label == OUTSIDE and text not in asked
    )
    return IntentClassifier().fit([text for text, _ in pairs], [label for _, label in pairs])


def test_lines_outside_the_scope_are_found_among_our_own_lines(
    scoped: IntentClassifier, own_split: tuple[Lines, Lines]
) -> None:
    inside = [text for text, label in zip(own_split[1].texts, own_split[1].labels) if label != OUTSIDE]
    place = scoped.labels.index(OUTSIDE)
    sure = scoped.predict([*inside, *CASES])[:, place]
    assert outside_recall(sure, ["in"] * len(inside) + [OUTSIDE] * len(CASES)) >= 0.65


def test_lines_outside_the_scope_are_found_among_real_customers(scoped: IntentClassifier) -> None:
    path = bench_dir() / "gold" / "dev.tsv"
    if not path.is_file():
        pytest.skip(f"{path} is not there: set XIAOER_BENCH_DIR")
    gold = read_tsv(path)
    real = [text for text, label in zip(gold.texts, gold.labels) if label != OUTSIDE][::4]
    sure = scoped.predict([*real, *CASES])[:, scoped.labels.index(OUTSIDE)]
    assert outside_recall(sure, ["in"] * len(real) + [OUTSIDE] * len(CASES)) >= 0.8


def test_what_is_heard_says_whether_it_is_outside(scoped: IntentClassifier) -> None:
    ear = Understander(scoped, EntityExtractor())
    assert np.mean([ear.understand(text).outside for text in CASES]) >= 0.65
    assert not ear.understand("2026110300012345").outside
