"""How well does it hear? Figures on labelled lines.

    python -m nlp.evaluate intents FILE.tsv [--train TRAIN.tsv [--alone]] [--baseline] [--model PATH] [--json]
    python -m nlp.evaluate sentiment FILE.tsv [--baseline] [--json]      see nlp.evaluate_sentiment
    python -m nlp.evaluate entities FILE [--json]                        see nlp.evaluate_entities
    python -m nlp.evaluate faq FILE.tsv [--json]                         see nlp.evaluate_faq
    python -m nlp.evaluate speed [FILE.tsv] [--json]                     see nlp.evaluate_speed

With ``--train`` a classifier is trained from scratch on that file; what our own lines taught
(``nlp.teacher``) is one of its views, unless ``--alone``. Without ``--train``, the
shipped model is asked as it serves, rules and all: the newest archive in ``models/``,
or ``--model`` (an archive, or a folder of ``IntentClassifier.save``); where none is, a
classifier is trained on our own lines in ``data/nlu``. ``--baseline`` measures
character n-grams with a linear SVM instead. Milliseconds are CPU time of one message
alone; ``--json`` prints accuracy, macro_f1, top3, ece, ms_per_message and train_s.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from nlp.curve import CUSTOMERS
from nlp.datasets import Lines, nlu_groups, read_nlu, read_tsv
from nlp.encoder import shared_encoder
from nlp.intent import FALSE_ALARMS, OUTSIDE, IntentClassifier, IntentConfig, prepare
from nlp.teacher import own_teacher
from shop.errors import BadValue

BINS = 15
SHOWN = ("accuracy", "macro_f1", "top3", "ece", "ms_per_message", "train_s")
TIMED = 100  # messages whose time is taken
Predict = Callable[[Sequence[str]], np.ndarray]
Engine = tuple[Sequence[str], Predict, float]
"""Labels, probabilities of texts, seconds of training."""


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


def ours(
    train: Lines, config: IntentConfig = IntentConfig(), teacher: Callable[[], IntentClassifier] | None = None
) -> Engine:
    """Our classifier trained on some lines.

    Args:
        train: the lines.
        config: of the classifier.
        teacher: makes the classifier whose scores are one more view; its training counts in the seconds.
    """
    start = time.perf_counter()
    encoder = shared_encoder(config.encoder, threads=os.cpu_count() or 1)  # one text alone takes one core all the same
    made = IntentClassifier(config, encoder).fit(train.texts, train.labels, teacher() if teacher else None)
    return made.labels, made.predict, time.perf_counter() - start


def shipped(model: Path | None = None) -> Engine:
    """The model in use, with everything that serves a message.

    Raises:
        BadValue: there is none, or another version wrote it.
    """
    from nlp.predict import understander

    ear = understander(model)
    labels = ear.classifier.labels
    places = {label: place for place, label in enumerate(labels)}

    def predict(texts: Sequence[str]) -> np.ndarray:
        out = np.zeros((len(texts), len(labels)))
        for row, text in enumerate(texts):
            for label, share in ear.understand(text).ranking:
                out[row, places[label]] = share
        return out

    predict(texts=[""])  # loads what is loaded at the first message
    return labels, predict, ear.classifier.train_s


def baseline(train: Lines) -> Engine:
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


def intents(test: Lines, engine: Engine) -> dict[str, Any]:
    """All figures of one engine, measured on ``test``."""
    labels, predict, seconds = engine
    few = test.texts[:TIMED]
    start = time.process_time()
    for text in few:
        predict([text + " "])
    each = (time.process_time() - start) / max(1, len(few))
    chances = predict(test.texts)
    figures: dict[str, Any] = dict(scores(labels, test.labels, chances))
    figures |= {"ms_per_message": each * 1000, "train_s": seconds, "lines": len(test)}
    best = np.array(labels)[chances.argmax(axis=1)]
    mixed = Counter((want, got) for want, got in zip(test.labels, best) if want != got)
    figures["confusions"] = [[want, got, count] for (want, got), count in mixed.most_common(15)]
    figures["groups"] = by_group(test.labels, best, nlu_groups())
    if OUTSIDE in labels and OUTSIDE in test.labels:
        figures["outside_recall"] = outside_recall(chances[:, list(labels).index(OUTSIDE)], test.labels)
    return figures


def by_group(truth: Sequence[str], best: np.ndarray, groups: Mapping[str, str]) -> dict[str, tuple[int, float]]:
    """Lines and accuracy of each group of intents; empty where no label belongs to one."""
    names = np.array([groups.get(label, "") for label in truth])
    right = np.array(truth) == best
    return {str(one): (int((names == one).sum()), float(right[names == one].mean())) for one in np.unique(names) if one}


def outside_recall(sure: np.ndarray, truth: Sequence[str], false_alarms: float = FALSE_ALARMS) -> float:
    """Share of the lines outside the scope that are found when so many lines inside are taken for such."""
    out = np.array(truth) == OUTSIDE
    return float((sure[out] > np.quantile(sure[~out], 1 - false_alarms)).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["sentiment"], ["entities"], ["faq"], ["speed"]):
        import_module(f"nlp.evaluate_{given[0]}").main(given[1:])
        return
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate", description=__doc__)
    parser.add_argument("task", choices=["intents"], metavar="intents|sentiment|entities|faq|speed")
    parser.add_argument("file", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(given)
    figures = intents(read_tsv(asked.file), _engine(asked))
    if asked.json:
        print(json.dumps({name: figures[name] for name in SHOWN}))
    else:
        _show(figures)


def _engine(asked: argparse.Namespace) -> Engine:
    if asked.baseline:
        return baseline(read_tsv(asked.train) if asked.train else read_nlu())
    if asked.train:
        return ours(read_tsv(asked.train), teacher=None if asked.alone else own_teacher)
    try:
        return shipped(asked.model)
    except BadValue as error:
        if asked.model:
            raise
        print(f"{error} Training on data/nlu meanwhile.", file=sys.stderr)
        return ours(read_nlu(), IntentConfig(sharpen=CUSTOMERS))


def _show(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name not in ("confusions", "groups"):
            print(f"{name:16} {value:.4f}" if isinstance(value, float) else f"{name:16} {value}")
    for name, (count, accuracy) in figures["groups"].items():
        print(f"  {name:12} {count:5} lines  accuracy {accuracy:.3f}")
    for want, got, count in figures["confusions"]:
        print(f"  {count:3}  {want} heard as {got}")


if __name__ == "__main__":
    main()
