"""What our own lines taught, lent to classifiers of other lines.

The classifier of ``data/nlu`` reads the lines that somebody else labelled, and its
scores of our intents are one more view of them (``nlp.intent``). It is made once and
kept in the cache folder; changed lines or code make it anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from zipfile import BadZipFile

import nlp
from nlp.datasets import ROOT, Lines, read_nlu
from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.intent import IntentClassifier, IntentConfig
from nlp.kept import cache_folder
from nlp.ridge import RidgeConfig
from shop.errors import BadValue

TRAINED_BY = (
    *("encoder", "e5_file", "e5_graph", "e5_words", "graph_draft", "hf_encoder", "text", "typos"),
    *("intent", "ngrams", "ridge", "curve", "kernel_graph", "kernel_view", "augment", "sounds", "trie"),
)
"""The modules whose change makes an earlier training useless."""

ONCE = IntentConfig(ridge=RidgeConfig(lesson_weight=0.0))
"""A teacher reads once: the first reading is all that it gives (``IntentClassifier.lesson``)."""


def training_digest(encoder: str) -> str:
    """Changes with the code, the encoder and the word lists that make a classifier what it is.

    Args:
        encoder: name of the sentence encoder, as ``XIAOER_ENCODER`` has it.
    """
    folder = Path(nlp.__file__).parent
    sources = b"".join((folder / f"{name}.py").read_bytes() for name in TRAINED_BY)
    sources += (ROOT / "data" / "lexicon" / "homophones.txt").read_bytes()  # typos are mended in training lines too
    return hashlib.sha256(sources + shared_encoder(encoder).name.encode()).hexdigest()


def own_teacher(
    config: IntentConfig = ONCE,
    lines: Lines | None = None,
    encoder: RememberingEncoder | None = None,
    folder: Path | None = None,
) -> IntentClassifier:
    """The classifier of our own lines.

    Args:
        config: of the classifier.
        lines: instead of those in ``data/nlu``.
        encoder: sentence vectors; default: the process's, on all cores.
        folder: where it is kept; default: the cache folder.
    """
    known = lines or read_nlu()
    encoder = encoder or shared_encoder(config.encoder, threads=os.cpu_count() or 1)
    content = "\n".join(f"{label} {text}" for text, label in zip(known.texts, known.labels))
    key = hashlib.sha256(f"{training_digest(config.encoder)}{config}{content}".encode("utf-8", "ignore")).hexdigest()
    path = (folder or cache_folder()) / f"teacher-{key[:16]}"
    try:
        return IntentClassifier.load(path, encoder)
    except (OSError, ValueError, KeyError, BadZipFile, BadValue):  # none yet, or a broken one
        made = IntentClassifier(config, encoder).fit(known.texts, known.labels)
        _keep(made, path)
        return made


def _keep(made: IntentClassifier, path: Path) -> None:
    """Write it beside its place and move it there whole; where nothing can be written it is made again next time."""
    half = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        made.save(half)
        shutil.rmtree(path, ignore_errors=True)
        half.rename(path)
    except OSError:
        shutil.rmtree(half, ignore_errors=True)
