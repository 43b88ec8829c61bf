"""Asks the shop's eye about pictures that show nothing of the shop: portraits, landscapes, screenshots, textures.

    python -m vision.strangers FOLDER_OR_ZIP… [--json]

Nothing in them is sold, so that an honest answer names no product and no kind. A wheel is
a ZIP file too (`pip download --no-deps scikit-image==0.17.2` brings 26 pictures).
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterable, Iterator

from shop.errors import BadPicture, BadValue, ShopError
from shop.front import open_shop
from shop.settings import Settings, load_settings
from vision.encoder import OnnxEncoder
from vision.finder import PictureFinder
from vision.findings import Certainty
from vision.image_file import Pixels, read_pixels
from vision.train import SUFFIXES


@dataclass(frozen=True)
class Strangers:
    """What was said of pictures of no product."""

    pictures: int = 0
    sure: int = 0
    """One product was named."""

    shown: int = 0
    """Some products were shown to choose from."""

    kind_named: int = 0
    """Only a category was asked about."""

    unknown: int = 0
    """It was said that the shop has no such thing, or that nothing is to be seen."""


def ask(finder: PictureFinder, pictures: Iterable[Pixels]) -> Strangers:
    """What the finder says of each picture."""
    found = [finder.find([one])[0] for one in pictures]
    sure = sum(one.certainty is Certainty.SURE for one in found)
    shown = sum(one.certainty is Certainty.CHOOSE for one in found)
    named = sum(one.certainty is Certainty.UNKNOWN and one.category is not None for one in found)
    return Strangers(len(found), sure, shown, named, len(found) - sure - shown - named)


def pictures_in(places: Iterable[Path], settings: Settings) -> Iterator[Pixels]:
    """Pictures of folders and ZIP files, those that can be opened.

    Raises:
        BadValue: a place is neither.
    """
    for place in places:
        for raw in _files(place):
            try:
                yield read_pixels(raw, settings)
            except BadPicture:
                continue


def _files(place: Path) -> Iterator[bytes]:
    if place.is_dir():
        yield from (one.read_bytes() for one in sorted(place.rglob("*")) if one.suffix.lower() in SUFFIXES)
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as content:
            names = sorted(one for one in content.namelist() if Path(one).suffix.lower() in SUFFIXES)
            yield from (content.read(one) for one in names)
    else:
        raise BadValue(f"{place}: give a folder or a ZIP file of pictures")


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m vision.strangers", description=__doc__.splitlines()[0])
    parser.add_argument("places", type=Path, nargs="+", metavar="FOLDER_OR_ZIP")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        finder = PictureFinder(open_shop(settings), OnnxEncoder(settings.image_encoder))
        finder.index.refresh(everything=True)
        said = asdict(ask(finder, pictures_in(given.places, settings)))
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(said) if given.json else "\n".join(f"{name:12} {value}" for name, value in said.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
