"""How well is the mood read? Figures on labelled lines.

    python -m nlp.evaluate sentiment FILE.tsv [--model FILE.onnx] [--tone] [--baseline] [--json]

A line is text TAB mood or text TAB intent TAB mood, a mood neg, neu or pos. A
file without any neu holds product reviews: the reviews' part of the model is
asked. Chat is read as it serves: by its tone, and by the shipped classifier's
probability of a complaint (``models/``; ``--tone`` leaves it out, as does a
project without a trained model). ``--baseline`` measures character n-grams with logistic regression on the
same training lines instead.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from nlp.datasets import ROOT, read_tsv
from nlp.sentiment import LABELS, MODEL, SentimentConfig, SentimentReader, decide, prepare
from shop.errors import BadValue

Chances = Callable[[Sequence[str]], np.ndarray]
TIMED = 100


def read_moods(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts and moods of a file with two or three columns.

    Raises:
        BadValue: a mood is none of neg, neu and pos.
    """
    lines = read_tsv(path)
    moods = lines.extra or lines.labels
    strange = next((one for one in moods if one not in LABELS), None)
    if strange is not None:
        raise BadValue(f"{path}: {strange!r} is no mood; write one of {', '.join(LABELS)} in the last column")
    return lines.texts, moods


def figures(truth: Sequence[str], chances: np.ndarray) -> dict[str, float]:
    """Accuracy, F1 over the moods that occur, F1 of neg against the rest, calibration error.

    Args:
        truth: the right mood of each row.
        chances: probabilities in the order of ``LABELS``.
    """
    from nlp.evaluate import calibration_error

    wanted, said = np.array(truth), decide(chances)
    best = np.array(LABELS)[said]
    each = {label: _f1(wanted == label, best == label) for label in LABELS if label in truth}
    return {
        "accuracy": float((wanted == best).mean()),
        "macro_f1": float(np.mean(list(each.values()))),
        "neg_f1": _f1(wanted == "neg", best == "neg"),
        "ece": calibration_error(chances[np.arange(len(said)), said], wanted == best),
    }


def _f1(there: np.ndarray, said: np.ndarray) -> float:
    return float(2 * (there & said).sum() / max(1, there.sum() + said.sum()))


def ngram_baseline(review: bool) -> Chances:
    """The dumb one: character 1-4-grams by TF-IDF with logistic regression, on the very lines that the model learns."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from nlp.sentiment_material import gather

    material = gather(SentimentConfig())
    task = material.review if review else material.chat
    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=5.0, max_iter=300)
    model.fit(grams.fit_transform(task.texts), task.targets, sample_weight=task.weights)

    def chances(texts: Sequence[str]) -> np.ndarray:
        out = np.zeros((len(texts), len(LABELS)))
        found = model.predict_proba(grams.transform([prepare(text) for text in texts]))
        out[:, model.classes_] = found
        return out

    return chances


def as_it_serves(reader: SentimentReader) -> Chances:
    """The reader inside the whole ear, which knows complaints.

    Raises:
        BadValue: there is no trained model.
    """
    from nlp.predict import understander
    from nlp.understanding import Understander

    ear = understander()
    return Understander(ear.classifier, ear.extractor, reader).moods


def measure(path: Path, model: Path = MODEL, baseline: bool = False, tone: bool = True) -> dict[str, float]:
    """All figures on one file.

    Args:
        path: of the labelled lines.
        model: of the mood.
        baseline: ask the n-grams instead.
        tone: go by the tone alone, without the classifier of intents.

    Raises:
        BadValue: the file or the model cannot be read.
    """
    texts, moods = read_moods(path)
    review = "neu" not in moods
    if baseline:
        chances = ngram_baseline(review)
    elif review or tone:
        reader = SentimentReader(model)

        def chances(texts: Sequence[str]) -> np.ndarray:
            return reader.chances(texts, review)

    else:
        chances = as_it_serves(SentimentReader(model))

    found = figures(moods, chances(texts))
    start = time.perf_counter()
    for text in texts[:TIMED]:
        chances([text + "~"])  # not a text whose sentence vector is remembered
    return found | {
        "ms_per_message": (time.perf_counter() - start) / max(1, len(texts[:TIMED])) * 1000,
        "lines": len(texts),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate sentiment", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--tone", action="store_true")
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    tone = asked.tone or not any((ROOT / "models").glob("*.tar.gz"))
    found = measure(asked.file, asked.model, asked.baseline, tone)
    print(json.dumps(found) if asked.json else "\n".join(f"{name:16} {value:.4f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
