"""Understand messages from the command line.

    python -m nlp.predict --text TEXT [--model FOLDER]
    python -m nlp.predict < LINES.jsonl      each line {"text": …}

Prints one JSON object a message. Without ``--model`` the classifier of the
newest archive in ``models/`` is used.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from nlp.tokenizer import shared_tokenizer
from nlp.understanding import Understander, load, serving_extractor
from shop.errors import BadValue
from shop.settings import ROOT, load_settings


def understander(model: Path | None = None) -> Understander:
    """The understander of a saved classifier: a folder of ``IntentClassifier.save``, or a Rasa archive.

    Raises:
        BadValue: there is no trained model.
    """
    archives = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    path = model or (archives[-1] if archives else None)
    if path is None:
        raise BadValue("models/ holds no trained model: train one first (make train)")
    extractor = serving_extractor(load_settings())
    if path.is_dir():
        return load(path, extractor)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path) as archive:
        members = [one for one in archive if one.isfile() and Path(one.name).name in ("intent.json", "intent.npz")]
        for one in members:
            one.name = Path(one.name).name
            archive.extract(one, folder)
        return load(Path(folder), extractor)


def _texts(asked: argparse.Namespace) -> Iterator[str]:
    if asked.text is not None:
        yield asked.text
        return
    for line in sys.stdin:
        if line.strip():
            yield str(json.loads(line)["text"])


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.predict", description=__doc__)
    parser.add_argument("--text")
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args(arguments)
    ear = understander(asked.model)
    for text in _texts(asked):
        tokens = [word.text for word in shared_tokenizer().words(text)]
        print(json.dumps({**ear.understand(text).as_json(), "tokens": tokens}, ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
