"""Colours of the thing on a picture: what convolutional features of shape leave out."""

from __future__ import annotations

import numpy as np
from PIL import Image

from vision.image_file import Pixels, as_image

HUES, SATURATIONS, VALUES = 12, 3, 3
WIDTH = HUES * SATURATIONS * VALUES
_SIDE = 64
_NEAR = np.exp(-2.5 * (np.square(np.mgrid[0:_SIDE, 0:_SIDE] / (_SIDE - 1) - 0.5).sum(0)) / 0.25)


def colour_features(pixels: Pixels) -> np.ndarray:
    """A histogram over hue, saturation and value, the middle weighing most; float32 [108].

    Square roots of shares, so that an inner product is the Bhattacharyya coefficient.
    """
    small = as_image(pixels).resize((_SIDE, _SIDE), Image.Resampling.BOX).convert("HSV")
    hue, saturation, value = (np.asarray(small, np.int32)[..., axis] for axis in range(3))
    cell = (hue * HUES // 256 * SATURATIONS + saturation * SATURATIONS // 256) * VALUES + value * VALUES // 256
    shares = np.bincount(cell.reshape(-1), _NEAR.reshape(-1), WIDTH)
    return np.asarray(np.sqrt(shares / shares.sum()), np.float32)
