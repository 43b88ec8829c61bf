"""Measures on rankings small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.measures import (
    average_precision_rows,
    best_columns,
    coverage,
    gini,
    ndcg_at,
    ndcg_rows,
    novelty,
    recall_rows,
    rmse,
)

TRUTH = csr_matrix(np.array([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]))
BEST = np.array([[1, 2, 3], [0, 1, 2], [4, 3, 0]])


def test_ndcg_counts_hits_by_their_place_and_leaves_out_rows_without_a_truth():
    first = (1 + 1 / 2) / (1 + 1 / np.log2(3))
    assert ndcg_rows(BEST, TRUTH) == pytest.approx([first, 1 / 2])


def test_recall_and_precision():
    assert recall_rows(BEST, TRUTH) == pytest.approx([1, 1])
    assert average_precision_rows(BEST, TRUTH) == pytest.approx([(1 + 2 / 3) / 2, 1 / 3])


def test_hidden_columns_do_not_come():
    scores = np.array([[5.0, 4, 3, 2, 1]])
    hidden = (np.array([0]), np.array([0]))
    assert best_columns(scores, hidden, 2).tolist() == [[1, 2]]
    assert ndcg_at(scores, csr_matrix([[0, 1, 0, 0, 0]]), hidden, 2) == 1.0
    assert scores[0, 0] == 5  # the caller's own scores stay


def test_spread_of_what_is_shown():
    assert coverage(BEST, 10) == 0.5
    assert gini(np.array([[0, 1], [0, 1]]), 2) == pytest.approx(0)
    assert gini(np.array([[0], [0]]), 4) == pytest.approx(0.75)
    assert novelty(np.array([[0]]), np.array([2]), 8) == 2.0


def test_rmse_leaves_out_missing_ratings():
    assert rmse(np.array([3.0, 4.0, 9.0]), np.array([4.0, 4.0, np.nan])) == pytest.approx(np.sqrt(0.5))
