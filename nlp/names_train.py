"""Train the tagger of people's names.

    python -m nlp.names_train [--out FILE]

Learns from frames (``data/lexicon/name_frames.yml``) filled with made-up names, and
from the lines of ``data/nlu`` in which the rules see nobody. Prints how it does on
frames and names that it has not seen, beside the rules alone.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from nlp import lexicon, people
from nlp.datasets import ROOT, read_nlu
from nlp.matches import Match
from nlp.names import BEGIN, INSIDE, MODEL, OUTSIDE, PLACES, NameTagger, best_tags, features, save
from nlp.text import clean

SEED = 7
EACH = 60  # fillings of a frame that is learnt
ASKED = 12  # fillings of a frame that is asked
PLAIN = 6000  # lines without a name
ROUNDS = 6
SURNAMES = 120  # so many of the most common ones are used
Row = tuple[str, list[int]]
Find = Callable[[str], Sequence[tuple[int, int]]]


def given_names() -> tuple[list[str], list[str]]:
    """Given names to learn, and others to ask with."""
    with (ROOT / "data" / "shop" / "names.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = sorted({row["name"] for row in rows if row["kind"] == "given"})
    random.Random(SEED).shuffle(found)
    cut = len(found) * 3 // 4
    return found[:cut], found[cut:]


def filled(frames: Sequence[str], given: Sequence[str], each: int, drawn: random.Random) -> list[Row]:
    """Sentences with made-up names, and their tags."""
    surnames = list(lexicon.entries("surnames"))[:SURNAMES]
    singles = sorted({char for name in given for char in name} | set(lexicon.entries("given_names")))
    rows = []
    for frame in frames:
        for _ in range(each):
            text = ""
            tags: list[int] = []
            for place, part in enumerate(frame.split("{name}")):
                if place:
                    name = drawn.choice(surnames) + _other(given, singles, drawn)
                    text, tags = text + name, [*tags, BEGIN, *[INSIDE] * (len(name) - 1)]
                text, tags = text + part, [*tags, *[OUTSIDE] * len(part)]
            rows.append((text, tags))
    return rows


def _other(given: Sequence[str], singles: Sequence[str], drawn: random.Random) -> str:
    """A given name: a usual one, one character, or two that nobody has put together yet."""
    kind = drawn.random()
    if kind < 0.3:
        return drawn.choice(singles)
    return drawn.choice(given) if kind < 0.6 else drawn.choice(singles) + drawn.choice(singles)


def plain(count: int) -> list[Row]:
    """Lines of ``data/nlu`` in which the rules find nobody."""
    texts = [clean(text).text for text in read_nlu().texts]
    random.Random(SEED).shuffle(texts)
    kept = [text for text in texts if text and not any(True for _ in people.find_names(text))][:count]
    return [(text, [OUTSIDE] * len(text)) for text in kept]


def fit(rows: Sequence[Row], rounds: int = ROUNDS, seed: int = SEED) -> NameTagger:
    """An averaged structured perceptron."""
    emits, moves = np.zeros((PLACES, 3), np.float64), np.zeros((4, 3), np.float64)
    emit_sum, move_sum, step = np.zeros_like(emits), np.zeros_like(moves), 1
    known = [(features(text), tags) for text, tags in rows]
    order = list(range(len(known)))
    drawn = random.Random(seed)
    for _ in range(rounds):
        drawn.shuffle(order)
        for at in order:
            found, tags = known[at]
            scores = np.array([emits[places].sum(axis=0) for places in found]).reshape(-1, 3)
            said = best_tags(scores, moves)
            if said != tags:
                for change, row in ((1.0, tags), (-1.0, said)):
                    before = 3
                    for places, tag in zip(found, row):
                        np.add.at(emits, (places, tag), change)
                        np.add.at(emit_sum, (places, tag), change * step)
                        moves[before, tag] += change
                        move_sum[before, tag] += change * step
                        before = tag
            step += 1
    return NameTagger((emits - emit_sum / step).astype(np.float32), (moves - move_sum / step).astype(np.float32))


def measure(rows: Sequence[Row], find: Find) -> dict[str, float]:
    """Precision, recall and F1 over names, and the share of nameless lines in which one is seen."""
    right = said = there = alarms = nameless = 0
    for text, tags in rows:
        wanted = set(NameSpans(tags))
        found = set(find(text))
        right, said, there = right + len(wanted & found), said + len(found), there + len(wanted)
        nameless += not wanted
        alarms += not wanted and bool(found)
    precision, recall = right / max(1, said), right / max(1, there)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1, "false_alarms": alarms / max(1, nameless)}


class NameSpans(list[tuple[int, int]]):
    """Half-open spans of a row of tags."""

    def __init__(self, tags: Sequence[int]) -> None:
        starts = [place for place, tag in enumerate(tags) if tag == BEGIN]
        ends = [next((p for p in range(s + 1, len(tags)) if tags[p] != INSIDE), len(tags)) for s in starts]
        super().__init__(zip(starts, ends))


def split(each: int = EACH, asked: int = ASKED, lines: int = PLAIN) -> tuple[list[Row], list[Row]]:
    """Rows to learn from and rows to ask, which share no frame, no given name and no line."""
    frames = lexicon.document("name_frames")
    known, others = given_names()  # single characters are shared, as people share them
    nameless = plain(lines)
    cut = len(nameless) * 4 // 5
    drawn = random.Random(SEED)
    learn = filled(frames["learn"], known, each, drawn) + nameless[:cut]
    return learn, filled(frames["asked"], others, asked, drawn) + nameless[cut:]


def by_rules(text: str) -> list[tuple[int, int]]:
    """What the rules alone find."""
    found: list[Match] = list(people.find_names(text))
    return [(one.start, one.end) for one in found]


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.names_train", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    asked = parser.parse_args(arguments)
    learn, ask = split()
    tagger = fit(learn)
    save(tagger, asked.out)
    for name, find in (("rules", by_rules), ("tagger", lambda text: list(tagger.find(text)))):
        print(f"{name:8}", {key: round(value, 4) for key, value in measure(ask, find).items()})


if __name__ == "__main__":
    main()
