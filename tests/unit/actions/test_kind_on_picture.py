"""A photo of something that the shop has none of: the kind is named and asked about, or honestly nothing is."""

from __future__ import annotations

import pytest

from actions.chat import Affirm
from actions.pictures import SearchByImage
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.actions.test_pictures import sent
from tests.unit.vision.conftest import ColourEye, picture_of
from vision.finder import FinderConfig, PictureFinder, wire_finder
from vision.findings import Thresholds

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PHOTO = 1


@pytest.fixture
def pots(shop, build):
    """Two teapots of which one looks like the photo, and a guitar."""
    kind = build.category("茶壶类")
    made = [build.product("紫砂壶", category=kind, options=(("黑色", ""),)), build.product("玻璃壶", category=kind)]
    others = build.product("吉他", category=build.category("乐器"))
    for product, number in zip([*made, others], (PHOTO, PHOTO, 3), strict=True):
        build.picture(product, picture_of(number))
    return [one.code for one in made]


def look(shop, thresholds, *values, text="[图片]"):
    """The answer to the photo of an eye that is never sure of one product."""
    wire_finder(shop, PictureFinder(shop, ColourEye(), FinderConfig(thresholds=thresholds)))
    return run(SearchByImage(shop), tracker(text, "search_by_image", *values, attachments=[sent(shop, PHOTO)]))


def test_the_kind_of_thing_is_named_and_its_mates_are_shown_when_no_product_is_sure(shop, pots):
    said = look(shop, Thresholds(unknown_below=1.1))
    assert said.names == ["utter_image_category"]
    assert "茶壶类" in said.text
    assert set(said.slots["choices"]["values"]) == set(pots)
    yes = run(Affirm(shop), tracker("对", "affirm", slots=said.slots))
    assert yes.names == ["utter_still_which"]


def test_mates_fit_what_the_customer_said_of_the_thing(shop, pots):
    said = look(shop, Thresholds(unknown_below=1.1), entity("color", "黑色"), text="有黑色的吗")
    assert said.slots["choices"]["values"] == pots[:1]


def test_what_is_no_product_at_all_is_not_called_one(shop, pots):
    said = look(shop, Thresholds(offset=-100.0))
    assert said.names == ["utter_image_unknown"]


def test_no_kind_is_named_when_several_are_as_likely(shop, pots):
    said = look(shop, Thresholds(unknown_below=1.1, category_from=1.01))
    assert said.names == ["utter_image_none_fits"]
