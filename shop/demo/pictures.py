"""One picture a product: its icon on a tinted ground, each in its own way.

Icons are Microsoft's Fluent Emoji (flat, MIT), vendored in data/shop/icons.json
and drawn by resvg. A product's code decides shape, gradient, angle, size and
second tint, so the same product always looks the same.
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from shop.demo.catalogue import Goods
from shop.demo.writer import Row

SIDE = 480
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 32 32">'
_DRAWN = 2
"""Grows when the same product is drawn in another way, so that cached pictures are made anew."""


def make_pictures(goods: Goods, icons: dict[str, str], folder: Path) -> list[Row]:
    """Draw what is not there yet; returns the rows of all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for product, (icon, hue) in zip(goods.products, goods.icons, strict=True):
        key = f"{_DRAWN}:{product['code']}:{icon}:{hue}:{icons.get(icon, '')}"
        name = f"{product['code'].lower()}-{hashlib.sha256(key.encode()).hexdigest()[:8]}.jpg"
        path = folder / name
        if not path.is_file():
            body = draw(product["code"], icons.get(icon) or icons["wrapped-gift"], hue)
            path.with_suffix(".part").write_bytes(body)
            path.with_suffix(".part").replace(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append({"id": len(rows) + 1, "product_id": product["id"], "path": name, "sha256": digest, "position": 0})
    return rows


def draw(code: str, body: str, hue: int) -> bytes:
    """A picture of 480 by 480 as JPEG."""
    seed = np.frombuffer(hashlib.sha256(code.encode()).digest(), dtype=np.uint32)
    rng = np.random.default_rng(seed)
    light, deep = _tint(hue, 0.28, 0.96), _tint(hue + int(rng.integers(25, 70)), 0.5, 0.86)
    ground = _gradient(light, deep, rng.uniform(0, 2 * math.pi))
    _shape(ground, int(rng.integers(5)), _tint(hue + 180 + int(rng.integers(-40, 40)), 0.3, 0.93), rng)
    size = int(rng.integers(230, 300))
    icon = _icon(body).resize((size, size), Image.Resampling.BILINEAR)
    icon = icon.rotate(float(rng.uniform(-14, 14)), Image.Resampling.BILINEAR, expand=True)
    if rng.random() < 0.3:
        icon = icon.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    place = tuple(int((SIDE - icon.size[at]) / 2 + rng.integers(-18, 19)) for at in (0, 1))
    ground.paste(_tint(hue, 0.6, 0.45), (place[0] + 8, place[1] + 12), icon.getchannel("A").point(lambda one: one // 5))
    ground.paste(icon, place, icon)
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=88)
    return out.getvalue()


@lru_cache(maxsize=256)
def _icon(body: str) -> Any:
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=f"{_SVG}{body}</svg>", width=280, height=280, skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def _tint(hue: int, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _gradient(one: tuple[int, int, int], other: tuple[int, int, int], angle: float) -> Any:
    down, right = np.mgrid[0:60, 0:60] / 59 - 0.5
    part = np.clip((right * math.cos(angle) + down * math.sin(angle)) / 1.42 + 0.5, 0, 1)[..., None]
    pixels = np.array(one) * (1 - part) + np.array(other) * part
    return Image.fromarray(pixels.astype(np.uint8), "RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _shape(ground: Any, kind: int, colour: tuple[int, int, int], rng: np.random.Generator) -> None:
    """A disc, a rounded square, a turned square, stripes or a hill behind the icon."""
    pen = ImageDraw.Draw(ground)
    middle, radius = SIDE // 2, int(rng.integers(165, 215))
    box = (middle - radius, middle - radius, middle + radius, middle + radius)
    if kind == 0:
        pen.ellipse(box, fill=colour)
    elif kind == 1:
        pen.rounded_rectangle(box, radius=int(rng.integers(30, 90)), fill=colour)
    elif kind == 2:
        pen.regular_polygon((middle, middle, radius + 20), int(rng.integers(4, 9)), int(rng.integers(90)), fill=colour)
    elif kind == 3:
        width = int(rng.integers(26, 60))
        for begin in range(-SIDE, SIDE, 2 * width):
            pen.polygon(
                [(begin, SIDE), (begin + width, SIDE), (begin + width + SIDE, 0), (begin + SIDE, 0)], fill=colour
            )
    else:
        top = int(rng.integers(230, 330))
        pen.ellipse((-140, top, SIDE + 140, top + 2 * SIDE), fill=colour)
