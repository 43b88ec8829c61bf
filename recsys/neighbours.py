"""What the two neighbour models share: weighting of a matrix, and keeping the nearest few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BLOCK = 1024


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows of length 1; empty ones stay empty."""
    from scipy.sparse import diags

    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (diags(1.0 / np.maximum(lengths, 1e-12)) @ matrix).tocsr().astype(np.float32)


def bm25(matrix: csr_matrix, k1: float, b: float) -> csr_matrix:
    """BM25 weights of a matrix whose rows are read as texts and columns as words (Robertson et al., 1994)."""
    rows, columns = matrix.shape
    counts = matrix.tocoo()
    rarity = np.log(rows / (1.0 + np.bincount(counts.col, minlength=columns))).clip(0.01)
    length = np.asarray(matrix.sum(1)).ravel()
    norm = (1 - b) + b * length / max(float(length.mean()), 1e-12)
    counts.data = counts.data * (k1 + 1) / (k1 * norm[counts.row] + counts.data) * rarity[counts.col]
    return counts.tocsr().astype(np.float32)


def nearest(left: csr_matrix, right: csr_matrix, count: int, *, shrink: float = 0.0) -> csr_matrix:
    """Left @ rightᵀ with only the ``count`` highest of each row, without the diagonal.

    ``shrink`` damps what rests on few common cells: s · c / (c + shrink).
    """
    from scipy.sparse import csr_matrix, vstack

    turned = right.T.tocsr()
    there = (left != 0).astype(np.float32)
    there_turned = (turned != 0).astype(np.float32)
    parts = []
    for begin in range(0, left.shape[0], BLOCK):
        part = (left[begin : begin + BLOCK] @ turned).toarray()
        if shrink:
            common = (there[begin : begin + BLOCK] @ there_turned).toarray()
            part *= common / (common + shrink)
        at = np.arange(len(part))
        part[at, begin + at] = 0.0
        keep = min(count, part.shape[1])
        columns = np.argpartition(-part, keep - 1, axis=1)[:, :keep]
        values = np.take_along_axis(part, columns, 1)
        row = np.repeat(at, keep)
        cells = csr_matrix((values.ravel(), (row, columns.ravel())), shape=part.shape, dtype=np.float32)
        cells.eliminate_zeros()
        parts.append(cells)
    return vstack(parts).tocsr()


def stored(matrix: csr_matrix) -> dict[str, np.ndarray]:
    """A sparse matrix as arrays."""
    return {
        "data": matrix.data,
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "shape": np.array(matrix.shape),
    }


def restored(state: dict[str, np.ndarray]) -> csr_matrix:
    """A sparse matrix from ``stored`` arrays."""
    from scipy.sparse import csr_matrix

    return csr_matrix((state["data"], state["indices"], state["indptr"]), shape=tuple(state["shape"]))
