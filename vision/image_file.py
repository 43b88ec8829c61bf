"""Opens a picture for the eye: upright RGB pixels, decoded no larger than needed.

What customers send has been checked and cleaned by ``shop.picture_file`` before
it is kept; this module also takes raw bytes (evaluation, training), under the
same caps and with the same errors.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shop.picture_file import decoded
from shop.settings import Settings

SIDE = 512
"""No side of a picture is looked at larger than this: twice what encoders take."""

Pixels = np.ndarray
"""uint8 of shape [height, width, 3], RGB."""


def read_pixels(source: bytes | Path, settings: Settings, side: int = SIDE) -> Pixels:
    """Upright pixels of a picture file, no side over ``side``.

    A JPEG is decoded at an eighth, a quarter or half of its size where that is
    enough, which takes a 12-megapixel photograph a fifth of the time.

    Raises:
        BadPicture: see ``shop.picture_file.clean_picture``.
        NotFound: the file is gone.
    """
    raw = source if isinstance(source, bytes) else source.read_bytes()
    return np.asarray(decoded(raw, settings, side))


def as_image(pixels: Pixels) -> Any:
    """The pixels as Pillow's image."""
    return Image.fromarray(pixels, "RGB")


def to_jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """The pixels as a JPEG."""
    out = io.BytesIO()
    as_image(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()
