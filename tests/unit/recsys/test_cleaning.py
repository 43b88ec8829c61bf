"""What no customer did goes, and the report says how much of what."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.cleaning import clean, table_of
from recsys.weights import weights_of
from shop.errors import BadSetting
from shop.event_reader import EventRow
from shop.settings import Settings

NOW = 1.7e9


def row(**columns) -> EventRow:
    given = {"customer": 1, "product": 5, "kind": "view", "rating": None, "session": "s", "at": NOW - 1000.0}
    return EventRow(**{**given, **columns})


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("no product", {"product": None}),
        ("unknown product", {"product": 99}),
        ("impossible time", {"at": NOW + 86400}),
        ("impossible time", {"at": 5.0}),
        ("impossible time", {"at": None}),
        ("impossible time", {"at": float("nan")}),
        ("impossible rating", {"kind": "rate", "rating": 9}),
        ("impossible rating", {"kind": "rate", "rating": None}),
        ("impossible rating", {"kind": "rate", "rating": float("nan")}),
    ],
)
def test_what_cannot_be_is_dropped_and_counted(reason: str, bad: dict):
    kept, report = clean(table_of([row(), row(**bad)]), NOW, np.array([5]))
    assert (len(kept), report.dropped) == (1, {reason: 1})
    assert (report.read, report.kept, report.share_kept) == (2, 1, 0.5)


def test_a_click_that_arrived_twice_counts_once():
    rows = [
        row(at=NOW - 100),
        row(at=NOW - 99),
        row(at=NOW - 50),
        row(at=NOW - 99, kind="cart"),
        row(at=NOW - 99, product=6),
    ]
    kept, report = clean(table_of(rows), NOW)
    assert report.dropped == {"repeated": 1}
    assert len(kept) == 4


def test_guests_have_no_name_so_none_of_theirs_is_a_repetition():
    kept, report = clean(table_of([row(customer=None), row(customer=None)]), NOW)
    assert (len(kept), report.guests, report.customers) == (2, 2, 0)


def test_a_bot_goes_with_all_it_did_and_a_person_stays():
    bot = [row(customer=7, product=one, at=NOW - 5000 + one * 0.5) for one in range(1, 201)]
    person = [row(customer=8, product=one, at=NOW - 5000 + one * 30) for one in range(1, 21)]
    kept, report = clean(table_of(bot + person), NOW)
    assert set(kept.customer) == {8}
    assert report.dropped == {"bot": 200}


def test_a_buyer_who_looks_all_day_is_no_bot():
    day = [row(customer=7, product=one, at=NOW - 80_000 + one * 100) for one in range(1, 601)]
    assert len(clean(table_of([*day, row(customer=7, kind="buy")]), NOW)[0]) == 601
    assert len(clean(table_of(day), NOW)[0]) == 0


def test_no_events_are_clean():
    kept, report = clean(table_of([]), NOW)
    assert (len(kept), report.share_kept, report.first) == (0, 1.0, None)


def test_weights_follow_the_kind_and_halve_with_age():
    weights = weights_of(Settings(recommend_weights="view=1,buy=8,rate=2", recommend_half_life_days=10.0))
    old = row(kind="buy", at=NOW - 10 * 86400)
    assert weights.of_row(row(kind="buy", at=NOW), NOW) == 8
    assert weights.of_row(old, NOW) == pytest.approx(4)
    assert weights.of_row(row(kind="cart", at=NOW), NOW) == 0
    assert (
        weights.of_row(row(kind="rate", rating=1, at=NOW), NOW)
        < 0
        < weights.of_row(row(kind="rate", rating=5, at=NOW), NOW)
    )
    table = table_of([old, row(kind="rate", rating=1), row(kind="rate", rating=5)])
    assert weights.of(table, NOW) == pytest.approx(
        [weights.of_row(one, NOW) for one in (old, row(kind="rate", rating=1), row(kind="rate", rating=5))]
    )


@pytest.mark.parametrize("text", ["", "view", "view=x", "look=1", "view=-1"])
def test_weights_that_cannot_be_read_are_named(text: str):
    with pytest.raises(BadSetting, match="RECOMMEND_WEIGHTS"):
        weights_of(Settings(recommend_weights=text))
    with pytest.raises(BadSetting, match="HALF_LIFE"):
        weights_of(Settings(recommend_half_life_days=0.0))
