"""What a shelf lets through."""

from __future__ import annotations

import pytest

from recsys.shelf import Shelf, Wishes
from shop.ages import made_for
from shop.event_reader import ShelfItem, read_shelf
from shop.front import Shop
from tests.builders import Builder


def item(number: int, ages: str) -> ShelfItem:
    return ShelfItem(number, f"P{number}", "n", (1,), 1, 100, 100, 5, 4.2, 9, 0.0, ages=made_for({"适龄": ages}))


SHELF = Shelf([item(1, "0-12个月"), item(2, "3岁以上"), item(3, "4-10岁"), item(4, "")])


@pytest.mark.parametrize(
    ("ages", "found"),
    [((0.5, 0.5), {1, 4}), ((3, 3), {2, 4}), ((5, 5), {2, 3, 4}), ((3, 6), {2, 4}), (None, {1, 2, 3, 4})],
)
def test_goods_fit_the_age_or_say_nothing_of_it(ages: tuple[float, float] | None, found: set[int]):
    assert set(SHELF.ids[SHELF.fitting(Wishes(ages=ages))]) == found


def test_the_ages_of_goods_are_read_from_the_shop(shop: Shop, build: Builder):
    build.product("摇铃", code="rattle", attributes={"适龄": "0-12个月"})
    build.product("拼图", code="puzzle")
    assert [one.ages for one in read_shelf(shop)] == [(0, 1), None]
