"""Portraits, landscapes, screenshots and textures are called no product of the demo shop, by the real eye."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from shop.errors import BadValue
from shop.settings import ROOT, Settings
from vision.encoder import OnnxEncoder
from vision.finder import PictureFinder
from vision.strangers import ask, pictures_in

SHIPPED = (("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"), ("sklearn", "datasets/images"))


def textures() -> list[np.ndarray]:
    """Noise, stripes, a slope of light, waves."""
    rng = np.random.default_rng(6)
    down, right = np.mgrid[0:256, 0:256]
    waves = 127 + 120 * np.sin(right / 9 + np.sin(down / 31) * 3)
    greys = (down % 32 * 8.0, right * 1.0, waves)
    noise = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    return [noise, *(np.repeat(one[..., None], 3, 2).astype(np.uint8) for one in greys)]


def test_what_shows_nothing_of_the_shop_is_called_nothing_of_it(demo_shop, tmp_path):
    with zipfile.ZipFile(tmp_path / "shipped.zip", "w") as box:
        for package, inside in SHIPPED:
            place = Path(find_spec(package).origin).parent / inside
            for one in sorted(place.glob("*.jpg")) if place.is_dir() else [place]:
                box.write(one, one.name)
    finder = PictureFinder(demo_shop, OnnxEncoder(demo_shop.settings.image_encoder))
    finder.index.refresh(everything=True)
    said = ask(
        finder, [*pictures_in([tmp_path / "shipped.zip", ROOT / "web" / "screenshots"], Settings()), *textures()]
    )
    assert said.pictures >= 10
    assert said.sure == 0
    assert said.shown <= 1
    assert said.unknown >= 0.8 * said.pictures


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("no picture")
    with pytest.raises(BadValue, match="folder"):
        list(pictures_in([tmp_path / "note.txt"], Settings()))
