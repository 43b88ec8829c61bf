"""Money, days and words as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from actions.texts import SHANGHAI, day, label, labels, minute, phrase, price_span, yuan
from shop.states import CaseKind, CaseReason, CaseState, OrderState, ShipmentState


@pytest.mark.parametrize(
    ("fen", "wanted"),
    [
        (0, "¥0"),
        (5, "¥0.05"),
        (100, "¥1"),
        (12950, "¥129.50"),
        (12905, "¥129.05"),
        (-1250, "-¥12.50"),
        (99999999, "¥999999.99"),
    ],
)
def test_money_is_written_without_idle_zeros(fen: int, wanted: str):
    assert yuan(fen) == wanted


def test_a_span_of_one_price_is_that_price():
    assert price_span(100, 100) == "¥1"
    assert price_span(100, 250) == "¥1–¥2.50"


def test_a_late_evening_in_utc_is_the_next_day_in_shanghai():
    this_year = datetime.now(SHANGHAI).year
    assert day(datetime(this_year, 3, 1, 17, 0, tzinfo=timezone.utc)) == "3月2日"
    assert minute(datetime(this_year, 3, 1, 17, 5, tzinfo=timezone.utc)) == "3月2日 01:05"


def test_the_year_is_said_when_it_is_not_this_one():
    last = datetime.now(SHANGHAI).year - 1
    assert day(datetime(last, 6, 18, 12, 0, tzinfo=timezone.utc)) == f"{last}年6月18日"


def test_no_moment_is_no_words():
    assert day(None) == ""
    assert minute(None) == ""


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("order_state", OrderState), ("shipment_state", ShipmentState), ("case_kind", CaseKind),
        ("case_reason", CaseReason), ("case_state", CaseState),
    ],
)  # fmt: skip
def test_every_state_kind_and_reason_has_a_chinese_word(group: str, kind: type):
    words = [label(group, one.value) for one in kind]
    assert [one.value for one in kind if label(group, one.value) == one.value] == []
    assert len(set(words)) == len(words), "two that read the same can't be told apart"


@pytest.mark.parametrize("state", [*OrderState, *CaseState])
def test_every_state_can_be_the_reason_of_a_refusal(state: OrderState | CaseState):
    assert label("error_facts", state.value) != state.value


def test_an_unknown_value_reads_as_the_groups_other():
    assert label("cancel_reason", "sunspots") == labels()["cancel_reason"]["other"]


def test_a_phrase_fills_its_gaps():
    assert phrase("coupon", threshold=yuan(20000), off=yuan(3000)) == "满 ¥200 减 ¥30"


def test_a_distant_moment_keeps_its_day():
    moment = datetime.now(timezone.utc) + timedelta(days=900)
    assert str(moment.astimezone(SHANGHAI).year) in day(moment)
