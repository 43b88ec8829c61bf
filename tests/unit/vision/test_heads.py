"""The table of heads for the category: each learns the same and is asked the same."""

from __future__ import annotations

import numpy as np
import pytest

from shop.errors import BadValue
from shop.settings import Settings
from tests.unit.vision.conftest import picture_of
from vision.classifier import ClassifierConfig
from vision.fine_tune import FineTuneConfig, FineTuned
from vision.gallery import shelf_shares
from vision.heads import BY_PRODUCTS, Labelled, fine_tuned, halves, printed, table
from vision.image_file import read_pixels
from vision.measures import calibration_error
from vision.photo_set import Photos

CATEGORIES, EACH, PHOTOS, WIDTH = 10, 3, 12, 32


@pytest.fixture(scope="module")
def rows():
    """Products near the middle of their category, photos near their product."""
    rng = np.random.default_rng(4)
    products = np.arange(CATEGORIES * EACH)
    middles = rng.normal(size=(CATEGORIES, WIDTH)) * 2
    pictures = middles[products // EACH] + rng.normal(size=(len(products), WIDTH))
    names = np.repeat(products, PHOTOS)
    photos = pictures[names] + rng.normal(size=(len(names), WIDTH)) * 0.5
    shown = Labelled(pictures, products, products // EACH)
    asked = np.arange(len(names)) % 4 == 0
    taken, other = (Labelled(photos[one], names[one], names[one] // EACH) for one in (~asked, asked))
    return table(shown, taken, other, "made-up", ClassifierConfig(trees=8, hidden=8))


def test_every_head_is_measured_beside_the_sum_over_products(rows):
    assert {one.head for one in rows} == {"linear", "svm", "forest", "network", BY_PRODUCTS}
    assert [one.accuracy for one in rows] == sorted((one.accuracy for one in rows), reverse=True)
    assert rows[0].accuracy > 0.9
    assert next(one for one in rows if one.head == BY_PRODUCTS).hidden_auroc > 0.6
    assert all(0 <= one.calibration_error <= 1 and one.fit_s >= 0 and one.size > 0 for one in rows)


def test_a_category_that_is_ahead_is_as_sure_as_photos_taught():
    shares = shelf_shares(np.array([[0.5, 0.44], [0.5, 0.5]]), np.array([1, 2]))
    assert np.allclose(shares.sum(1), 1)
    assert 0.95 < shares[0, 0] < 0.99
    assert shares[1].tolist() == [0.5, 0.5]


def test_the_table_is_printed_a_line_a_head(rows):
    lines = printed(rows).splitlines()
    assert len(lines) == len(rows) + 1
    assert lines[1].startswith(rows[0].head)


def test_certainty_that_is_met_has_no_error_and_boasting_has():
    sure = np.full(100, 0.8)
    right = np.arange(100) < 80
    assert calibration_error(sure, right) == pytest.approx(0.0)
    assert calibration_error(np.full(100, 0.99), right) == pytest.approx(0.19)


@pytest.mark.parametrize("labels", [[], [1, 2] * 5, [1] * 40, [1, 2] * 5 + [3] * 10])
def test_too_few_photos_for_two_halves_are_refused_before_anything_is_learnt(labels):
    of = np.array(labels, int)
    with pytest.raises(BadValue, match="photos of"):
        fine_tuned(Photos([], of, of), Photos([], of, of), Settings(), lambda *_: None)
    few = Labelled(np.random.default_rng(1).normal(size=(len(of), 8)), of, of)
    if len(of):
        nothing = Labelled(few.features[:0], of[:0], of[:0])
        with pytest.raises(BadValue, match="photos of"):
            table(nothing, few, few, "made-up", ClassifierConfig(trees=2, hidden=2))


def test_the_half_that_judges_shows_only_categories_that_were_learnt():
    learnt, held = halves(np.array([1, 2] * 5 + [2, 3] * 5))
    assert np.flatnonzero(learnt).tolist() == list(range(10))
    assert np.flatnonzero(held).tolist() == list(range(10, 20, 2))


def test_the_networks_last_block_learns_what_it_is_shown():
    pictures = [read_pixels(picture_of(one), Settings()) for one in (0, 1)]
    config = FineTuneConfig(epochs=12, batch=4, drop=0.0)
    maps = FineTuned(config).maps(pictures).repeat(2, axis=0)
    labels = np.array([7] * 2 + [9] * 2)
    model = FineTuned(config).fit(maps, labels)
    assert model.classes_[model.decision_function(maps).argmax(1)].tolist() == labels.tolist()
    assert model.size > 1_000_000
