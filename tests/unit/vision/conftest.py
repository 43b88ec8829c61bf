"""Products with pictures, and an eye that needs no network: it sees colours on a grid."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from shop.demo.pictures import draw
from shop.settings import ROOT

ICONS = json.loads((ROOT / "data" / "shop" / "icons.json").read_text(encoding="utf-8"))["icons"]
THINGS = ("backpack", "teapot", "running-shoe", "guitar", "headphone", "lipstick", "camera", "scarf")


class ColourEye:
    """Mean colours of a grid of four by four."""

    name = "colours"
    width = 48

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures):
        self.seen += len(pictures)
        rows = [np.asarray(Image.fromarray(one).resize((4, 4), Image.Resampling.BOX), np.float32) for one in pictures]
        return np.stack([row.reshape(-1) / 255 for row in rows]) if rows else np.zeros((0, 48), np.float32)


@pytest.fixture
def eye() -> ColourEye:
    return ColourEye()


def picture_of(number: int) -> bytes:
    """A drawn picture of one of some things; each number gives another."""
    names = [one for one in THINGS if one in ICONS] or list(ICONS)[:8]
    return draw(f"p{number}", ICONS[names[number % len(names)]], 47 * number % 360)
