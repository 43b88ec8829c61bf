"""The demo's products are found by the real eye on renderings that are in no index."""

from __future__ import annotations

import numpy as np
import pytest

from vision.encoder import OnnxEncoder
from vision.findable import findable
from vision.finder import PictureFinder
from vision.head import Head, load_head, plain_head, shipped_head

RNG = np.random.default_rng(3)
NAME = "efficientnet-lite0-0123456789abcdef-whole-colours"
NEWER = "efficientnet-lite0-fedcba9876543210-whole-colours"


@pytest.fixture
def head():
    made = (RNG.normal(size=6), RNG.normal(size=6), RNG.normal(size=(6, 4)))
    return Head(NAME, *(one.astype(np.float32) for one in made))


def test_a_sample_of_the_demo_is_found_turned_relit_cropped_and_among_clutter(demo_shop):
    finder = PictureFinder(demo_shop, OnnxEncoder(demo_shop.settings.image_encoder))
    found = findable(demo_shop, finder, every=max(1, len(demo_shop.pictures.on_sale()) // 16))
    assert found.pictures >= 10
    assert len(found.missed) <= 1  # none is, here; another machine rounds otherwise
    assert found.top1 >= 0.7
    assert found.sure_wrong <= 2


def test_the_head_that_is_shipped_fits_the_encoder_that_is_shipped(demo_shop):
    encoder = OnnxEncoder(demo_shop.settings.image_encoder)
    made = shipped_head(RNG.normal(size=(5, encoder.width)), encoder.name)
    assert made is not None
    assert made.encoder == encoder.name


def test_a_shipped_head_is_set_to_the_shops_own_catalogue(head, tmp_path):
    head.halved().save(tmp_path / "eye.npz")
    pictures = RNG.normal(size=(30, 6)) + 5
    made = shipped_head(pictures, NEWER, tmp_path / "eye.npz")
    assert np.allclose(made.catalogue_centre, plain_head(pictures, NEWER).catalogue_centre)
    assert np.allclose(made.photo_centre - made.catalogue_centre, head.photo_centre - head.catalogue_centre, atol=1e-2)
    assert made.encoder == NEWER


@pytest.mark.parametrize(("encoder", "width"), [("another", 6), (NAME.replace("lite0", "lite2"), 6), (NAME, 7)])
def test_a_shipped_head_for_other_features_is_not_taken(head, tmp_path, encoder, width):
    head.save(tmp_path / "eye.npz")
    assert shipped_head(RNG.normal(size=(30, width)), encoder, tmp_path / "eye.npz") is None


@pytest.mark.parametrize("body", [None, b"", b"PK damaged"])
def test_a_missing_or_damaged_shipped_head_leaves_the_plain_one(tmp_path, body):
    if body is not None:
        (tmp_path / "eye.npz").write_bytes(body)
    assert shipped_head(RNG.normal(size=(30, 6)), NAME, tmp_path / "eye.npz") is None


def test_half_precision_changes_no_likeness_by_more_than_a_hundredth(head, tmp_path):
    head.halved().save(tmp_path / "eye.npz")
    photos = RNG.normal(size=(20, 6))
    assert np.abs(load_head(tmp_path / "eye.npz", NAME).photos(photos) - head.photos(photos)).max() < 0.01
