"""Photo-like renderings of a picture: turned, relit, cropped, on a cluttered ground.

They stand for customers' photos where there are none yet: to learn a head from a
catalogue alone, to set thresholds, and to prove that every product is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from vision.image_file import Pixels, as_image

_BICUBIC = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class RenderConfig:
    """How far a rendering may be from its picture."""

    side: int = 512
    most_degrees: float = 18.0
    least_part: float = 0.78
    """Of the picture's length that is left by a crop."""

    light: tuple[float, float] = (0.65, 1.3)
    colour: tuple[float, float] = (0.75, 1.2)
    tint: float = 0.08
    least_size: float = 0.62
    """Of the photo's length that the picture takes."""


def rendering(pixels: Pixels, rng: np.random.Generator, config: RenderConfig = RenderConfig()) -> Pixels:
    """One photo-like rendering, ``side`` by ``side``; the same generator state gives the same one."""
    photo = _clutter(rng, config.side)
    thing = _cropped(pixels, rng, config)
    size = int(config.side * rng.uniform(config.least_size, 0.95))
    layer = thing.resize((size, size), _BICUBIC).convert("RGBA")
    layer = layer.rotate(float(rng.uniform(-config.most_degrees, config.most_degrees)), _BICUBIC, expand=True)
    room = [config.side - layer.size[axis] for axis in (0, 1)]
    left, top = (int(rng.uniform(min(0, one), max(0, one) + 1)) for one in room)
    photo.paste(layer, (left, top), layer)
    photo = ImageEnhance.Brightness(photo).enhance(rng.uniform(*config.light))
    photo = ImageEnhance.Color(photo).enhance(rng.uniform(*config.colour))
    values = np.asarray(photo.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.2)))), np.float32)
    values = values * rng.uniform(1 - config.tint, 1 + config.tint, 3) * _shade(rng, config.side)
    values += rng.normal(0, 3, values.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def _cropped(pixels: Pixels, rng: np.random.Generator, config: RenderConfig) -> Image.Image:
    height, width = pixels.shape[:2]
    part = rng.uniform(config.least_part, 1.0)
    high, wide = int(height * part), int(width * part)
    top, left = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
    image: Image.Image = as_image(pixels).crop((left, top, left + wide, top + high))
    return image


def _clutter(rng: np.random.Generator, side: int) -> Image.Image:
    """A blurred ground with a few things lying about."""
    ground = Image.fromarray(rng.integers(60, 220, (4, 4, 3), dtype=np.uint8), "RGB").resize((side, side), _BICUBIC)
    for _ in range(int(rng.integers(2, 7))):
        size = rng.integers(side // 16, side // 4, 2)
        thing = Image.new("RGBA", (int(size[0]), int(size[1])), (*(int(one) for one in rng.integers(0, 256, 3)), 255))
        thing = thing.rotate(float(rng.uniform(0, 180)), expand=True)
        ground.paste(
            thing, (int(rng.integers(side)) - thing.width // 2, int(rng.integers(side)) - thing.height // 2), thing
        )
    return ground


def _shade(rng: np.random.Generator, side: int) -> np.ndarray:
    """Light that falls off to one side, [side, side, 1]."""
    angle = rng.uniform(0, 2 * np.pi)
    down, right = np.mgrid[0:side, 0:side] / side - 0.5
    return np.asarray(1 + rng.uniform(0, 0.35) * (right * np.cos(angle) + down * np.sin(angle)))[..., None]
