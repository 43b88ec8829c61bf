"""The heads that could tell a picture's category, in one table.

    python -m vision.evaluate … --heads [--fine-tune]

All learn from the same photos and are asked the same others: accuracy, expected
calibration error, how well their certainty tells categories that were hidden from
them, CPU seconds to learn, bytes. ``by products`` learns no category at all: it adds
up the likeness of each category's products, and is what the finder uses.
"""

from __future__ import annotations

import pickle
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Sequence

import numpy as np

from shop.errors import BadValue
from shop.settings import Settings
from vision.classifier import ClassifierConfig, makers, scores_by, softmax, temperature_of
from vision.gallery import Gallery, shelf_shares
from vision.image_file import read_pixels
from vision.measures import auroc, calibration_error
from vision.metric import Examples, Metric
from vision.photo_set import Photos
from vision.protocols import PARTS, SEEN, split

BY_PRODUCTS = "by products"


@dataclass(frozen=True)
class Labelled:
    """Features of photos, with the product and the category of each."""

    features: np.ndarray
    products: np.ndarray
    categories: np.ndarray


@dataclass(frozen=True)
class HeadRow:
    """A row of the table; fractions of one, seconds of CPU, bytes."""

    head: str
    accuracy: float
    calibration_error: float
    hidden_auroc: float | None
    """Certainty about categories that it knows against those hidden from it; None where it was not measured."""
    fit_s: float
    size: int

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def table(shown: Labelled, taken: Labelled, asked: Labelled, encoder: str, config: ClassifierConfig) -> list[HeadRow]:
    """One row a head, the most accurate first.

    Args:
        shown: catalogue pictures.
        taken: photos to learn from.
        asked: other photos.
        encoder: whose features they are.
        config: folds, seed and sizes.

    Raises:
        BadValue: there are too few photos to learn from.
    """
    halves(np.concatenate([taken.categories, shown.categories]))
    metric = Metric(_examples(shown, taken), encoder, SEEN)
    known = _Room(metric, shown, taken, asked)
    categories = np.unique(shown.categories)
    part = split(categories, PARTS)
    rooms = []
    for at in range(PARTS):
        hidden = categories[part == at]
        if 0 < len(hidden) <= len(categories) - 2:  # two are left, which a head can tell apart
            rooms.append((hidden, _Room(metric, _without(shown, hidden), _without(taken, hidden), asked)))
    rows = []
    for kind in (*makers(config), BY_PRODUCTS):
        started = time.process_time()
        shares, size = known.shares(kind, config, _temperature(known, kind, config))
        spent = time.process_time() - started
        inside, outside = [], []
        for hidden, room in rooms:
            sure = room.shares(kind, config, 1.0)[0].max(1)
            away = np.isin(asked.categories, hidden)
            inside.append(sure[~away])
            outside.append(sure[away])
        parted = auroc(np.concatenate(inside), np.concatenate(outside)) if rooms else None
        rows.append(row_of(kind, shares, known.categories, asked.categories, parted, spent, size))
    return sorted(rows, key=lambda one: -one.accuracy)


def row_of(
    head: str, shares: np.ndarray, classes: np.ndarray, right: np.ndarray, hidden: float | None, fit_s: float, size: int
) -> HeadRow:
    """A row from probabilities [n, classes] and what is right."""
    found = classes[shares.argmax(1)] == right
    return HeadRow(head, float(found.mean()), calibration_error(shares.max(1), found), hidden, fit_s, size)


def fine_tuned(taken: Photos, asked: Photos, settings: Settings, told: Callable[[int, int], None]) -> HeadRow:
    """The row of the network's last block, learnt from photos of whole pictures; making its maps counts as learning.

    Raises:
        BadValue: there are too few photos to learn from.
    """
    learnt, held = halves(taken.categories)
    from vision.fine_tune import FineTuned

    def maps(photos: Photos) -> np.ndarray:
        rows = []
        for at, file in enumerate(photos.files):
            rows.append(model.maps([read_pixels(file, settings)]))
            told(at + 1, len(photos.files))
        return np.concatenate(rows)

    model = FineTuned()
    started = time.process_time()
    given = maps(taken)
    model.fit(given[learnt], taken.categories[learnt])
    temperature = temperature_of(
        model.decision_function(given[held]), np.searchsorted(model.classes_, taken.categories[held])
    )
    model = FineTuned().fit(given, taken.categories)
    spent = time.process_time() - started
    shares = softmax(model.decision_function(maps(asked)) / temperature)
    return row_of("fine-tuned network", shares, model.classes_, asked.categories, None, spent, model.size)


RUN = 10
"""Photos that stay in one half: those taken one after another look alike."""


def halves(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and rows of the other half whose category is among them, two masks of [n].

    Raises:
        BadValue: nothing is left in a half, or there is but one category to learn.
    """
    held = np.arange(len(labels)) // RUN % 2 == 1
    known = np.unique(labels[~held])
    other = held & np.isin(labels, known)
    if len(known) < 2 or not other.any():
        raise BadValue(
            f"{len(labels)} photos of {len(np.unique(labels))} categories: half of them must teach two categories at "
            f"least and the other half show one of these; give some {4 * RUN} photos or more, runs of categories mixed"
        )
    return ~held, other


def printed(rows: Sequence[HeadRow]) -> str:
    """The table for people."""
    lines = [f"{'head':20} {'accuracy':>8} {'ECE':>6} {'AUROC':>6} {'fit s':>7} {'kB':>7}"]
    for one in rows:
        hidden = "-" if one.hidden_auroc is None else f"{one.hidden_auroc:.3f}"
        lines.append(
            f"{one.head:20} {one.accuracy:8.1%} {one.calibration_error:6.3f} {hidden:>6} {one.fit_s:7.1f} "
            f"{one.size / 1000:7.0f}"
        )
    return "\n".join(lines)


class _Room:
    """What is known in one trial: the eye's head, vectors to learn from, and vectors that are asked."""

    def __init__(self, metric: Metric, shown: Labelled, taken: Labelled, asked: Labelled) -> None:
        head = metric.fit(_examples(shown, taken))
        self.vectors = np.concatenate([head.photos(taken.features), head.catalogue(shown.features)])
        self.labels = np.concatenate([taken.categories, shown.categories])
        self.products = np.concatenate([taken.products, shown.products])
        self.asked = head.photos(asked.features)
        self.categories = np.unique(self.labels)

    def shares(self, kind: str, config: ClassifierConfig, temperature: float) -> tuple[np.ndarray, int]:
        """Probabilities of the categories of what is asked, and the bytes that the head takes."""
        if kind == BY_PRODUCTS:
            gallery = Gallery(self.vectors, self.products)
            shelf = dict(zip(self.products.tolist(), self.labels.tolist(), strict=True))
            shelves = np.array([shelf[one] for one in gallery.products.tolist()])
            return shelf_shares(gallery.scores(self.asked), shelves), int(gallery.prototypes.nbytes)
        model = makers(config)[kind]().fit(self.vectors, self.labels)
        return softmax(scores_by(model, self.asked) / temperature), len(pickle.dumps(model))


def _temperature(room: _Room, kind: str, config: ClassifierConfig) -> float:
    """The temperature of a kind, from half of the photos that it did not learn from."""
    if kind == BY_PRODUCTS:
        return 1.0
    learnt, held = halves(room.labels)
    model = makers(config)[kind]().fit(room.vectors[learnt], room.labels[learnt])
    return temperature_of(scores_by(model, room.vectors[held]), np.searchsorted(model.classes_, room.labels[held]))


def _examples(shown: Labelled, taken: Labelled) -> Examples:
    return Examples(shown.features, shown.products, taken.features, taken.products)


def _without(given: Labelled, categories: np.ndarray) -> Labelled:
    kept = ~np.isin(given.categories, categories)
    return Labelled(given.features[kept], given.products[kept], given.categories[kept])
