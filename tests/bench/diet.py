"""Stock Rasa on a labelled split: JiebaTokenizer, CountVectorsFeaturizer, DIET with 100 epochs.

    python -m tests.bench.diet TEST.tsv --train TRAIN.tsv [--epochs 100]

Training 60 topics took 17 minutes of two cores here; that is why `make bench` asks it only
with ``--diet``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from nlp.datasets import Lines, read_tsv
from tests.bench.bots import NO_TELEMETRY

EPOCHS = 100


def config(epochs: int) -> dict[str, object]:
    """The recipe that Rasa's documentation gives for Chinese."""
    return {
        "recipe": "default.v1",
        "language": "zh",
        "pipeline": [
            {"name": "JiebaTokenizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", "epochs": epochs, "entity_recognition": False},
        ],
        "policies": [],
    }


def measure(train: Lines, test: Lines, epochs: int = EPOCHS) -> tuple[float, float]:
    """Accuracy on the test lines, and seconds of training.

    Raises:
        CalledProcessError: the training failed; its words are in the exception.
    """
    with tempfile.TemporaryDirectory(prefix="xiaoer-diet-") as name:
        folder = Path(name)
        _write(folder, train, epochs)
        start = time.monotonic()
        command = [sys.executable, "-m", "rasa", "train", "nlu", "--nlu", "nlu.yml", "--fixed-model-name", "diet"]
        subprocess.run(command, cwd=folder, env={**os.environ, **NO_TELEMETRY}, check=True, capture_output=True)
        seconds = time.monotonic() - start
        return asyncio.run(_right(folder / "models" / "diet.tar.gz", test)), seconds


def _write(folder: Path, train: Lines, epochs: int) -> None:
    (folder / "config.yml").write_text(yaml.safe_dump(config(epochs)), encoding="utf-8")
    (folder / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    blocks = []
    for label in dict.fromkeys(train.labels):
        texts = [" ".join(text.split()) for text, one in zip(train.texts, train.labels) if one == label]
        blocks.append({"intent": label, "examples": "".join(f"- {text}\n" for text in texts)})
    page = yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True)
    (folder / "nlu.yml").write_text(page, encoding="utf-8")


async def _right(model: Path, test: Lines) -> float:
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    right = 0
    for text, label in zip(test.texts, test.labels):
        right += (await agent.parse_message(text))["intent"]["name"] == label
    return right / max(1, len(test))


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.diet", description=__doc__)
    parser.add_argument("test", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    asked = parser.parse_args()
    accuracy, seconds = measure(read_tsv(asked.train), read_tsv(asked.test), asked.epochs)
    print(f"stock Rasa (DIET, {asked.epochs} epochs): accuracy {accuracy:.1%}, training {seconds:.0f} s")


if __name__ == "__main__":
    main()
