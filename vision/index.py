"""Looks at every picture of the shop that has not been looked at yet.

    python -m vision.index

`make run` and `make demo` do this; a running shop does it by itself when a few
pictures change. Looking at 450 pictures takes about half a minute the first time.
"""

from __future__ import annotations

import argparse
import sys
import time

from shop.errors import ShopError
from shop.front import open_shop
from shop.settings import load_settings
from vision.encoder import OnnxEncoder
from vision.picture_index import PictureIndex


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m vision.index", description=__doc__.splitlines()[0])
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    quiet = parser.parse_args(arguments).quiet
    try:
        settings = load_settings()
        index = PictureIndex(open_shop(settings), OnnxEncoder(settings.image_encoder, threads=2))
        started = time.monotonic()
        done = [0]

        def tell(count: int, of: int) -> None:
            done[0] = of
            if not quiet:
                print(f"\r→ looking at new pictures: {count} of {of}", end="", flush=True)

        index.refresh(everything=True, told=tell)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    if not quiet:
        end = f"\n→ {len(index)} pictures can be searched, after {time.monotonic() - started:.0f} s"
        print(end if done[0] else "→ the picture index is up to date", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
