"""From the bytes of a 12-megapixel photo to an answer: CPU milliseconds of each stage, and the memory that the eye adds.

    python -m tests.bench.photo [--rounds N]

Photos are renderings of the shop's own pictures, enlarged and given grain; the shop
is that of the settings (`make demo`). Only CPU time is told, so that other programs do not count.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections import defaultdict
from typing import Any, Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the processes have it (deploy/environment.py); before NumPy comes

import numpy as np
from PIL import Image

from shop.front import Shop, open_shop
from shop.picture_file import clean_picture
from shop.settings import load_settings
from tests.bench.bots import resident_mb
from vision.encoder import OnnxEncoder
from vision.finder import PictureFinder
from vision.image_file import as_image, read_pixels
from vision.renderings import rendering
from vision.screenshot import is_screen

SIZE = (4032, 3024)
GRAIN = 4.0


class Stages:
    """Milliseconds of CPU by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)

    def time(self, stage: str, work: Callable[..., Any], *given: Any) -> Any:
        """Do it, and note how long it took."""
        started = time.process_time()
        made = work(*given)
        self.spent[stage].append((time.process_time() - started) * 1000)
        return made


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.photo", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="times that each photo is answered")
    rounds = parser.parse_args().rounds
    settings = load_settings()
    shop = open_shop(settings)
    photos = [_photo(shop, at) for at in range(5)]
    before = resident_mb(os.getpid())
    finder = PictureFinder(shop, OnnxEncoder(settings.image_encoder))
    finder.index.refresh(everything=True)
    stages = Stages()
    for number in range(rounds + 1):
        if number == 1:  # the first round loads the network
            stages = Stages()
        for raw in photos:
            stages.time("bytes to answer", _answer, raw, finder, settings, stages)
    for stage, spent in stages.spent.items():
        print(f"{stage:16} p50 {np.percentile(spent, 50):6.1f} ms   p95 {np.percentile(spent, 95):6.1f} ms")
    print(f"{'memory added':16} {resident_mb(os.getpid()) - before:10d} MB, {len(finder.index)} pictures")
    return 0


def _answer(raw: bytes, finder: PictureFinder, settings: Any, stages: Stages) -> None:
    stored, _, _ = stages.time("intake", clean_picture, raw, settings)
    pixels = stages.time("opening", read_pixels, stored, settings)
    stages.time("text on it?", is_screen, pixels)
    stages.time("finding", finder.find, [pixels])


def _photo(shop: Shop, number: int) -> bytes:
    """A photo of the size that phones take."""
    views = shop.pictures.on_sale()
    view = views[number * 7 % len(views)]
    rng = np.random.default_rng(number)
    thing = rendering(read_pixels(shop.pictures.file(view.path), shop.settings), rng)
    large = np.asarray(as_image(thing).resize(SIZE, Image.Resampling.BICUBIC), np.float32)
    large = large + rng.normal(0, GRAIN, (SIZE[1], SIZE[0], 1)).astype(np.float32)
    out = io.BytesIO()
    Image.fromarray(np.clip(large, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
