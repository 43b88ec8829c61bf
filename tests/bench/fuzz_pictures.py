"""Broken picture files against the intake: `make fuzz`, or python -m tests.bench.fuzz_pictures [--files N].

Each file is a valid picture of some format that was cut, spliced, scrambled or
given another size in its head. It must be taken or refused with ``BadPicture``,
within two seconds of CPU, and the process must stay below 500 MB.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from shop.errors import BadPicture
from shop.picture_file import clean_picture
from shop.settings import Settings

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
MOST_CPU_S = 2.0
MOST_MB = 500


@dataclass
class Outcome:
    """What became of the files."""

    files: int = 0
    taken: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    peak_mb: float = 0.0


def samples() -> list[bytes]:
    """Valid pictures of every format and of odd kinds: grey, palette, alpha, CMYK, 16 bits, moving, one pixel."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    rng = np.random.default_rng(7)
    base = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8), "RGB").resize((160, 120))
    found = [_saved(base, kind) for kind in FORMATS]
    found += [
        _saved(base.convert("CMYK"), "JPEG"),
        _saved(base.convert("L"), "JPEG"),
        _saved(base, "JPEG", progressive=True),
    ]
    found += [_saved(base.convert(mode), "PNG") for mode in ("RGBA", "P", "L", "LA", "1")]
    deep = Image.fromarray(rng.integers(0, 65535, (40, 40)).astype(np.uint16))
    found += [_saved(deep, "PNG"), _saved(Image.new("RGB", (1, 1)), "PNG")]
    frames = [Image.new("P", (40, 40), one) for one in range(4)]
    found.append(_saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    found.append(_saved(base, "WEBP", save_all=True, append_images=[base.rotate(90)]))
    return found


def _saved(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def mutated(raw: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The file, broken in one to three ways."""
    body = bytearray(raw)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(body) + 1))
        way = int(rng.integers(7))
        if way == 0:
            del body[at:]
        elif way == 1:
            for place in rng.integers(0, max(1, len(body)), 8):
                if len(body):
                    body[int(place) % len(body)] = int(rng.integers(256))
        elif way == 2:
            body[at:at] = other[: int(rng.integers(len(other)))]
        elif way == 3:
            body[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"])
        elif way == 4 and len(body) > 40:
            head = int(rng.integers(4, 40))  # where widths and heights stand
            body[head : head + 2] = bytes(rng.integers(0, 256, 2).tolist())
        elif way == 5:
            body += other[int(rng.integers(len(other))) :]
        else:
            body[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 200))).tolist())
    return bytes(body)


def fuzz(files: int, seed: int = 1) -> Outcome:
    """Break and offer files.

    Raises:
        AssertionError: one raised another error, or took too long.
    """
    settings, rng, outcome = Settings(), np.random.default_rng(seed), Outcome()
    kinds = samples()
    for number in range(files):
        raw = mutated(kinds[number % len(kinds)], kinds[int(rng.integers(len(kinds)))], rng)
        started = time.process_time()
        try:
            body, width, height = clean_picture(raw, settings)
            assert body[:2] == b"\xff\xd8"
            assert min(width, height) > 0
            outcome.taken += 1
        except BadPicture as error:
            assert error.facts["why"] in {"empty", "size", "pixels", "format", "damaged"}, error.facts
            outcome.refused += 1
        spent = time.process_time() - started
        assert spent < MOST_CPU_S, f"file {number} of seed {seed} took {spent:.1f} s"
        outcome.slowest_s = max(outcome.slowest_s, spent)
        outcome.files += 1
    outcome.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    return outcome


def main() -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fuzz_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = fuzz(given.files, given.seed)
    print(outcome)
    return 0 if outcome.peak_mb < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
