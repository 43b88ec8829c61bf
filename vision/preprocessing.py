"""What is done to a picture before an encoder sees it, and whether it is worth looking at.

Everything here is numpy and Pillow on small pictures; a whole pass takes a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from vision.image_file import Pixels, as_image

_BICUBIC = Image.Resampling.BICUBIC


class Flaw(str, Enum):
    """Why a photo can't be looked at."""

    DARK = "dark"
    BLURRED = "blurred"
    TINY = "tiny"
    BLANK = "blank"


@dataclass(frozen=True)
class EyeConfig:
    """How a photo is judged and prepared; lengths in pixels, brightness from 0 to 255."""

    least_side: int = 32
    judge_side: int = 256
    dark_below: float = 22.0
    """A picture whose brightest tenth is darker than this shows nothing."""
    sharp_from: float = 7.0
    """Variance of the Laplacian (Pech-Pacheco 2000) below which a photo is blurred."""
    blank_below: float = 3.0
    """Standard deviation of brightness below which there is nothing to see."""
    noisy_from: float = 9.0
    """Noise (Immerkær 1996) from which a median filter helps."""
    balance_at_most: float = 1.25
    """No channel is multiplied by more when the light is corrected."""


def flaw_of(pixels: Pixels, config: EyeConfig = EyeConfig()) -> Flaw | None:
    """What makes a photo useless, or None when it can be looked at."""
    height, width = pixels.shape[:2]
    if min(height, width) < config.least_side:
        return Flaw.TINY
    grey = _grey(pixels, config.judge_side)
    if float(np.percentile(grey, 90)) < config.dark_below:
        return Flaw.DARK
    if float(grey.std()) < config.blank_below:
        return Flaw.BLANK
    # The sharpest of nine fields counts: a sharp thing before a soft background is a good photo.
    edges = np.abs(_laplacian(grey))
    fields = [field.var() for row in np.array_split(edges, 3) for field in np.array_split(row, 3, axis=1)]
    return Flaw.BLURRED if max(fields) < config.sharp_from else None


def prepared(pixels: Pixels, config: EyeConfig = EyeConfig()) -> Pixels:
    """Light corrected a little (grey world, bounded), noise taken off where there is much."""
    balanced = white_balanced(pixels, config.balance_at_most)
    if noise_of(balanced, config) < config.noisy_from:
        return balanced
    return np.asarray(as_image(balanced).filter(ImageFilter.MedianFilter(3)))


def white_balanced(pixels: Pixels, at_most: float) -> Pixels:
    """Grey-world correction (Buchsbaum 1980), halved and bounded: an orange is no coloured light."""
    means = pixels.reshape(-1, 3)[:: max(1, pixels.size // 60_000)].mean(axis=0) + 1.0
    gains = np.clip(np.sqrt(means.mean() / means), 1 / at_most, at_most)
    if np.abs(gains - 1).max() < 0.02:
        return pixels
    table = np.clip(np.arange(256)[:, None] * gains, 0, 255).astype(np.uint8)
    return np.stack([table[pixels[..., channel], channel] for channel in range(3)], axis=-1)


def noise_of(pixels: Pixels, config: EyeConfig = EyeConfig()) -> float:
    """Standard deviation of the noise (Immerkær 1996, "Fast noise variance estimation")."""
    grey = _grey(pixels, 2 * config.judge_side)
    if min(grey.shape) < 3:
        return 0.0
    second = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    mask = second[:, :-2] - 2 * second[:, 1:-1] + second[:, 2:]
    return float(np.abs(mask).mean() * np.sqrt(np.pi / 2) / 6)


def salient_box(pixels: Pixels) -> tuple[int, int, int, int]:
    """Where the thing stands: left, top, right, bottom in pixels.

    Cells far in colour from the picture's border, or full of edges, weigh most;
    the box holds all but a twentieth of the weight on each side, and never less
    than half of the picture's length.
    """
    height, width = pixels.shape[:2]
    small = np.asarray(as_image(pixels).resize((48, 48), Image.Resampling.BOX), np.float32)
    border = np.concatenate([small[:3].reshape(-1, 3), small[-3:].reshape(-1, 3), small[:, :3].reshape(-1, 3),
                             small[:, -3:].reshape(-1, 3)])  # fmt: skip
    away = np.linalg.norm(small - np.median(border, axis=0), axis=2)
    grey = small.mean(2)  # the border itself is no edge
    edges = np.abs(np.diff(grey, axis=0, prepend=grey[:1])) + np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    weight = away / (away.mean() + 1e-6) + edges / (edges.mean() + 1e-6)
    weight = np.where(weight > weight.mean(), weight, 0.0)
    left, right = _span(weight.sum(0), width)
    top, bottom = _span(weight.sum(1), height)
    return left, top, right, bottom


def _span(weight: np.ndarray, length: int) -> tuple[int, int]:
    total = np.cumsum(weight) / max(float(weight.sum()), 1e-9)
    cells = len(weight)
    low, high = int(np.searchsorted(total, 0.05)), int(np.searchsorted(total, 0.95)) + 1
    missing = cells // 2 - (high - low)
    if missing > 0:
        low = min(max(0, low - missing // 2), cells // 2)
        high = min(cells, low + cells // 2)
    return low * length // cells, max(high * length // cells, low * length // cells + 1)


def squashed(pixels: Pixels, side: int) -> Pixels:
    """The whole picture as a square."""
    return np.asarray(as_image(pixels).resize((side, side), _BICUBIC, reducing_gap=2.0))


def cropped(pixels: Pixels, side: int, part: float) -> Pixels:
    """The middle of a picture as a square; ``part`` of its shorter side."""
    height, width = pixels.shape[:2]
    length = max(1, round(min(height, width) * part))
    left, top = (width - length) // 2, (height - length) // 2
    box = (left, top, left + length, top + length)
    return np.asarray(as_image(pixels).resize((side, side), _BICUBIC, box=box, reducing_gap=2.0))


def boxed(pixels: Pixels, side: int, box: tuple[int, int, int, int]) -> Pixels:
    """A part of a picture as a square."""
    return np.asarray(as_image(pixels).resize((side, side), _BICUBIC, box=box, reducing_gap=2.0))


def _grey(pixels: Pixels, side: int) -> np.ndarray:
    image: Any = as_image(pixels).convert("L")
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image, np.float32)


def _laplacian(grey: np.ndarray) -> np.ndarray:
    if min(grey.shape) < 3:
        return np.zeros((3, 3), np.float32)
    inner = grey[1:-1, 1:-1]
    return grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
