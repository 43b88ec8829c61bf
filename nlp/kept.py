"""What can be made again and is kept on this machine: files of the cache folder, written once and mapped."""

from __future__ import annotations

import hashlib
import mmap
import os
from pathlib import Path
from typing import Callable, Iterable


def cache_folder() -> Path:
    """Where what can be made again is kept for all working copies on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xiaoer"


def digest(files: Iterable[str | None], *more: str) -> str:
    """Part of a kept file's name: changes with the modules that make it and with whatever else it depends on."""
    sources = [Path(str(one)).read_bytes() for one in files]
    return hashlib.sha256(b"".join([*sources, *(one.encode() for one in more)])).hexdigest()[:16]


def kept(name: str, make: Callable[[], bytes]) -> Path | bytes:
    """Where a file of the cache folder is, made first if it is not there; its content where nothing can be kept."""
    path = cache_folder() / name
    if path.is_file():
        return path
    content = make()
    half = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(content)
        os.replace(half, path)
    except OSError:
        return content
    return path


def mapped(name: str, make: Callable[[], bytes]) -> mmap.mmap | bytes:
    """The content of a file as ``kept`` finds it; of a file only what is looked at takes memory."""
    found = kept(name, make)
    if isinstance(found, bytes):
        return found
    with found.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
