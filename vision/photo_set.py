"""A folder of catalogue pictures and photos with lists of what is on them.

``classes.csv``: class name, class id, coarse name, coarse id, catalogue picture, …
(a heading first); lists of photos: path, class id, coarse id. Paths are under the
root. This is the layout of GroceryStoreDataset (Klasson, Zhang, Kjellström 2019).
"""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from shop.errors import BadValue
from shop.settings import Settings
from vision.encoder import ImageEncoder
from vision.export import cache_folder
from vision.image_file import Pixels, read_pixels


@dataclass(frozen=True)
class Photos:
    """Files with the product and the category of each."""

    files: list[Path]
    products: np.ndarray
    categories: np.ndarray


def read_catalogue(root: Path, name: str) -> Photos:
    """The catalogue's pictures.

    Raises:
        BadValue: the file is missing or has another layout.
    """
    rows = _rows(root / name)[1:]
    try:
        files = [root / row[4].strip().lstrip("/") for row in rows]
        return Photos(files, np.array([int(row[1]) for row in rows]), np.array([int(row[3]) for row in rows]))
    except (IndexError, ValueError) as error:
        raise BadValue(f"{root / name}: give name, id, coarse name, coarse id, picture in each row") from error


def read_photos(root: Path, name: str) -> Photos:
    """A list of photos; errors as in ``read_catalogue``."""
    rows = _rows(root / name)
    try:
        files = [root / row[0].strip() for row in rows]
        return Photos(files, np.array([int(row[1]) for row in rows]), np.array([int(row[2]) for row in rows]))
    except (IndexError, ValueError) as error:
        raise BadValue(f"{root / name}: give path, class id, coarse id in each row") from error


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.reader(file) if row]
    except OSError as error:
        raise BadValue(f"{path} can't be read: {error.strerror}") from error


def features_of(
    files: Sequence[Path], encoder: ImageEncoder, settings: Settings, told: Callable[[int, int], None] = lambda *_: None
) -> np.ndarray:
    """Features of files [n, width]; kept in the cache folder, since looking takes minutes."""
    key = hashlib.sha256(encoder.name.encode())
    for file in files:
        stat = file.stat()
        key.update(f"{file}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    path = cache_folder() / "photo-features" / f"{key.hexdigest()[:24]}.npy"
    if path.is_file():
        return np.asarray(np.load(path, allow_pickle=False), np.float32)
    rows = []
    for at, file in enumerate(files):
        rows.append(encoder.encode([read_pixels(file, settings)])[0].astype(np.float16))
        told(at + 1, len(files))
    found = np.stack(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.part")
    with draft.open("wb") as out:
        np.save(out, found)
    os.replace(draft, path)
    return found.astype(np.float32)


def described(files: Sequence[Path], look: Callable[[Pixels], np.ndarray], settings: Settings) -> np.ndarray:
    """What a peer sees on files, [n, width]."""
    return np.stack([look(read_pixels(file, settings)) for file in files])
