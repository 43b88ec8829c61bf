"""``python -m vision.train`` from a shop's own photos to the head that serving loads."""

from __future__ import annotations

import numpy as np
import pytest

from shop.errors import BadValue
from tests.unit.vision.conftest import picture_of
from vision.image_file import read_pixels, to_jpeg
from vision.picture_index import PictureIndex
from vision.train import train

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PRODUCTS, PHOTOS = 24, 4


@pytest.fixture
def photographed(shop, build, tmp_path):
    """Products with a picture each, and a folder of photos of them under lamps of many colours."""
    rng = np.random.default_rng(11)
    for number in range(PRODUCTS):
        product = build.product(f"第{number}种")
        build.picture(product, picture_of(number))
        folder = tmp_path / "photos" / product.code
        folder.mkdir(parents=True)
        pixels = read_pixels(picture_of(number), shop.settings).astype(np.float32)
        for at in range(PHOTOS):
            lamp = rng.uniform(0.45, 1.0, 3) * np.linspace(1, rng.uniform(0.4, 1), pixels.shape[1])[None, :, None]
            (folder / f"{at}.jpg").write_bytes(to_jpeg(np.clip(pixels * lamp, 0, 255).astype(np.uint8)))
    return tmp_path / "photos"


def test_what_photos_teach_helps_on_products_that_were_left_out_and_is_what_serving_loads(shop, photographed, eye):
    told = train(shop, eye, photographed, renderings=0)
    assert (told["products"], told["photos"]) == (PRODUCTS, PRODUCTS * PHOTOS)
    assert told["learnt_top1"] > told["plain_top1"]
    assert told["kept"]
    index = PictureIndex(shop, eye)
    index.refresh(everything=True)
    assert round(index.head.facts["learnt_top1"], 4) == told["learnt_top1"]


def test_a_running_index_takes_a_new_head_up_by_itself(shop, photographed, eye):
    index = PictureIndex(shop, eye)
    index.refresh(everything=True)
    assert index.head.facts == {}
    train(shop, eye, photographed, renderings=0)
    index.refresh()
    assert "learnt_top1" in index.head.facts


def test_a_head_for_other_shops_is_written_where_it_was_asked_for(shop, photographed, eye, tmp_path):
    train(shop, eye, photographed, renderings=0, out=tmp_path / "eye.npz")
    with np.load(tmp_path / "eye.npz") as content:
        assert content["matrix"].dtype == np.float16
    index = PictureIndex(shop, eye)
    index.refresh(everything=True)
    assert index.head.facts == {}


def test_photos_of_too_few_products_are_refused(shop, build, eye):
    build.picture(build.product("只有一种"), picture_of(0))
    with pytest.raises(BadValue, match="at least"):
        train(shop, eye, None, renderings=1)
