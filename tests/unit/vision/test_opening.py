"""How pictures are opened: no larger than needed, and read as text only where text is."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from shop.demo.pictures import draw
from shop.picture_file import LONGEST_SIDE, decoded
from shop.settings import ROOT, Settings
from tests.unit.vision.test_screenshot import drawn
from vision.screenshot import is_screen

SETTINGS = Settings(upload_limit_mb=100)


def jpeg(size: tuple[int, int]) -> bytes:
    """A smooth picture of this width and height."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.mark.parametrize(("size", "side", "wanted"), [
    ((4032, 3024), LONGEST_SIDE, (1600, 1200)),
    ((3024, 4032), LONGEST_SIDE, (1200, 1600)),
    ((4032, 3024), 512, (512, 384)),
    ((1500, 1000), LONGEST_SIDE, (1500, 1000)),
])  # fmt: skip
def test_a_picture_keeps_its_shape_and_no_side_is_larger_than_asked(size, side, wanted):
    assert decoded(jpeg(size), SETTINGS, side).size == wanted


def test_a_phone_photo_is_decoded_at_half_its_size_and_looks_like_the_whole(monkeypatch):
    raw = jpeg((4032, 3024))
    whole = Image.open(io.BytesIO(raw)).convert("RGB").resize((1600, 1200), Image.Resampling.BOX)
    loaded: list[tuple[int, int]] = []
    asked = Image.Image.thumbnail

    def spy(picture, *args, **options):
        loaded.append(picture.size)
        return asked(picture, *args, **options)

    monkeypatch.setattr(Image.Image, "thumbnail", spy)  # Pillow's, not ours: what it had decoded until then
    made = decoded(raw, SETTINGS, LONGEST_SIDE)
    assert loaded == [(2016, 1512)]
    assert np.abs(np.asarray(made, np.int16) - np.asarray(whole, np.int16)).mean() < 2


def test_a_long_screenshot_with_one_line_of_text_is_a_screen():
    assert is_screen(drawn("订单编号：2025010100000001"))


def test_a_drawing_on_even_ground_is_no_screen_though_its_neighbours_are_alike():
    icons = json.loads((ROOT / "data" / "shop" / "icons.json").read_text(encoding="utf-8"))["icons"]
    for number, icon in enumerate(sorted(icons)[:6]):
        picture = Image.open(io.BytesIO(draw(f"p{number}", icons[icon], 30 * number)))
        assert not is_screen(np.asarray(picture)), icon
