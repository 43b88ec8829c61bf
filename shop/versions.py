"""Folders of files that are published as one, with the last good version at hand.

    root/
      current          the name of the version in force, replaced atomically
      20261124…-ab12/  a version: its files and manifest.json with their checksums

Whoever reads gets a whole version or, if that one is damaged, the newest whole
one before it. A writer that dies leaves a scratch folder, which the next one removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, TypeVar

from shop.errors import BadIndex

T = TypeVar("T")
FORMAT = 1
KEPT = 2
_CURRENT, _MANIFEST, _SCRATCH = "current", "manifest.json", ".new-"


def publish(root: Path, write: Callable[[Path], None], facts: dict[str, Any] | None = None) -> str:
    """Write a version into a scratch folder, seal it with checksums, put it in force; returns its name."""
    root.mkdir(parents=True, exist_ok=True)
    for old in root.glob(f"{_SCRATCH}*"):
        shutil.rmtree(old, ignore_errors=True)
    name = f"{datetime.now(timezone.utc):%Y%m%d%H%M%S%f}-{secrets.token_hex(2)}"
    scratch = root / f"{_SCRATCH}{name}"
    scratch.mkdir()
    try:
        write(scratch)
        files = sorted(path for path in scratch.rglob("*") if path.is_file())
        sums = {str(path.relative_to(scratch)): _digest(path) for path in files}
        manifest = {"format": FORMAT, "version": name, "files": sums, **(facts or {})}
        (scratch / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False))
        os.replace(scratch, root / name)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    pointer = root / f".{_CURRENT}-{os.getpid()}"
    pointer.write_text(name)
    os.replace(pointer, root / _CURRENT)
    for gone in versions(root)[KEPT:]:
        shutil.rmtree(root / gone, ignore_errors=True)
    return name


def versions(root: Path) -> list[str]:
    """Names of the stored versions, the one in force first, then the newest."""
    found = sorted((path.parent.name for path in root.glob(f"[0-9]*/{_MANIFEST}")), reverse=True)
    now = current(root)
    return sorted(found, key=lambda one: one != now)


def current(root: Path) -> str | None:
    """The name of the version in force, None before the first."""
    try:
        return (root / _CURRENT).read_text().strip() or None
    except OSError:
        return None


def facts(root: Path, name: str) -> dict[str, Any]:
    """A version's manifest.

    Raises:
        BadIndex: there is none, or it is of another format.
    """
    path = root / name / _MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadIndex(f"{path}: no manifest ({type(error).__name__}); train it again") from error
    if manifest.get("format") != FORMAT:
        raise BadIndex(f"{path}: format {manifest.get('format')}, this program reads {FORMAT}; train it again")
    return manifest


def open_version(root: Path, name: str, read: Callable[[Path], T]) -> T:
    """Read one version after checking its files.

    Raises:
        BadIndex: a file is missing or not what was written.
    """
    for relative, wanted in facts(root, name)["files"].items():
        path = root / name / relative
        if not path.is_file() or _digest(path) != wanted:
            raise BadIndex(f"{path}: missing or damaged; train it again")
    return read(root / name)


def open_newest(
    root: Path, read: Callable[[Path], T], *, told: Callable[[str], None] = lambda _: None
) -> tuple[str, T]:
    """The version in force, or the newest whole one when that is damaged; ``told`` hears of each damage.

    Raises:
        BadIndex: there is no whole version.
    """
    for name in versions(root):
        try:
            return name, open_version(root, name, read)
        except BadIndex as error:
            told(str(error))
    raise BadIndex(f"{root}: no usable version; train one")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.blake2b(digest_size=16)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
