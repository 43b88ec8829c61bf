"""Learns the eye's head from the shop's own pictures.

    python -m vision.train [--photos DIR] [--renderings N]

``--photos`` names a folder with one folder of photos a product, called by the
product's code. Without photos (or beside them) photo-like renderings of the
catalogue's pictures teach: turned, relit, cropped, on cluttered ground. A part of
the products is left out first, and the new head is kept only if it finds more of
their photos than the plain one does, none of which it was trained on. The same
photos teach how sure to be (``vision.certainty``).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Sequence

import numpy as np

from shop.errors import BadPicture, BadValue, ShopError
from shop.front import Shop, open_shop
from shop.settings import load_settings
from vision.certainty import first_and_lead, learnt_curve
from vision.encoder import ImageEncoder, OnnxEncoder
from vision.gallery import Gallery
from vision.head import Head, plain_head
from vision.image_file import Pixels, read_pixels
from vision.measures import places, top
from vision.metric import Examples, Metric
from vision.picture_index import index_folder
from vision.preprocessing import prepared
from vision.protocols import UNSEEN
from vision.renderings import rendering

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif"})
LEFT_OUT = 4
"""One product in so many judges the head."""


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m vision.train", description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of photos: CODE/photo.jpg")
    parser.add_argument(
        "--renderings", type=int, default=None, help="renderings of each picture (default 3 without photos)"
    )
    parser.add_argument("--out", type=Path, help="write the head there, in half precision, to be shipped")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        encoder = OnnxEncoder(settings.image_encoder, threads=2)
        count = given.renderings if given.renderings is not None else (0 if given.photos else 3)
        told = train(open_shop(settings), encoder, given.photos, count, given.out)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(told))
    return 0


def train(
    shop: Shop, encoder: ImageEncoder, photos: Path | None, renderings: int, out: Path | None = None
) -> dict[str, float | int | bool]:
    """Learn, judge and keep a head; the index takes it at its next look.

    Returns:
        Products and photos; top-1 of the plain and of the learnt head on products left out; whether it was kept.

    Raises:
        BadValue: there are too few products or photos to learn from.
    """
    examples = _examples(shop, encoder, photos, renderings)
    products = np.unique(examples.photo_products)
    if len(products) < 2 * LEFT_OUT:
        raise BadValue(f"photos of {len(products)} products: give some of at least {2 * LEFT_OUT}")
    left = products[::LEFT_OUT]
    seen = examples.only(np.setdiff1d(np.unique(examples.catalogue_products), left))
    learnt = Metric(seen, encoder.name, UNSEEN).fit(seen)
    plain, better = (_judge(head, examples, left) for head in (plain_head(examples.catalogue, encoder.name), learnt))
    kept = better > plain
    if kept:
        head = Metric(examples, encoder.name, UNSEEN).fit(examples)
        head.facts = {"plain_top1": plain, "learnt_top1": better, "curve": _curve(learnt, examples, left)}
        if out is not None:
            head.halved().save(out)
        else:
            head.save(index_folder(shop, encoder) / "head.npz")
    return {"products": len(products), "photos": len(examples.photos), "plain_top1": round(plain, 4),
            "learnt_top1": round(better, 4), "kept": kept}  # fmt: skip


def _judge(head: Head, examples: Examples, out: np.ndarray) -> float:
    """Top-1 of the photos of some products among the whole catalogue."""
    gallery = Gallery(head.catalogue(examples.catalogue), examples.catalogue_products)
    asked = np.isin(examples.photo_products, out)
    scores = gallery.scores(head.photos(examples.photos[asked]))
    return top(places(scores, np.searchsorted(gallery.products, examples.photo_products[asked])), 1)


def _curve(head: Head, examples: Examples, left: np.ndarray) -> list[float] | None:
    """How sure to be of what: photos of the products left out, once among the whole catalogue, once without them."""
    asked = np.isin(examples.photo_products, left)
    photos, right = head.photos(examples.photos[asked]), examples.photo_products[asked]
    pictures, products = head.catalogue(examples.catalogue), examples.catalogue_products
    known = Gallery(pictures, products)
    scores = known.scores(photos)
    others = ~np.isin(products, left)
    strangers = Gallery(pictures[others], products[others]).scores(photos)
    found = known.products[scores.argmax(1)] == right
    return learnt_curve(first_and_lead(scores), found, first_and_lead(strangers))


def _examples(shop: Shop, encoder: ImageEncoder, photos: Path | None, renderings: int) -> Examples:
    views = shop.pictures.on_sale()
    number = {code: at for at, code in enumerate(dict.fromkeys(one.product_code for one in views))}
    pictures: list[Pixels] = []
    names: list[int] = []
    for one in views:
        try:
            pictures.append(read_pixels(shop.pictures.file(one.path), shop.settings))
            names.append(number[one.product_code])
        except (OSError, BadPicture):
            continue
    taken: list[Pixels] = []
    of: list[int] = []
    for at, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        rng = np.random.default_rng(at)
        taken += [prepared(rendering(picture, rng)) for _ in range(renderings)]
        of += [name] * renderings
    for path, name in _photo_files(photos, number):
        try:
            taken.append(prepared(read_pixels(path, shop.settings)))
            of.append(name)
        except (OSError, BadPicture) as error:
            print(f"{path}: left out ({error})", file=sys.stderr)
    if not taken or not pictures:
        raise BadValue("no photo to learn from: give --photos DIR or --renderings N")
    return Examples(_looked_at(encoder, pictures), np.array(names), _looked_at(encoder, taken), np.array(of))


def _photo_files(folder: Path | None, number: dict[str, int]) -> list[tuple[Path, int]]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise BadValue(f"{folder}: no such folder")
    return [
        (path, number[one.name])
        for one in sorted(folder.iterdir())
        if one.name in number
        for path in sorted(one.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]


def _looked_at(encoder: ImageEncoder, pictures: Sequence[Pixels]) -> np.ndarray:
    return np.concatenate([encoder.encode(pictures[at : at + 32]) for at in range(0, len(pictures), 32)])


if __name__ == "__main__":
    sys.exit(main())
