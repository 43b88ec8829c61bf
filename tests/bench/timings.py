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

from nlp.datasets import read_tsv
from shop.settings import ROOT
from tests.bench.diet import measure as measure_diet
from tests.bench.report import Row
from tests.house.project import bench_dir

GOLD, JDDC60 = "intents, our lines → real lines (gold)", "intents, jddc60 train → dev"
HEARING, ADDED = "hearing a message, CPU of one core, p{}", "memory that the ear adds"


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


def evaluations(diet: bool = False) -> list[Row]:
    """How well it hears: our own training lines tested on real ones, and a public split, each beside plain n-grams.

    Args:
        diet: train stock Rasa on the public split too, which takes a quarter of an hour.
    """
    folder = bench_dir()
    if folder is None:
        print("no benchmark data here: set XIAOER_BENCH_DIR", flush=True)
        return []
    split = [str(folder / "jddc60" / "dev.tsv"), "--train", str(folder / "jddc60" / "train.tsv")]
    asked = {GOLD: [str(folder / "gold" / "dev.tsv")], JDDC60: split}
    rows = []
    for what, arguments in asked.items():
        bots = {"ours": [], "n-grams, SVM": ["--baseline"]} | (
            {"ours, its lines alone": ["--alone"]} if what == JDDC60 else {}
        )
        for bot, more in bots.items():
            figures = _evaluate("intents", *arguments, *more)
            rows.append(Row(what, bot, f"{figures['accuracy']:.1%}"))
            rows.append(Row(f"{what}: training", bot, f"{figures['train_s']:.0f} s"))
    if diet:
        train, test = read_tsv(folder / "jddc60" / "train.tsv"), read_tsv(folder / "jddc60" / "dev.tsv")
        accuracy, seconds = measure_diet(train, test)
        rows += [Row(JDDC60, "stock", f"{accuracy:.1%}"), Row(f"{JDDC60}: training", "stock", f"{seconds:.0f} s")]
    figures = _evaluate("speed", str(folder / "gold" / "dev.tsv"))
    rows += [
        Row(HEARING.format(50), "ours", f"{figures['cpu_ms_p50']:.1f} ms"),
        Row(HEARING.format(95), "ours", f"{figures['cpu_ms_p95']:.1f} ms"),
        Row(ADDED, "ours", f"{figures['memory_mb']:.0f} MB"),
    ]
    return rows


def _evaluate(*arguments: str) -> dict[str, float]:
    """The figures that ``nlp.evaluate`` prints as JSON."""
    command = [sys.executable, "-m", "nlp.evaluate", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout[done.stdout.index("{") :])
    return found


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
