"""The one interface of all models, and how they are stored.

A model scores items for a *history*: a row of weights over the items. So a new
customer needs no retraining, and whoever did something a moment ago gets another
answer at once.
"""

from __future__ import annotations

import json
import os
import zipfile
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Iterable

import numpy as np

from recsys.interactions import Interactions
from shop.errors import BadIndex, BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FORMAT = 1
NEVER = np.float32(-np.inf)


@dataclass(frozen=True)
class Scored:
    """An item's column and its score."""

    column: int
    score: float


class Model(ABC):
    """fit, recommend, similar, score, save, load; subclasses write the three abstract ones.

    Scores of one model for one history are comparable with each other and with
    nothing else. Histories are customers × items with the items that were fitted.
    """

    name: ClassVar[str]
    Config: ClassVar[type]

    def __init__(self, config: Any = None) -> None:
        self.config = config if config is not None else self.Config()
        self._data: Interactions | None = None

    # What a model writes

    @abstractmethod
    def _fit(self, data: Interactions) -> None:
        """Learn from a non-empty matrix."""

    @abstractmethod
    def score_histories(self, histories: csr_matrix) -> np.ndarray:
        """Scores of all items for each history: float32 (histories, items)."""

    @abstractmethod
    def _state(self) -> dict[str, np.ndarray]:
        """The learned arrays, to be stored."""

    @abstractmethod
    def _restore(self, state: dict[str, np.ndarray]) -> None:
        """Take the arrays of ``_state`` back."""

    # What all models do alike

    def fit(self, data: Interactions) -> Model:
        """Learn; the training data stays at hand for ``recommend`` and ``score``.

        Raises:
            BadValue: there is nothing to learn from.
        """
        if not len(data):
            raise BadValue("no interaction to learn from")
        self._data = data
        self._fit(data)
        return self

    @property
    def data(self) -> Interactions:
        """What the model was fitted on.

        Raises:
            BadValue: it was not fitted here; give it by ``attach`` after ``load``.
        """
        if self._data is None:
            raise BadValue(f"the model {self.name} has no training data: call fit, or attach after load")
        return self._data

    def attach(self, data: Interactions) -> Model:
        """Give a loaded model its customers' histories back."""
        self._data = data
        return self

    def score_rows(self, rows: np.ndarray) -> np.ndarray:
        """Scores of all items for fitted customers: (rows, items)."""
        return self.score_histories(self.data.matrix[rows])

    def score(self, customer: Any, items: Iterable[Any]) -> np.ndarray:
        """Scores of some items for a customer; an unknown customer has an empty history.

        Raises:
            BadValue: an item is unknown.
        """
        columns = [self._column(one) for one in items]
        return np.asarray(self._row_scores(customer)[columns])

    def recommend(self, customer: Any, count: int = 10, *, seen_too: bool = False) -> list[Scored]:
        """The best items for a customer, best first; seen ones only when asked for.

        An unknown customer gets what an empty history gets.
        """
        scores = self._row_scores(customer).astype(np.float32, copy=True)
        row = self.data.row_of.get(customer)
        if row is not None and not seen_too:
            scores[self.data.seen[row].indices] = NEVER
        return [Scored(int(one), float(scores[one])) for one in top(scores, count) if scores[one] > NEVER]

    def similar(self, item: Any, count: int = 10) -> list[Scored]:
        """Items that go with an item, best first, without itself.

        Raises:
            BadValue: the item is unknown.
        """
        column = self._column(item)
        scores = self.score_histories(self._one_hot([column]))[0].astype(np.float32, copy=True)
        scores[column] = NEVER
        return [Scored(int(one), float(scores[one])) for one in top(scores, count)]

    def save(self, path: Path) -> None:
        """Write one file; a crash in the middle leaves the old one."""
        head = {"format": FORMAT, "model": self.name, "config": asdict(self.config)}
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        with scratch.open("wb") as file:
            np.savez(file, head=np.array(json.dumps(head)), **self._state())
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a stored model.

        Raises:
            BadIndex: the file is missing, damaged, of another model or of another format.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                head = json.loads(str(file["head"]))
                state = {name: file[name] for name in file.files if name != "head"}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise BadIndex(f"{path}: not a stored model ({type(error).__name__}); train it again") from error
        if head.get("format") != FORMAT or head.get("model") != cls.name:
            found = f"{head.get('model')} of format {head.get('format')}"
            raise BadIndex(f"{path}: it holds {found}, not {cls.name} of format {FORMAT}; train it again")
        model = cls(cls.Config(**head["config"]))
        model._restore(state)
        return model

    def _column(self, item: Any) -> int:
        column = self.data.column_of.get(item)
        if column is None:
            raise BadValue(f"item {item!r}: the model {self.name} does not know it")
        return column

    def _row_scores(self, customer: Any) -> np.ndarray:
        row = self.data.row_of.get(customer)
        if row is None:
            return np.asarray(self.score_histories(self._one_hot([]))[0])
        return np.asarray(self.score_rows(np.array([row]))[0])

    def _one_hot(self, columns: list[int]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        values = np.ones(len(columns), np.float32)
        return csr_matrix((values, ([0] * len(columns), columns)), shape=(1, self.data.shape[1]), dtype=np.float32)


def top(scores: np.ndarray, count: int) -> np.ndarray:
    """Positions of the highest scores, best first; ties by position."""
    count = max(0, min(count, len(scores)))
    if count < len(scores):
        some = np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, int)
    else:
        some = np.arange(len(scores))
    return np.asarray(some[np.lexsort((some, -scores[some]))])
