"""The index of pictures follows the shop without being rebuilt."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete, update

from shop.models import Picture, Product
from tests.unit.vision.conftest import picture_of
from vision.finder import FinderConfig, PictureFinder
from vision.findings import Certainty
from vision.image_file import read_pixels
from vision.picture_index import PictureIndex

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def stocked(shop, build):
    products = [build.product(f"第{number}种") for number in range(6)]
    for number, product in enumerate(products):
        build.picture(product, picture_of(number))
    return products


def seen(shop, number):
    return read_pixels(picture_of(number), shop.settings)


def first(finder, *photos):
    return finder.find(photos)[0].hits[0].code


def test_a_picture_finds_its_own_product(shop, stocked, eye):
    finder = PictureFinder(shop, eye)
    for number, product in enumerate(stocked):
        assert first(finder, seen(shop, number)) == product.code


def test_a_new_picture_is_found_at_the_next_search_and_only_it_is_looked_at(shop, stocked, build, eye):
    finder = PictureFinder(shop, eye)
    first(finder, seen(shop, 0))
    before = eye.seen
    late = build.product("新来的")
    build.picture(late, picture_of(7))
    assert first(finder, seen(shop, 7)) == late.code
    assert eye.seen == before + 2  # the new picture and the photo


def test_a_changed_picture_replaces_the_old_one(shop, stocked, build, eye):
    finder = PictureFinder(shop, eye)
    assert first(finder, seen(shop, 2)) == stocked[2].code
    with shop.database.change() as session:
        session.execute(delete(Picture).where(Picture.product_id == stocked[2].id))
    build.picture(stocked[2], picture_of(9))
    assert first(finder, seen(shop, 9)) == stocked[2].code
    assert all(hit.likeness < 0.99 for hit in finder.find([seen(shop, 2)])[0].hits)


def test_a_product_off_sale_vanishes(shop, stocked, eye):
    finder = PictureFinder(shop, eye)
    assert first(finder, seen(shop, 4)) == stocked[4].code
    with shop.database.change() as session:
        session.execute(update(Product).where(Product.id == stocked[4].id).values(on_sale=0))
    assert stocked[4].code not in [hit.code for hit in finder.find([seen(shop, 4)])[0].hits]


def test_the_best_of_several_pictures_counts(shop, stocked, build, eye):
    build.picture(stocked[1], picture_of(11), position=1)
    finder = PictureFinder(shop, eye)
    assert first(finder, seen(shop, 11)) == first(finder, seen(shop, 1)) == stocked[1].code


def test_features_outlive_the_process(shop, stocked, eye):
    PictureIndex(shop, eye).refresh(everything=True)
    looked = eye.seen
    PictureIndex(shop, eye).refresh(everything=True)
    assert looked == 6 == eye.seen


def test_a_damaged_feature_file_is_made_again(shop, stocked, eye):
    PictureIndex(shop, eye).refresh(everything=True)
    for path in (shop.settings.data_dir / "vision" / eye.name).glob("*.npz"):
        path.write_bytes(b"PK nonsense")
    finder = PictureFinder(shop, eye)
    assert first(finder, seen(shop, 3)) == stocked[3].code


def test_a_broken_picture_file_keeps_no_other_from_being_found(shop, stocked, build, eye):
    build.picture(build.product("坏图"), b"\xff\xd8 broken")
    finder = PictureFinder(shop, eye)
    assert first(finder, seen(shop, 5)) == stocked[5].code


def test_many_new_pictures_are_looked_at_beside_the_talk(shop, stocked, build, eye):
    finder = PictureFinder(shop, eye)
    first(finder, seen(shop, 0))
    for number in range(20, 32):
        build.picture(build.product(f"第{number}种"), picture_of(number))
    first(finder, seen(shop, 0))
    finder.index.finish(30)
    assert finder.find([seen(shop, 25)])[0].hits[0].likeness > 0.95


def test_a_shop_without_pictures_knows_nothing(shop, eye):
    finding = PictureFinder(shop, eye).find([seen(shop, 0)])[0]
    assert (finding.certainty, finding.hits) == (Certainty.UNKNOWN, ())


def test_photos_of_two_things_make_two_findings(shop, stocked, eye):
    found = PictureFinder(shop, eye).find([seen(shop, 0), seen(shop, 3), seen(shop, 0)])
    assert [one.hits[0].code for one in found] == [stocked[0].code, stocked[3].code]


@pytest.mark.parametrize(("fill", "flaw"), [(3, "dark"), (128, "blank")])
def test_what_shows_nothing_is_told_by_name(shop, stocked, eye, fill, flaw):
    found = PictureFinder(shop, eye).find([np.full((300, 300, 3), fill, np.uint8)])
    assert found[0].flaw == flaw


def test_a_blurred_photo_is_told_by_name(shop, stocked, eye):
    image = Image.open(io.BytesIO(picture_of(0))).resize((6, 6)).resize((400, 400), Image.Resampling.BICUBIC)
    assert PictureFinder(shop, eye).find([np.asarray(image)])[0].flaw == "blurred"


def test_words_choose_among_the_likely_and_taste_decides_ties(shop, stocked, eye):
    finder = PictureFinder(shop, eye)
    kept = finder.find([seen(shop, 0)], keep=lambda codes: {stocked[1].code, stocked[2].code})[0]
    assert {hit.code for hit in kept.hits} <= {stocked[1].code, stocked[2].code}


def test_words_never_bring_up_what_is_neither_like_the_photo_nor_of_its_kind(shop, build, eye):
    pots, music = build.category("茶壶类"), build.category("乐器")
    pot, mate, guitar = (
        build.product(name, category=kind) for name, kind in (("紫砂壶", pots), ("玻璃壶", pots), ("吉他", music))
    )
    for product, number in ((pot, 1), (mate, 6), (guitar, 3)):
        build.picture(product, picture_of(number))
    finder = PictureFinder(shop, eye)
    everything = {hit.code: hit.likeness for hit in finder.find([seen(shop, 1)])[0].hits}
    assert everything[pot.code] - everything[guitar.code] > FinderConfig().as_good
    (fits,) = finder.find([seen(shop, 1)], keep=lambda _codes: {mate.code, guitar.code})
    assert [hit.code for hit in fits.hits] == [mate.code]
    (nothing,) = finder.find([seen(shop, 1)], keep=lambda _codes: {guitar.code})
    assert (nothing.certainty, nothing.hits) == (Certainty.UNKNOWN, ())
