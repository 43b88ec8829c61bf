"""The states of orders, parcels, cases and talks, and every allowed step, in one place."""

from __future__ import annotations

from enum import Enum


class OrderState(str, Enum):
    """Where an order stands."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ShipmentState(str, Enum):
    """Where a parcel stands."""

    PACKED = "packed"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"


class CaseKind(str, Enum):
    """What a customer asks for after the sale."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REFUND = "refund"  # money back without goods back
    REPAIR = "repair"
    RESEND = "resend"


class CaseReason(str, Enum):
    """Why; the first three need no fault of the shop."""

    UNWANTED = "unwanted"
    WRONG_SIZE = "wrong_size"
    PRICE = "price"
    NOT_AS_DESCRIBED = "not_as_described"
    QUALITY = "quality"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_SHIPPED = "not_shipped"
    NOT_RECEIVED = "not_received"
    OTHER = "other"


class CaseState(str, Enum):
    """Where an after-sale case stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    GOODS_ON_WAY = "goods_on_way"
    GOODS_RECEIVED = "goods_received"
    REFUNDING = "refunding"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class HandoffState(str, Enum):
    """Who speaks: no open row means the bot does."""

    WAITING = "waiting"
    AGENT = "agent"
    CLOSED = "closed"


ORDER_STEPS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING_PAYMENT: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.SHIPPED, OrderState.CANCELLED}),
    OrderState.SHIPPED: frozenset({OrderState.DELIVERED}),
    OrderState.DELIVERED: frozenset({OrderState.COMPLETED}),
    OrderState.COMPLETED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}

CASE_STEPS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.SUBMITTED: frozenset({CaseState.APPROVED, CaseState.REJECTED, CaseState.WITHDRAWN}),
    CaseState.APPROVED: frozenset(
        {CaseState.GOODS_ON_WAY, CaseState.REFUNDING, CaseState.DONE, CaseState.WITHDRAWN, CaseState.REJECTED}
    ),
    CaseState.GOODS_ON_WAY: frozenset({CaseState.GOODS_RECEIVED}),
    CaseState.GOODS_RECEIVED: frozenset({CaseState.REFUNDING, CaseState.DONE, CaseState.REJECTED}),
    CaseState.REFUNDING: frozenset({CaseState.DONE}),
    CaseState.DONE: frozenset(),
    CaseState.REJECTED: frozenset(),
    CaseState.WITHDRAWN: frozenset(),
}

OPEN_CASES = frozenset(state for state, steps in CASE_STEPS.items() if steps)


def may_step(before: OrderState | CaseState, after: OrderState | CaseState) -> bool:
    """Whether an order or a case may go from one state to the other."""
    steps = ORDER_STEPS if isinstance(before, OrderState) else CASE_STEPS
    return after in steps[before]  # type: ignore[index]
