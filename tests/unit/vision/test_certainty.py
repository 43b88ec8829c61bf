"""The curve from likeness to probability, and the precision that a shop asks of "sure"."""

from __future__ import annotations

import numpy as np
import pytest

from vision.certainty import first_and_lead, learnt_curve, thresholds_of
from vision.findings import Thresholds


@pytest.fixture(scope="module")
def seen():
    """Photos whose first product is right the oftener, the more like and the further ahead it is."""
    rng = np.random.default_rng(2)
    known = np.stack([rng.uniform(0.2, 0.9, 4000), rng.uniform(0, 0.3, 4000)], 1)
    chance = 1 / (1 + np.exp(-(-4 + 6 * known[:, 0] + 8 * known[:, 1])))
    strangers = np.stack([rng.uniform(0.1, 0.5, 800), rng.uniform(0, 0.1, 800)], 1)
    return known, rng.random(4000) < chance, strangers


def test_what_is_called_sure_is_right_as_often_as_the_shop_asks(seen):
    known, right, strangers = seen
    curve = learnt_curve(known[::2], right[::2], strangers[::2])
    for asked in (0.7, 0.9):
        learnt = thresholds_of({"curve": curve}, Thresholds(), asked)
        sure = np.array([learnt.probability(best, lead) >= learnt.sure_from for best, lead in known[1::2]])
        assert sure.mean() > 0.05
        assert right[1::2][sure].mean() >= asked - 0.03


def test_strangers_are_less_probable_than_what_the_shop_sells(seen):
    known, right, strangers = seen
    learnt = thresholds_of({"curve": learnt_curve(known, right, strangers)}, Thresholds(), 0.85)
    mean = [np.mean([learnt.probability(*one) for one in rows[:200]]) for rows in (known, strangers)]
    assert mean[0] > 2 * mean[1]


def test_too_few_photos_teach_no_curve(seen):
    known, right, strangers = seen
    assert learnt_curve(known[:20], right[:20], strangers[:20]) is None


@pytest.mark.parametrize("facts", [{}, {"curve": None}, {"curve": [1.0]}, {"curve": [0.0, -2.0, 1.0]}])
def test_without_a_usable_curve_the_usual_one_stays(facts):
    usual = Thresholds()
    assert thresholds_of(facts, usual, 0.9).probability(0.6, 0.1) == usual.probability(0.6, 0.1)
    assert thresholds_of(facts, usual, 0.9).sure_from == 0.9


def test_the_lead_is_the_distance_between_the_first_two():
    assert np.allclose(first_and_lead(np.array([[0.1, 0.9, 0.6], [0.5, 0.2, 0.5]])), [[0.9, 0.3], [0.5, 0.0]])
