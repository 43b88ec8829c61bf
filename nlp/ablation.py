"""What each part of the intent engine is worth: each alone and all together, as a table for the docs.

    python -m nlp.ablation TEST.tsv [--train TRAIN.tsv [--alone]]

Without ``--train`` our own lines in ``data/nlu`` are learned. With it the last row has what they
taught as one more view (``nlp.teacher``), unless ``--alone``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Sequence

from nlp.datasets import Lines, read_nlu, read_tsv
from nlp.evaluate import SHOWN, Engine, baseline, intents, ours
from nlp.intent import IntentClassifier, IntentConfig
from nlp.ridge import RidgeConfig
from nlp.teacher import own_teacher

ALMOST_NONE = 1e-4  # weight of a part that is left out; nought would make equal vectors a singular kernel


def parts(teacher: Callable[[], IntentClassifier] | None = None) -> dict[str, Callable[[Lines], Engine]]:
    """Engines by the name of their row; the last one with a teacher, if there is one."""

    def with_ridge(ridge: RidgeConfig) -> Callable[[Lines], Engine]:
        return lambda lines: ours(lines, IntentConfig(ridge=ridge))

    engines: dict[str, Callable[[Lines], Engine]] = {
        "n-grams and linear SVM (not ours)": baseline,
        "sentence vectors alone, read once": with_ridge(RidgeConfig(char_weight=ALMOST_NONE, lesson_weight=0.0)),
        "n-grams alone, read once": with_ridge(RidgeConfig(vector_weight=ALMOST_NONE, lesson_weight=0.0)),
        "both, read once, every line alike": with_ridge(RidgeConfig(balance=0.0, lesson_weight=0.0)),
        "both, read twice, in parts of a third": lambda lines: ours(
            lines, IntentConfig(ridge=RidgeConfig(part=-(-len(lines) // 3)))
        ),
        "both, read twice, labels smoothed by a tenth": with_ridge(RidgeConfig(smoothing=0.1)),
        "both, read twice, each line with two variants": lambda lines: ours(lines, IntentConfig(augment=2)),
        "both, read once": with_ridge(RidgeConfig(lesson_weight=0.0)),
        "both, read twice (what ships)": ours,
    }
    if teacher is not None:
        engines["both, and what our own lines taught (what --train measures)"] = lambda lines: ours(
            lines, teacher=teacher
        )
    return engines


def table(test: Lines, train: Lines, engines: dict[str, Callable[[Lines], Engine]]) -> str:
    """Rows of Markdown, one an engine."""
    rows = [
        "| engine | accuracy | macro-F1 | top-3 | ECE | training s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, make in engines.items():
        found = intents(test, make(train))
        shares = [f"{100 * found[one]:.1f}" for one in SHOWN[:4]]
        rows.append(" | ".join([f"| {name}", *shares, f"{found['train_s']:.1f}"]) + " |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.ablation", description=__doc__)
    parser.add_argument("test", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args(arguments)
    train = read_tsv(asked.train) if asked.train else read_nlu()
    print(table(read_tsv(asked.test), train, parts(own_teacher if asked.train and not asked.alone else None)))


if __name__ == "__main__":
    main()
