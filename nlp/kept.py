"""What can be made again and is kept on this machine: files of the cache folder, written once and mapped."""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
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
    try:
        path = cache_folder() / name
        if path.is_file() and os.access(path, os.R_OK):
            return path
    except (OSError, RuntimeError):  # a folder that is not ours to read, or no home at all
        return make()
    content = make()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, content)
    except OSError:
        return content
    return path


def _write_whole(path: Path, content: bytes) -> None:
    """The whole file or none, whoever else writes it, and after a power cut too."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp", delete=False) as half:
        try:
            half.write(content)
            half.flush()
            os.fchmod(half.fileno(), 0o644)
            os.fsync(half.fileno())
            os.replace(half.name, path)
        except OSError:
            os.unlink(half.name)
            raise


def mapped(name: str, make: Callable[[], bytes]) -> mmap.mmap | bytes:
    """The content of a file as ``kept`` finds it; of a file only what is looked at takes memory."""
    found = kept(name, make)
    if isinstance(found, bytes):
        return found
    try:
        with found.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # gone, or empty
        return make()
