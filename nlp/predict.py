"""Understand messages from the command line.

    python -m nlp.predict --text TEXT [--model FOLDER] [--explain]
    python -m nlp.predict < LINES.jsonl      each line {"text": …}

Prints one JSON object a message. ``--explain`` adds the words that made the
intent: how much of its probability is lost without each. Without ``--model`` the classifier of the
newest archive in ``models/`` is used.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence

from nlp.explain import explain
from nlp.intent import FILES, IntentClassifier
from nlp.text import clean
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
    with unpacked(path) as folder:
        return load(folder, serving_extractor(load_settings()))


def saved_classifier(path: Path) -> IntentClassifier:
    """The classifier alone of a folder of ``IntentClassifier.save`` or of a Rasa archive.

    Raises:
        BadValue: there is none, or another version wrote it.
    """
    with unpacked(path) as folder:
        return IntentClassifier.load(folder)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder with a classifier's files; those of an archive lie in a temporary one.

    Raises:
        BadValue: the path is no folder and no archive with a classifier.
    """
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                members = [one for one in archive if one.isfile() and Path(one.name).name in FILES]
                top = min((Path(one.name).parent for one in members), key=lambda one: len(one.parts))
                for one in members:  # a teacher lies in a folder below the top
                    one.name = str(Path(one.name).relative_to(top))
                    archive.extract(one, folder)
        except (OSError, tarfile.TarError, ValueError) as error:
            raise BadValue(
                f"{path}: no archive with a trained classifier ({error}); give one that make train wrote"
            ) from error
        yield Path(folder)


def _texts(asked: argparse.Namespace) -> Iterator[str]:
    if asked.text is not None:
        yield asked.text
        return
    for line in sys.stdin:
        if line.strip():
            yield _text_of(line)


def _text_of(line: str) -> str:
    """The text of a JSON line.

    Raises:
        BadValue: it is none; the message shows what one looks like.
    """
    try:
        text = json.loads(line)["text"]
    except (ValueError, TypeError, KeyError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise BadValue(f'{line.strip()[:60]!r} is no message; write one JSON object a line: {{"text": "…"}}')
    return text


def described(ear: Understander, text: str, explained: bool = False) -> dict[str, Any]:
    """What is heard of a message, as plain JSON.

    Args:
        ear: the understander.
        text: the message.
        explained: whether to add ``words``, the words that made the intent with their weights.
    """
    clean_text = clean(text).text
    found = ear.understand(text).as_json()
    found["tokens"] = [word.text for word in shared_tokenizer().words(clean_text)]
    if explained:
        found["words"] = [{**vars(one), "weight": round(one.weight, 4)} for one in explain(ear, clean_text)]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.predict", description=__doc__)
    parser.add_argument("--text")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--explain", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        ear = understander(asked.model)
        for text in _texts(asked):
            line = json.dumps(described(ear, text, asked.explain), ensure_ascii=False, default=str)
            print(line.encode("utf-8", "replace").decode("utf-8"))
    except BadValue as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
