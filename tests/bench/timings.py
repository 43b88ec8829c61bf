"""How long a training and a set-up take from nothing, and what the evaluations of nlp say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shop.settings import ROOT
from tests.bench.report import Row


def training() -> list[Row]:
    """`make train` in a copy of the working tree, without Rasa's cache."""
    with _copy() as folder:
        took, busy = _time([sys.executable, "-m", "deploy.train"], Path(folder))
    return [Row("training from nothing", "ours", f"{took:.0f} s", f"{busy:.1f}")]


def setup() -> list[Row]:
    """`make setup` in a fresh clone; packages come from uv's cache or from the registry, as they would anywhere."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-setup-") as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        took, busy = _time(["make", "setup"], Path(folder))
    return [Row("make setup in a fresh clone", "ours", f"{took:.0f} s", f"{busy:.1f}")]


def evaluations() -> list[Row]:
    """The last line of each evaluation of nlp."""
    done = subprocess.run(
        [sys.executable, "-m", "nlp.evaluate"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, flush=True)
    return []


def _copy() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="xiaoer-train-")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, Path(folder.name) / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return folder


def _time(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds that a command takes in a folder, and the machine's load before it.

    Raises:
        RuntimeError: the command failed.
    """
    busy, started = os.getloadavg()[0], time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    environment["PYTHONPATH"] = str(folder)
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")
    return time.monotonic() - started, busy
