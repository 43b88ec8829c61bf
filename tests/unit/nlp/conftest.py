"""A small trained ear that the tests of this folder share."""

from __future__ import annotations

import pytest

from nlp.datasets import Lines, read_nlu
from nlp.entities import EntityExtractor
from nlp.intent import IntentClassifier
from nlp.understanding import Understander

SLICE = 30
"""Lines of each intent that the small ear learns from."""


@pytest.fixture(scope="session")
def own_split() -> tuple[Lines, Lines]:
    """Our own lines in two halves that share none: some to learn from, some to be asked."""
    lines = read_nlu()
    seen: dict[str, int] = {}
    learn, ask = [], []
    for text, label in sorted(zip(lines.texts, lines.labels), key=lambda pair: hash_of(pair[0])):
        place = seen[label] = seen.get(label, 0) + 1
        if place <= SLICE:
            learn.append((text, label))
        elif place <= SLICE + 6:
            ask.append((text, label))
    return _lines(learn), _lines(ask)


def hash_of(text: str) -> int:
    """An order of texts that is the same in every process."""
    import zlib

    return zlib.crc32(text.encode("utf-8"))


def _lines(pairs: list[tuple[str, str]]) -> Lines:
    return Lines(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


@pytest.fixture(scope="session")
def small_classifier(own_split: tuple[Lines, Lines]) -> IntentClassifier:
    """Our classifier, trained on a slice of our own lines."""
    return IntentClassifier().fit(own_split[0].texts, own_split[0].labels)


@pytest.fixture(scope="session")
def ear(small_classifier: IntentClassifier) -> Understander:
    """The whole ear over the small classifier, without a shop."""
    return Understander(small_classifier, EntityExtractor())
