"""Keeps features of pictures and texts, so that each is looked at once, and so that other packages find them.

    folder/00001.npz, 00002.npz, …    key of each thing (a picture's sha256) and its features

A file is written whole and never changed; new pictures make a new file, and many
small files are folded into one. Features are kept in half precision.
"""

from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path
from typing import Iterable

import numpy as np

MOST_FILES = 16


class FeatureStore:
    """Features by a key (a picture's sha256); one process may write while others read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: set[str] = set()
        self._rows: dict[str, np.ndarray] = {}

    def known(self, hashes: Iterable[str]) -> set[str]:
        """Those of the pictures whose features are here."""
        with self._lock:
            self._load()
            return {one for one in hashes if one in self._rows}

    def features(self, hashes: list[str]) -> np.ndarray:
        """float32 [len(hashes), width].

        Raises:
            KeyError: one is not here.
        """
        with self._lock:
            return np.stack([self._rows[one] for one in hashes]).astype(np.float32)

    def add(self, hashes: list[str], features: np.ndarray) -> None:
        """Keep the features of some pictures."""
        with self._lock:
            self._load()
            half = features.astype(np.float16)
            self._rows.update(zip(hashes, half, strict=True))
            self._write(hashes, half)
            if len(self._files()) > MOST_FILES:
                self._fold()

    def forget_all_but(self, hashes: set[str]) -> None:
        """Drop the pictures that are gone, when they are more than those that are left."""
        with self._lock:
            gone = set(self._rows) - hashes
            if len(gone) > len(hashes):
                for one in gone:
                    del self._rows[one]
                self._fold()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.npz"))

    def _load(self) -> None:
        for path in self._files():
            if path.name in self._read:
                continue
            try:
                with np.load(path, allow_pickle=False) as content:
                    self._rows.update(zip(content["hashes"].tolist(), content["features"], strict=True))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                path.unlink(missing_ok=True)  # damaged: its pictures are looked at again
                continue
            self._read.add(path.name)

    def _write(self, hashes: list[str], features: np.ndarray) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        last = max((int(path.stem) for path in self._files()), default=0)
        path = self._folder / f"{last + 1:05d}.npz"
        draft = path.with_suffix(f".{os.getpid()}.part")
        with draft.open("wb") as file:
            np.savez(file, hashes=np.array(hashes), features=features)
        os.replace(draft, path)
        self._read.add(path.name)
        return path

    def _fold(self) -> None:
        old = self._files()
        if self._rows:
            self._write(list(self._rows), np.stack(list(self._rows.values())))
        for path in old:
            path.unlink(missing_ok=True)
