"""Whether every product of the shop is found on photo-like renderings of its pictures.

    python -m vision.findable [--every N] [--json]

No rendering is in the index, and none was trained on: training draws from other seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from typing import Callable

import numpy as np

from shop.errors import BadPicture, ShopError
from shop.front import Shop, open_shop
from shop.pictures import PictureView
from shop.settings import load_settings
from vision.encoder import OnnxEncoder
from vision.finder import PictureFinder
from vision.findings import Certainty
from vision.image_file import read_pixels
from vision.renderings import rendering

SEED = 7_000_000
"""Added to a picture's number; training takes the numbers themselves."""


@dataclass(frozen=True)
class Findable:
    """What became of renderings: how many there were, of how many products, and where the right ones stood."""

    pictures: int
    top1: float
    top5: float
    sure: float
    """Share that the finder was sure of."""

    sure_wrong: int
    missed: tuple[str, ...]
    """Codes of products that were not among the first five."""


def findable(
    shop: Shop,
    finder: PictureFinder,
    *,
    every: int = 1,
    turn: int = 0,
    told: Callable[[int, int], None] = lambda *_: None,
) -> Findable:
    """Look for every product on sale by one rendering of each of its pictures.

    Args:
        shop: whose pictures.
        finder: the eye; it follows the shop first.
        every: 2 takes every second picture, and so on.
        turn: another number gives other renderings.
        told: hears (pictures done, pictures to do).
    """
    finder.index.refresh(everything=True)
    views = shop.pictures.on_sale()[::every]
    places: list[int] = []
    missed: list[str] = []
    sure = wrong = 0
    for done, view in enumerate(views, 1):
        pixels = _picture(shop, view)
        if pixels is None:
            continue
        finding = finder.find([rendering(pixels, np.random.default_rng([SEED + view.id, turn]))])[0]
        codes = [hit.code for hit in finding.hits]
        place = codes.index(view.product_code) if view.product_code in codes else len(codes) + 5
        if finding.certainty is Certainty.SURE:
            sure += 1
            wrong += place > 0
        if place >= 5:
            missed.append(view.product_code)
        places.append(place)
        told(done, len(views))
    found = np.array(places)
    return Findable(
        len(found),
        float((found == 0).mean()),
        float((found < 5).mean()),
        sure / max(len(found), 1),
        wrong,
        tuple(missed),
    )


def _picture(shop: Shop, view: PictureView) -> np.ndarray | None:
    try:
        return read_pixels(shop.pictures.file(view.path), shop.settings)
    except (OSError, BadPicture):
        return None


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code; 1 when a product was missed."""
    parser = argparse.ArgumentParser(prog="python -m vision.findable", description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every Nth picture only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        shop = open_shop(settings)
        found = findable(shop, PictureFinder(shop, OnnxEncoder(settings.image_encoder)), every=max(1, given.every))
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(asdict(found)))
    else:
        for name, value in asdict(found).items():
            print(f"{name:12} {json.dumps(value)}")
    return 1 if found.missed else 0


if __name__ == "__main__":
    sys.exit(main())
