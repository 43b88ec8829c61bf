"""All training lines of the sentiment model, put together with their weights."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from nlp.datasets import Lines
from nlp.sentiment import LABELS, SentimentConfig
from nlp.sentiment_data import draw_frames, read_chat, read_demo_reviews, read_own_reviews, read_reviews, read_weak

CHAT, REVIEW = 0, 1  # the two tasks


@dataclass(frozen=True)
class Task:
    """Lines of one task with labels 0, 1, 2 (a review's are 0 and 2) and weights."""

    texts: tuple[str, ...]
    targets: np.ndarray
    weights: np.ndarray


def join(parts: Sequence[tuple[Lines, float]]) -> Task:
    """Lines of several sources, each with its weight; of equal lines the first counts."""
    kept: dict[str, tuple[int, float]] = {}
    for lines, weight in parts:
        for text, label in zip(lines.texts, lines.labels):
            kept.setdefault(text, (LABELS.index(label), weight))
    targets = np.array([target for target, _ in kept.values()])
    return Task(tuple(kept), targets, np.array([weight for _, weight in kept.values()], np.float32))


def picked(task: Task, places: np.ndarray) -> Task:
    """Some lines of a task."""
    return Task(tuple(task.texts[at] for at in places), task.targets[places], task.weights[places])


@dataclass(frozen=True)
class Material:
    """What a training reads: a task for chat and one for reviews, and chat lines that are held out."""

    chat: Task
    review: Task
    held_out: Task


def gather(config: SentimentConfig) -> Material:
    """Read and weigh all lines; equal lines of several sources count once."""
    own = read_chat()
    order = list(range(len(own)))
    random.Random(config.seed).shuffle(order)
    aside = set(order[: int(len(order) * config.held_out)])
    kept, away = (_pick(own, [place for place in order if (place in aside) == out]) for out in (False, True))
    frames, weak = draw_frames(config.frames, config.seed), _some(read_weak(), config.weak, config.seed)
    apart = set(away.texts)
    weak = _pick(weak, [place for place, text in enumerate(weak.texts) if text not in apart])
    frames = _pick(frames, [place for place, text in enumerate(frames.texts) if text not in apart])
    moods = _pick(kept, [place for place, label in enumerate(kept.labels) if label != "neu"])
    reviews = read_reviews(config.reviews, config.seed)
    return Material(
        join([(kept, 1.0), (frames, 0.5), (weak, 0.3)]),
        join([(read_own_reviews(), 3.0), (read_demo_reviews(), 3.0), (moods, 0.3), (reviews, 1.0)]),
        join([(away, 1.0)]),
    )


def _pick(lines: Lines, places: Sequence[int]) -> Lines:
    return Lines(tuple(lines.texts[place] for place in places), tuple(lines.labels[place] for place in places))


def _some(lines: Lines, count: int | None, seed: int) -> Lines:
    """So many lines, drawn at random; all for None."""
    if count is None or count >= len(lines):
        return lines
    return _pick(lines, random.Random(seed).sample(range(len(lines)), count))
