"""A head learnt from photos, classifiers and measures, on small made-up features."""

from __future__ import annotations

import numpy as np
import pytest

from shop.errors import BadIndex
from vision.classifier import ClassifierConfig, fit_best
from vision.gallery import Gallery
from vision.head import load_head, plain_head
from vision.measures import auroc, places, reciprocal, top
from vision.metric import Examples, Metric, MetricConfig
from vision.protocols import catalogue_only, not_in_shop

WIDTH, PRODUCTS, PHOTOS = 40, 30, 8


@pytest.fixture(scope="module")
def world():
    """Photos differ from their picture along ten directions that mean nothing, and by a shift of all photos."""
    rng = np.random.default_rng(5)
    nuisance = np.linalg.qr(rng.normal(size=(WIDTH, 10)))[0]
    pictures = rng.normal(size=(PRODUCTS, WIDTH))
    names = np.repeat(np.arange(PRODUCTS), PHOTOS)
    away = rng.normal(size=(len(names), 10)) @ nuisance.T * 6 + rng.normal(size=WIDTH) * 0.7
    photos = pictures[names] + away + rng.normal(size=(len(names), WIDTH)) * 0.4
    asked = names[::PHOTOS]
    queries = photos[::PHOTOS]
    kept = np.arange(len(names)) % PHOTOS != 0
    return Examples(pictures, np.arange(PRODUCTS), photos[kept], names[kept]), queries, asked


def test_a_learnt_head_finds_products_it_never_saw(world):
    examples, queries, asked = world
    plain = plain_head(examples.catalogue, "made-up")
    before = Gallery(plain.catalogue(examples.catalogue), examples.catalogue_products).scores(plain.photos(queries))
    after = catalogue_only(examples, queries, asked, "made-up")
    assert top(places(after, asked), 1) > top(places(before, asked), 1) + 0.1


def test_what_the_shop_does_not_have_is_less_like_anything(world):
    examples, queries, asked = world
    assert not_in_shop(examples, queries, asked, "made-up", photos=True) > 0.6


def test_a_head_is_kept_and_refused_for_another_encoder(world, tmp_path):
    head = Metric(world[0], "made-up", MetricConfig(width=20)).fit(world[0])
    head.save(tmp_path / "head.npz")
    again = load_head(tmp_path / "head.npz", "made-up")
    assert np.allclose(again.photos(world[1]), head.photos(world[1]))
    with pytest.raises(BadIndex, match="another"):
        load_head(tmp_path / "head.npz", "another")


def test_a_damaged_head_is_refused(tmp_path):
    (tmp_path / "head.npz").write_bytes(b"nothing")
    with pytest.raises(BadIndex):
        load_head(tmp_path / "head.npz", "made-up")


def test_the_best_of_four_kinds_of_head_is_kept_with_honest_probabilities(world):
    examples, queries, asked = world
    labels, of = examples.photo_products % 3, examples.photo_products
    config = ClassifierConfig(trees=10, hidden=8)
    best = fit_best(examples.photos, labels, np.arange(len(of)), config)
    assert set(best.table) == {"linear", "svm", "forest", "network"}
    assert best.table[best.kind] == max(best.table.values())
    shares = best.probabilities(queries)
    assert np.allclose(shares.sum(1), 1)
    right = (best.classes[shares.argmax(1)] == asked % 3).mean()
    assert right > 0.6
    assert abs(shares.max(1).mean() - right) < 0.25
    assert best.guess(queries[0], in_shop=0.1).category is None


def test_places_count_ties_against_the_right_one():
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 0.0]])
    found = places(scores, np.array([1, 0]))
    assert found.tolist() == [1, 1]
    assert (top(found, 1), top(found, 2), reciprocal(found)) == (0.0, 1.0, 0.5)


def test_auroc_is_a_half_for_equal_scores_and_one_for_parted_ones():
    assert auroc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    assert auroc(np.array([2.0, 3.0]), np.array([1.0, 0.0])) == 1.0
