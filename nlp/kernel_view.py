"""One view of the training lines under a Gaussian kernel: made while learning, served as an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from nlp.kernel_graph import kernel_graph


class KernelView:
    """Scores rows by how near they are to the training lines.

    Args:
        mean: of the training lines; taken off each row, so that what all lines share is gone.
        graph: the ONNX model of ``nlp.kernel_graph``.
    """

    def __init__(self, mean: np.ndarray, graph: bytes) -> None:
        self.mean, self.graph = mean, graph
        self._session = _session(graph)

    @classmethod
    def learned(
        cls, mean: np.ndarray, support: np.ndarray, weights: np.ndarray, sharpness: float, base: float = 0.0
    ) -> KernelView:
        """The view whose weights were solved.

        Args:
            mean: see the class.
            support: the training lines as ``centred`` made them.
            weights: of each line for each label, of shape (lines, labels).
            sharpness: of the kernel.
            base: added to every score.
        """
        return cls(mean, kernel_graph(support, weights, sharpness, base))

    def slim(self) -> None:
        """Drop the model's bytes, which nothing but saving needs: ONNX Runtime has its own."""
        self.graph = b""

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores of shape (rows, labels), of one row at least."""
        placed = unit(rows - self.mean)
        each = [self._session.run(None, {"z": placed[at : at + 1]})[0] for at in range(len(placed))]
        done: np.ndarray = np.concatenate(each)
        return done


def centred(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of some rows, and the rows without it, each of length one."""
    mean: np.ndarray = rows.mean(axis=0)
    return mean, unit(rows - mean)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length one; nought stays nought."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    done: np.ndarray = rows / np.maximum(length, 1e-9)
    return done.astype(np.float32)


def _session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # which takes memory in powers of two
    return onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
