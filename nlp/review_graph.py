"""Reads product reviews by the encoder's last layers, tuned on reviews: from their states to praise.

The layers below are those of the encoder, which hands their states out, so that
only the tuned layers lie in the file. ``nlp.review_train`` makes it.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from nlp.datasets import ROOT
from nlp.e5_file import E5File, E5Tensors
from nlp.e5_graph import HANDED, layer_of
from nlp.graph_draft import Draft
from shop.errors import BadValue

log = logging.getLogger(__name__)
OTHERS = 0.25
"""Weight of the other scorers' log-odds, which are some three times as large, beside those of the tuned layers."""
MODEL = ROOT / "data" / "models" / "review.onnx"


class TunedLayers(E5Tensors):
    """Weights of tuned layers under the names of the encoder's file.

    Args:
        file: whose sizes they have.
        weights: of ``nlp.review_net.ReviewNet``, by the names of its parameters.
    """

    def __init__(self, file: E5File, weights: Mapping[str, np.ndarray]) -> None:
        self.width, self.heads, self.inner, self.epsilon = file.width, file.heads, file.inner, file.epsilon
        self._weights = weights

    def vector(self, name: str) -> np.ndarray:
        """See ``E5Tensors``."""
        return self._tensor(name)

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """See ``E5Tensors``."""
        return self._tensor(name).reshape(rows, columns)

    def _tensor(self, name: str) -> np.ndarray:
        layer, part, kind = name.split(".")
        under = f"layers.{int(layer[1:]) - HANDED}"
        kind = {"w": "weight", "b": "bias"}[kind]
        if part not in "qkv":
            return self._weights[f"{under}.{part}.{kind}"]
        whole = self._weights[f"{under}.qkv.{kind}"]
        third: np.ndarray = np.split(whole, 3)["qkv".index(part)]
        return third


def review_graph(file: E5File, weights: Mapping[str, np.ndarray]) -> bytes:
    """The serialised model: the encoder's states ``h`` of shape (1, pieces, width) to log-odds of praise ``s`` (1, 1)."""
    draft, tuned = Draft(), TunedLayers(file, weights)
    x = "h"
    for number in range(HANDED, file.layers):
        x = layer_of(draft, tuned, number, x)
    share = draft.add("Softmax", draft.exact(x, weights["attend.weight"], weights["attend.bias"]), axis=1)
    pieces = draft.constant("pieces", np.array([1], np.int64))
    pooled = draft.add("ReduceSum", draft.add("Mul", x, share), pieces, keepdims=0)
    draft.add("Identity", draft.exact(pooled, weights["head.weight"], weights["head.bias"]), out="s")
    return draft.model("review", {"h": (1, "pieces", file.width)}, {"s": (1, 1)})


class TunedReader:
    """Serves what ``review_graph`` made.

    Args:
        path: of the ONNX file.
        threads: cores that one call may use.

    Raises:
        BadValue: the file is missing or broken.
    """

    def __init__(self, path: Path = MODEL, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises many kinds, none of them public
            raise BadValue(f"{path}: no model of reviews ({error}); make it with python -m nlp.review_train") from error

    def log_odds(self, states: np.ndarray) -> float:
        """Log-odds of praise of one text by its states of shape (pieces, width)."""
        return float(self._session.run(None, {"h": states[None]})[0][0, 0])

    def joined(self, chances: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The probabilities of neg, neu (nought) and pos when the tuned layers are heard too.

        Args:
            chances: of the three by the other scorers.
            states: of the text, (pieces, width).
        """
        least = 1e-6
        others = math.log((chances[2] + least) / (chances[0] + least))
        praise = 1 / (1 + math.exp(-self.log_odds(states) - OTHERS * others))
        return np.array([1 - praise, 0, praise], np.float32)


def load_tuned(path: Path, threads: int = 1) -> TunedReader | None:
    """The reader, or None with a line in the log where its file is missing or broken: reviews are read without."""
    try:
        return TunedReader(path, threads)
    except (BadValue, ImportError) as error:
        log.warning("reviews are read without tuned layers: %s", error)
        return None
