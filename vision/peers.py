"""What pictures were compared by before networks; every figure of ours stands beside these."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.fft import dctn

from vision.colours import colour_features
from vision.image_file import Pixels, as_image

CELLS, ANGLES = 8, 9


def hog_and_colours(pixels: Pixels) -> np.ndarray:
    """Histograms of gradient directions (Dalal and Triggs 2005) over 8 by 8 cells, and of colours."""
    grey = np.asarray(as_image(pixels).convert("L").resize((128, 128), Image.Resampling.BOX), np.float32)
    down, right = np.gradient(grey)
    strength, angle = np.hypot(down, right), np.arctan2(down, right) % np.pi
    bins = np.minimum((angle / np.pi * ANGLES).astype(int), ANGLES - 1)
    cell = np.arange(128) * CELLS // 128
    place = (cell[:, None] * CELLS + cell[None, :]) * ANGLES + bins
    sums = np.bincount(place.reshape(-1), strength.reshape(-1), CELLS * CELLS * ANGLES).reshape(-1, ANGLES)
    edges = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-3)
    flat = edges.reshape(-1) / (np.linalg.norm(edges) + 1e-9)
    return np.asarray(np.concatenate([flat, colour_features(pixels)]), np.float32)


def perceptual_hash(pixels: Pixels) -> np.ndarray:
    """Signs of the 64 lowest cosines but the mean ("pHash", Zauner 2010), as -1 and 1."""
    grey = np.asarray(as_image(pixels).convert("L").resize((32, 32), Image.Resampling.BOX), np.float32)
    low = dctn(grey, norm="ortho")[:8, :8].reshape(-1)
    return np.where(low > np.median(low[1:]), 1.0, -1.0).astype(np.float32)
