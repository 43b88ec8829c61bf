"""The rules of the shop: what may still be done to an order or a case, and for how much.

Pure functions over states, times and Settings; nothing here reads a database.
Every service asks here, so a merchant who wants another rule changes this page
(or the setting behind it) and nothing else.

    order is            pending   paid      shipped   delivered / completed     cancelled
    cancel              yes       yes¹      no        no                        no
    address, note, day  yes       yes       no        no                        no
    change a line       yes       not up²   no        no                        no
    urge                no        yes       yes       no                        no
    investigate         no        no        yes       yes                       no
    refund              unpaid    yes³      no        shop's fault, in window⁴  no
    return              unpaid    no        no        in the return window      no
    exchange, resend    unpaid    no        no        in the exchange window⁵   no
    repair              unpaid    no        no        within the warranty       no
    invoice             no        yes       yes       yes                       no

    ¹ the stock is released and the payment goes back
    ² not to a higher total; a lower one sends the difference back
    ³ refunding a paid order that has not left IS cancelling it, whole and at once
    ⁴ without the shop's fault a refund of delivered goods becomes a return
    ⁵ resend: only for the shop's fault
"""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from shop.settings import Settings
from shop.states import CaseKind, CaseReason, OrderState, ShipmentState

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The shop's time of day; China keeps no summer time."""

NOTE_LIMIT = 200
"""Longest note of an order in characters; it is printed on the parcel's label."""

MAX_QUANTITY = 99
"""Most units in one order line."""

SHOP_FAULTS = frozenset({
    CaseReason.NOT_AS_DESCRIBED, CaseReason.QUALITY, CaseReason.DAMAGED, CaseReason.WRONG_ITEM,
    CaseReason.MISSING_ITEM, CaseReason.NOT_SHIPPED, CaseReason.NOT_RECEIVED,
})  # fmt: skip
"""Reasons for which the shop answers: it pays the way back."""

_ARRIVED = frozenset({OrderState.DELIVERED, OrderState.COMPLETED})
_NOT_LEFT = frozenset({OrderState.PENDING_PAYMENT, OrderState.PAID})


# Orders


def may_cancel(state: OrderState) -> bool:
    """Until the parcel has left."""
    return state in _NOT_LEFT


def may_change(state: OrderState) -> bool:
    """Address, note, delivery day and lines: until the parcel has left."""
    return state in _NOT_LEFT


def may_urge(state: OrderState) -> bool:
    """While the customer waits for something that was paid."""
    return state in {OrderState.PAID, OrderState.SHIPPED}


def may_investigate(state: OrderState) -> bool:
    """Once there is a parcel to look for, even one that is said to have arrived."""
    return state is OrderState.SHIPPED or state in _ARRIVED


def may_invoice(state: OrderState) -> bool:
    """From payment on, unless cancelled."""
    return state not in {OrderState.PENDING_PAYMENT, OrderState.CANCELLED}


def pay_by(state: OrderState, created_at: datetime, settings: Settings) -> datetime | None:
    """When an unpaid order is cancelled; None when it is not unpaid."""
    if state is not OrderState.PENDING_PAYMENT:
        return None
    return created_at + timedelta(minutes=settings.payment_timeout_minutes)


def ship_by(state: OrderState, paid_at: datetime | None, settings: Settings) -> datetime | None:
    """When a paid order leaves at the latest; None when it is not waiting for that."""
    if state is not OrderState.PAID or paid_at is None:
        return None
    return paid_at + timedelta(hours=settings.ship_within_hours)


def is_stuck(state: ShipmentState, last_sign: datetime | None, now: datetime, settings: Settings) -> bool:
    """Whether a parcel on its way was not scanned for ``stuck_after_hours``."""
    if state in {ShipmentState.DELIVERED, ShipmentState.RETURNED} or last_sign is None:
        return False
    return now - last_sign > timedelta(hours=settings.stuck_after_hours)


def day_start(now: datetime) -> datetime:
    """The last midnight in the shop's time, in UTC; an urge counts once a day."""
    return datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI).astimezone(timezone.utc)


# Money of orders


def shipping_fee(goods_fen: int, settings: Settings) -> int:
    """What shipping costs for goods of this worth."""
    return 0 if goods_fen >= settings.free_shipping_fen else settings.shipping_fee_fen


def repriced(
    old_goods_fen: int, new_goods_fen: int, discount_fen: int, shipping_fen: int, settings: Settings
) -> tuple[int, int, int]:
    """(discount, shipping, total) after an order's goods changed their worth.

    A discount shrinks with the goods, so that nobody orders much for a coupon
    and takes little; shipping may become free but is never charged anew.
    """
    discount = discount_fen
    if new_goods_fen < old_goods_fen:
        discount = discount_fen * new_goods_fen // old_goods_fen
    discount = min(discount, new_goods_fen)
    shipping = min(shipping_fen, shipping_fee(new_goods_fen - discount, settings))
    return discount, shipping, new_goods_fen - discount + shipping


def line_shares(goods: list[int], discount_fen: int) -> list[int]:
    """What was paid for each line, the discount spread by worth.

    Args:
        goods: price times quantity of each line (fen).
        discount_fen: the order's discount.

    Returns:
        Shares that sum to ``sum(goods) - discount_fen`` exactly.
    """
    total = sum(goods)
    paid = max(0, total - discount_fen)
    shares, seen, given = [], 0, 0
    for worth in goods:
        seen += worth
        upto = paid * seen // total if total else 0
        shares.append(upto - given)
        given = upto
    return shares


def part_of_share(share_fen: int, quantity: int, before: int, wanted: int) -> int:
    """The money of ``wanted`` units of a line of which ``before`` units were settled already.

    The parts of all units sum to the share exactly.
    """
    return share_fen * (before + wanted) // quantity - share_fen * before // quantity


# After-sale cases


def real_kind(kind: CaseKind, reason: CaseReason, state: OrderState) -> CaseKind:
    """What a wish comes to: a refund of delivered goods without the shop's fault is a return."""
    if kind is CaseKind.REFUND and state in _ARRIVED and reason not in SHOP_FAULTS:
        return CaseKind.RETURN
    return kind


def is_cancellation(kind: CaseKind, state: OrderState) -> bool:
    """Whether a case means cancelling the order: a refund before the parcel has left."""
    return kind is CaseKind.REFUND and state is OrderState.PAID


def case_window(kind: CaseKind, delivered_at: datetime, warranty_months: int, settings: Settings) -> datetime:
    """Until when a case of this kind may be opened.

    Args:
        warranty_months: what the product says; 0 leaves it to the settings.
    """
    if kind in {CaseKind.RETURN, CaseKind.REFUND}:
        return delivered_at + timedelta(days=settings.return_window_days)
    if kind is CaseKind.REPAIR:
        return delivered_at + timedelta(days=round((warranty_months or settings.warranty_months) * 365 / 12))
    return delivered_at + timedelta(days=settings.exchange_window_days)


def why_no_case(
    kind: CaseKind,
    state: OrderState,
    delivered_at: datetime | None,
    now: datetime,
    settings: Settings,
    warranty_months: int = 0,
) -> str | None:
    """Why a case of this (real) kind may not be opened; None when it may.

    Returns:
        ``unpaid``, ``cancelled``, ``not_delivered``, ``window_over`` or None.
    """
    if state is OrderState.PENDING_PAYMENT:
        return "unpaid"
    if state is OrderState.CANCELLED:
        return "cancelled"
    if is_cancellation(kind, state):
        return None
    if state not in _ARRIVED or delivered_at is None:
        return "not_delivered"
    return "window_over" if now > case_window(kind, delivered_at, warranty_months, settings) else None


def needs_person(amount_fen: int, settings: Settings) -> bool:
    """Whether a refund is large enough to be checked by a person first."""
    return amount_fen >= settings.large_refund_fen


def refund_due(since: datetime, settings: Settings) -> datetime:
    """When money is back at the latest: ``refund_days`` working days on (Monday to Friday)."""
    day, left = since, settings.refund_days
    while left > 0:
        day += timedelta(days=1)
        left -= day.astimezone(SHANGHAI).weekday() < 5
    return day


def possible(
    state: OrderState,
    delivered_at: datetime | None,
    now: datetime,
    settings: Settings,
    *,
    free_lines: bool = True,
    invoiced: bool = False,
) -> frozenset[str]:
    """What may be done to an order now, in the words of ``OrderView.can``.

    Args:
        free_lines: some line has no open case.
        invoiced: an invoice is requested or issued.
    """
    can = set()
    if may_cancel(state):
        can.add("cancel")
    if may_change(state):
        can |= {"change_address", "modify", "note", "schedule"}
    if may_urge(state):
        can.add("urge")
    for kind in (CaseKind.RETURN, CaseKind.EXCHANGE, CaseKind.REFUND):
        if free_lines and why_no_case(kind, state, delivered_at, now, settings) is None:
            can.add(kind.value)
    if may_invoice(state) and not invoiced:
        can.add("invoice")
    return frozenset(can)
