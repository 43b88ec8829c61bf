"""What each part of the intent engine is worth: each alone and all together, as a table for the docs.

    python -m nlp.ablation TEST.tsv [--train TRAIN.tsv]

Without ``--train`` our own lines in ``data/nlu`` are learned.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Sequence

from nlp.datasets import Lines, read_nlu, read_tsv
from nlp.evaluate import SHOWN, Engine, baseline, intents, ours
from nlp.intent import IntentConfig
from nlp.ridge import RidgeConfig

ALMOST_NONE = 1e-4  # weight of a part that is left out; nought would make equal vectors a singular kernel


def parts() -> dict[str, Callable[[Lines], Engine]]:
    """Engines by the name of their row."""

    def with_ridge(ridge: RidgeConfig) -> Callable[[Lines], Engine]:
        return lambda lines: ours(lines, IntentConfig(ridge=ridge))

    return {
        "n-grams and linear SVM (not ours)": baseline,
        "sentence vectors alone": with_ridge(RidgeConfig(char_weight=ALMOST_NONE)),
        "n-grams alone": with_ridge(RidgeConfig(vector_weight=ALMOST_NONE)),
        "both, every line alike": with_ridge(RidgeConfig(balance=0.0)),
        "both, in parts of a third": lambda lines: ours(
            lines, IntentConfig(ridge=RidgeConfig(part=-(-len(lines) // 3)))
        ),
        "both (what ships)": ours,
    }


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
    asked = parser.parse_args(arguments)
    train = read_tsv(asked.train) if asked.train else read_nlu()
    print(table(read_tsv(asked.test), train, parts()))


if __name__ == "__main__":
    main()
