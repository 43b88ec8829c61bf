"""When people answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from shop.errors import BadSetting
from shop.hours import is_open, next_opening
from shop.policy import SHANGHAI
from shop.settings import Settings

USUAL = Settings(service_hours="9:00-22:00")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ((2025, 3, 12, 8, 59), False),
        ((2025, 3, 12, 9, 0), True),
        ((2025, 3, 12, 22, 0), False),
        ((2025, 10, 1, 10, 0), True),
    ],
)
def test_hours_hold_every_day_unless_a_setting_says_otherwise(moment, works):
    assert is_open(USUAL, at(*moment)) is works


def test_public_holidays_and_weekends_have_hours_of_their_own_and_make_up_days_work():
    settings = replace(USUAL, weekend_hours="10:00-18:00", holiday_hours="closed")
    assert not is_open(settings, at(2025, 10, 1, 12, 0))  # National Day
    assert not is_open(settings, at(2025, 3, 15, 9, 30))  # a Saturday
    assert is_open(settings, at(2025, 3, 15, 10, 0))
    assert is_open(settings, at(2025, 9, 28, 9, 30))  # a Sunday worked for the holiday


def test_the_next_opening_skips_the_closed_days():
    settings = replace(USUAL, holiday_hours="closed")
    assert next_opening(settings, at(2025, 10, 1, 12, 0)) == at(2025, 10, 9, 9, 0)
    assert next_opening(USUAL, at(2025, 3, 12, 23, 0)) == at(2025, 3, 13, 9, 0)
    assert next_opening(replace(USUAL, service_hours="closed"), at(2025, 3, 12, 23, 0)) is None


def test_a_year_without_announced_holidays_has_plain_weekends():
    settings = replace(USUAL, weekend_hours="closed")
    assert not is_open(settings, at(2031, 3, 15, 12, 0))
    assert is_open(settings, at(2031, 3, 14, 12, 0))


@pytest.mark.parametrize("hours", ["9-22", "22:00-9:00", "soon", "9:00-25:00", ""])
def test_damaged_hours_are_said(hours):
    with pytest.raises(BadSetting):
        is_open(replace(USUAL, service_hours=hours), at(2025, 3, 12, 12, 0))


def test_a_shop_may_answer_till_midnight():
    assert is_open(replace(USUAL, service_hours="0:00-24:00"), at(2025, 3, 12, 23, 59))
