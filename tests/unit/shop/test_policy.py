"""The rules, over all states, times and amounts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shop import policy
from shop.settings import Settings
from shop.states import (
    CASE_STEPS,
    OPEN_CASES,
    ORDER_STEPS,
    CaseKind,
    CaseReason,
    CaseState,
    OrderState,
    ShipmentState,
    may_step,
)

SETTINGS = Settings()
NOON = datetime(2025, 3, 12, 4, 0, tzinfo=timezone.utc)  # a Wednesday, noon in Shanghai
STATES = some.sampled_from(OrderState)
KINDS = some.sampled_from(CaseKind)
REASONS = some.sampled_from(CaseReason)
MONEY = some.integers(0, 10**8)


@pytest.mark.parametrize("state", OrderState)
def test_an_order_may_be_cancelled_exactly_where_its_steps_say_so(state: OrderState) -> None:
    assert policy.may_cancel(state) == may_step(state, OrderState.CANCELLED)


@pytest.mark.parametrize(
    ("state", "can"),
    [
        (OrderState.PENDING_PAYMENT, {"cancel", "change_address", "modify", "note", "schedule"}),
        (OrderState.PAID, {"cancel", "change_address", "modify", "note", "schedule", "urge", "refund", "invoice"}),
        (OrderState.SHIPPED, {"urge", "invoice"}),
        (OrderState.DELIVERED, {"return", "exchange", "refund", "invoice"}),
        (OrderState.COMPLETED, {"return", "exchange", "refund", "invoice"}),
        (OrderState.CANCELLED, set()),
    ],
)
def test_what_may_be_done_follows_the_table_at_the_top_of_the_page(state: OrderState, can: set[str]) -> None:
    delivered = NOON if state in {OrderState.DELIVERED, OrderState.COMPLETED} else None
    assert policy.possible(state, delivered, NOON, SETTINGS) == can


def test_lines_with_open_cases_and_an_invoice_take_those_wishes_away() -> None:
    can = policy.possible(OrderState.DELIVERED, NOON, NOON, SETTINGS, free_lines=False, invoiced=True)
    assert can == set()


@pytest.mark.parametrize(
    ("kind", "days"),
    zip(("return", "refund", "exchange", "resend", "repair"), (7, 7, 15, 15, 365), strict=True),
)
def test_each_kind_of_case_has_its_window_to_the_last_second(kind: str, days: int) -> None:
    end, case = NOON + timedelta(days=days), CaseKind(kind)
    assert policy.why_no_case(case, OrderState.DELIVERED, NOON, end, SETTINGS) is None
    assert policy.why_no_case(case, OrderState.DELIVERED, NOON, end + timedelta(seconds=1), SETTINGS) == "window_over"


def test_a_product_with_its_own_warranty_is_repaired_that_long() -> None:
    late = NOON + timedelta(days=700)
    assert policy.why_no_case(CaseKind.REPAIR, OrderState.COMPLETED, NOON, late, SETTINGS, 12) == "window_over"
    assert policy.why_no_case(CaseKind.REPAIR, OrderState.COMPLETED, NOON, late, SETTINGS, 24) is None


@given(KINDS, STATES, some.none() | some.datetimes(timezones=some.just(timezone.utc)))
def test_no_case_is_opened_before_payment_after_cancelling_or_without_delivery(
    kind: CaseKind, state: OrderState, delivered: datetime | None
) -> None:
    why = policy.why_no_case(kind, state, delivered, datetime.max.replace(tzinfo=timezone.utc), SETTINGS)
    if state is OrderState.PENDING_PAYMENT:
        assert why == "unpaid"
    elif state is OrderState.CANCELLED:
        assert why == "cancelled"
    elif policy.is_cancellation(kind, state):
        assert why is None
    elif state is OrderState.SHIPPED or state is OrderState.PAID or delivered is None:
        assert why == "not_delivered"
    else:
        assert why == "window_over"  # the end of time is past every window


@given(REASONS, STATES)
def test_a_refund_of_arrived_goods_without_a_fault_is_a_return(reason: CaseReason, state: OrderState) -> None:
    real = policy.real_kind(CaseKind.REFUND, reason, state)
    arrived = state in {OrderState.DELIVERED, OrderState.COMPLETED}
    assert real is (CaseKind.RETURN if arrived and reason not in policy.SHOP_FAULTS else CaseKind.REFUND)


@given(some.lists(MONEY, min_size=1, max_size=8), some.data())
def test_the_shares_of_the_lines_sum_to_what_was_paid(goods: list[int], data: some.DataObject) -> None:
    discount = data.draw(some.integers(0, sum(goods)))
    shares = policy.line_shares(goods, discount)
    assert sum(shares) == sum(goods) - discount
    assert all(0 <= share <= worth for share, worth in zip(shares, goods, strict=True))


@given(MONEY, some.lists(some.integers(1, 20), min_size=1, max_size=6))
def test_units_given_back_one_after_another_sum_to_the_share(share: int, parts: list[int]) -> None:
    before, money = 0, 0
    for part in parts:
        money += policy.part_of_share(share, sum(parts), before, part)
        before += part
    assert money == share


@given(some.integers(1, 10**7), some.integers(0, 10**7), some.integers(0, 10**7), some.integers(0, 2000))
def test_a_repriced_order_never_charges_shipping_anew_and_never_gives_a_larger_discount(
    old: int, new: int, discount: int, shipping: int
) -> None:
    discount = min(discount, old)
    new_discount, new_shipping, total = policy.repriced(old, new, discount, shipping, SETTINGS)
    assert 0 <= new_discount <= discount
    assert 0 <= new_shipping <= shipping
    assert total == new - new_discount + new_shipping >= 0
    assert new_discount * old <= discount * new or new >= old


def test_a_discount_shrinks_with_the_goods_so_that_a_coupon_is_no_gift() -> None:
    assert policy.repriced(20000, 10000, 10000, 0, SETTINGS) == (5000, 0, 5000)


def test_an_order_that_grows_over_the_line_ships_free() -> None:
    assert policy.repriced(5000, 9900, 0, 1000, SETTINGS) == (0, 0, 9900)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (NOON, NOON + timedelta(days=7)),  # Wednesday → the next Wednesday
        (NOON + timedelta(days=2), NOON + timedelta(days=9)),  # Friday → the next Friday
        (NOON + timedelta(days=3), NOON + timedelta(days=9)),  # Saturday → Friday too
    ],
)
def test_a_refund_is_due_after_working_days(since: datetime, due: datetime) -> None:
    assert policy.refund_due(since, SETTINGS) == due


def test_the_day_of_an_urge_begins_at_midnight_in_shanghai() -> None:
    assert policy.day_start(NOON) == datetime(2025, 3, 11, 16, 0, tzinfo=timezone.utc)


def test_a_parcel_is_stuck_after_the_hours_without_a_scan_and_never_once_it_arrived() -> None:
    late, limit = NOON + timedelta(hours=48, seconds=1), NOON + timedelta(hours=48)
    assert policy.is_stuck(ShipmentState.IN_TRANSIT, NOON, late, SETTINGS)
    assert not policy.is_stuck(ShipmentState.IN_TRANSIT, NOON, limit, SETTINGS)
    assert not policy.is_stuck(ShipmentState.DELIVERED, NOON, late, SETTINGS)
    assert not policy.is_stuck(ShipmentState.PACKED, None, late, SETTINGS)


def test_deadlines_exist_only_while_they_matter() -> None:
    assert policy.pay_by(OrderState.PENDING_PAYMENT, NOON, SETTINGS) == NOON + timedelta(minutes=30)
    assert policy.pay_by(OrderState.PAID, NOON, SETTINGS) is None
    assert policy.ship_by(OrderState.PAID, NOON, SETTINGS) == NOON + timedelta(hours=48)
    assert policy.ship_by(OrderState.SHIPPED, NOON, SETTINGS) is None


@given(some.lists(some.sampled_from(OrderState), max_size=12))
def test_no_walk_of_allowed_steps_ships_a_cancelled_order_or_cancels_a_shipped_one(wish: list[OrderState]) -> None:
    state, seen = OrderState.PENDING_PAYMENT, [OrderState.PENDING_PAYMENT]
    for step in wish:
        if may_step(state, step):
            state = step
            seen.append(step)
    assert not {OrderState.CANCELLED, OrderState.SHIPPED} <= set(seen)
    assert len(seen) == len(set(seen))  # nothing goes back


@given(some.lists(some.sampled_from(CaseState), max_size=15))
def test_a_case_ends_once_and_for_all(wish: list[CaseState]) -> None:
    state = CaseState.SUBMITTED
    for step in wish:
        before = state
        if may_step(state, step):
            state = step
            assert before in OPEN_CASES
    assert (state in OPEN_CASES) == bool(CASE_STEPS[state])


def test_every_state_has_its_steps() -> None:
    assert set(ORDER_STEPS) == set(OrderState)
    assert set(CASE_STEPS) == set(CaseState)
