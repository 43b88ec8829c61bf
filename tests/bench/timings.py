"""How long a training and a set-up take from nothing, and what the evaluations of nlp say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shop.settings import ROOT
from tests.bench.report import Row
from tests.house.project import bench_dir


def training() -> list[Row]:
    """`make train` in a copy of the working tree: from nothing, and again with one line more."""
    rows = []
    with _copy() as folder:
        for what in ("training from nothing", "training with one line more"):
            took, busy = _time([sys.executable, "-m", "deploy.train"], Path(folder))
            rows.append(Row(what, "ours", f"{took:.0f} s", f"{busy:.1f}"))
            with open(sorted(Path(folder, "data", "nlu").glob("*.yml"))[0], "a") as file:
                file.write("    - okay then, one more\n")
    return rows


def setup() -> list[Row]:
    """`make setup` in a fresh clone; packages come from uv's cache or from the registry, as they would anywhere."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-setup-") as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        took, busy = _time(["make", "setup"], Path(folder))
    return [Row("make setup in a fresh clone", "ours", f"{took:.0f} s", f"{busy:.1f}")]


def evaluations() -> list[Row]:
    """How well it hears: our own training lines tested on real ones, and a public split, each beside plain n-grams."""
    folder = bench_dir()
    if folder is None:
        print("no benchmark data here: set XIAOER_BENCH_DIR", flush=True)
        return []
    asked = {
        "intents, our lines → real lines (gold)": [str(folder / "gold" / "dev.tsv")],
        "intents, jddc60 train → dev": [
            str(folder / "jddc60" / "dev.tsv"),
            "--train",
            str(folder / "jddc60" / "train.tsv"),
        ],
    }
    rows = []
    for what, arguments in asked.items():
        for bot, more in (("ours", []), ("n-grams, SVM", ["--baseline"])):
            command = [sys.executable, "-m", "nlp.evaluate", "intents", *arguments, *more, "--json"]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout[done.stdout.index("{") :])
            rows.append(Row(what, bot, f"{figures['accuracy']:.1%}"))
    return rows


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
    environment["XDG_CACHE_HOME"] = str(folder / ".cache")  # vectors of earlier trainings are kept there
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")
    return time.monotonic() - started, busy
