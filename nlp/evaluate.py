"""How well does it hear? Figures on labelled lines.

    python -m nlp.evaluate intents FILE.tsv [--train TRAIN.tsv] [--baseline] [--json]
    python -m nlp.evaluate sentiment FILE.tsv [--baseline] [--json]      see nlp.evaluate_sentiment
    python -m nlp.evaluate entities FILE [--json]                        see nlp.evaluate_entities
    python -m nlp.evaluate faq FILE.tsv [--json]                         see nlp.evaluate_faq

With ``--train`` a classifier is trained from scratch on that file; without, on
our own lines in ``data/nlu``. ``--baseline`` measures character n-grams with a
linear SVM on the same split instead.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from nlp.datasets import Lines, read_nlu, read_tsv
from nlp.intent import IntentClassifier, IntentConfig, prepare

BINS = 15
Predict = Callable[[Sequence[str]], np.ndarray]


def scores(labels: Sequence[str], truth: Sequence[str], chances: np.ndarray) -> dict[str, float]:
    """Accuracy, macro F1 over the labels that occur, top-3 share and expected calibration error.

    Args:
        labels: names of the columns of ``chances``.
        truth: the right label of each row.
        chances: probabilities, one row a line.
    """
    names = np.array(labels)
    wanted = np.array(truth)
    order = np.argsort(-chances, axis=1, kind="stable")
    best = names[order[:, 0]]
    top3 = (names[order[:, :3]] == wanted[:, None]).any(axis=1)
    return {
        "accuracy": float((best == wanted).mean()),
        "macro_f1": _macro_f1(wanted, best),
        "top3": float(top3.mean()),
        "ece": calibration_error(chances.max(axis=1), best == wanted),
    }


def _macro_f1(wanted: np.ndarray, best: np.ndarray) -> float:
    parts = []
    for label in np.unique(wanted):
        hit = float(((best == label) & (wanted == label)).sum())
        said, there = float((best == label).sum()), float((wanted == label).sum())
        parts.append(2 * hit / (said + there))
    return float(np.mean(parts))


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal bins (Guo et al. 2017)."""
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(right[edges == b].mean() - confidence[edges == b].mean()) * (edges == b).mean() for b in np.unique(edges)
    ]
    return float(np.sum(gaps))


def ours(train: Lines) -> tuple[Sequence[str], Predict, float]:
    """Our classifier trained on some lines: labels, predict, seconds."""
    start = time.perf_counter()
    made = IntentClassifier(IntentConfig()).fit(train.texts, train.labels)
    return made.labels, made.predict, time.perf_counter() - start


def baseline(train: Lines) -> tuple[Sequence[str], Predict, float]:
    """Character 1-4-gram TF-IDF with a linear SVM; its margins through a softmax stand in for probabilities."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    start = time.perf_counter()
    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
    machine = LinearSVC(C=0.5).fit(grams.fit_transform([prepare(one) for one in train.texts]), train.labels)

    def predict(texts: Sequence[str]) -> np.ndarray:
        margins = machine.decision_function(grams.transform([prepare(one) for one in texts]))
        if margins.ndim == 1:
            margins = np.stack([-margins, margins], axis=1)
        top = np.exp(3 * (margins - margins.max(axis=1, keepdims=True)))
        return np.asarray(top / top.sum(axis=1, keepdims=True))

    return list(machine.classes_), predict, time.perf_counter() - start


def intents(
    test: Lines, train: Lines, make: Callable[[Lines], tuple[Sequence[str], Predict, float]]
) -> dict[str, object]:
    """All figures of one engine trained on ``train`` and measured on ``test``."""
    labels, predict, seconds = make(train)
    chances = predict(test.texts)
    few = test.texts[:100]
    start = time.perf_counter()
    for text in few:
        predict([text + " "])
    each = (time.perf_counter() - start) / max(1, len(few))
    figures: dict[str, object] = dict(scores(labels, test.labels, chances))
    figures |= {"ms_per_message": each * 1000, "train_s": seconds, "lines": len(test), "train_lines": len(train)}
    best = np.array(labels)[chances.argmax(axis=1)]
    mixed = Counter((want, got) for want, got in zip(test.labels, best) if want != got)
    figures["confusions"] = [[want, got, count] for (want, got), count in mixed.most_common(15)]
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["sentiment"], ["entities"], ["faq"]):
        import_module(f"nlp.evaluate_{given[0]}").main(given[1:])
        return
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate", description=__doc__)
    parser.add_argument("task", choices=["intents"], metavar="intents|sentiment|entities|faq")
    parser.add_argument("file", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(given)
    train = read_tsv(asked.train) if asked.train else read_nlu()
    figures = intents(read_tsv(asked.file), train, baseline if asked.baseline else ours)
    if asked.json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        if name != "confusions":
            print(f"{name:16} {value:.4f}" if isinstance(value, float) else f"{name:16} {value}")
    for want, got, count in figures["confusions"]:  # type: ignore[attr-defined]
        print(f"  {count:3}  {want} heard as {got}")


if __name__ == "__main__":
    main()
