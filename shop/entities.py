"""What services hand out: frozen values, with money in fen and times in UTC.

Personal data in them is masked already, unless the name says ``full``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shop.states import CaseKind, CaseReason, CaseState, HandoffState, OrderState, ShipmentState


@dataclass(frozen=True)
class ProductCard:
    """A product as it stands in a list."""

    code: str
    name: str
    subtitle: str
    brand: str
    category: str
    price_min_fen: int
    price_max_fen: int
    available: int  # units over all SKUs
    picture: str | None  # path under /pictures/ of the web server
    rating: float | None  # mean stars, 1 to 5
    reviews: int


@dataclass(frozen=True)
class SkuView:
    """One colour and size with its price and free units."""

    id: int
    code: str
    product_code: str
    product_name: str
    color: str
    size: str
    price_fen: int
    available: int

    @property
    def spec(self) -> str:
        """Colour and size as people read them."""
        return " ".join(part for part in (self.color, self.size) if part)


@dataclass(frozen=True)
class ProductDetail:
    """Everything the shop says of a product."""

    card: ProductCard
    description: str
    attributes: dict[str, str]
    usage: str
    package: str
    warranty_months: int
    skus: tuple[SkuView, ...]
    lowest_90_days_fen: int | None = None  # lowest price of the last 90 days, where known
    dearer_from: tuple[datetime, int, int] | None = None  # from when it is planned to cost more: lowest, highest (fen)


@dataclass(frozen=True)
class CatalogueWords:
    """The catalogue's own words, for a dictionary; each value is a code.

    ``version`` changes whenever any of the words may have changed.
    """

    products: dict[str, str]  # full and short names
    brands: dict[str, str]  # names and aliases
    categories: dict[str, str]  # names and aliases
    colors: frozenset[str]
    sizes: frozenset[str]
    version: str


@dataclass(frozen=True)
class StockAnswer:
    """Free units of a product or of the SKUs that fit a colour and size."""

    product_code: str
    product_name: str
    skus: tuple[SkuView, ...]
    available: int
    restock_at: datetime | None  # the next expected arrival
    restock_quantity: int


@dataclass(frozen=True)
class LineView:
    """A line of an order."""

    id: int
    sku_id: int
    product_code: str
    name: str
    spec: str
    quantity: int
    price_fen: int
    picture: str | None


@dataclass(frozen=True)
class BoughtLine:
    """A line of a customer's order, no more of it than a list of suggestions needs."""

    number: str  # of the order
    state: OrderState
    created_at: datetime
    product_code: str
    category: str  # its code
    name: str
    spec: str


@dataclass(frozen=True)
class TrackingView:
    """One scan of a parcel."""

    at: datetime
    place: str
    text: str


@dataclass(frozen=True)
class ShipmentView:
    """A parcel; ``stuck`` when no scan came for the time the settings say."""

    courier: str
    courier_phone: str | None
    tracking_number: str
    state: ShipmentState
    shipped_at: datetime | None
    eta: datetime | None
    delivered_at: datetime | None
    events: tuple[TrackingView, ...]  # newest last
    stuck: bool


@dataclass(frozen=True)
class ReceiverView:
    """Where an order goes; name, phone and street masked."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


@dataclass(frozen=True)
class OrderView:
    """An order of a customer who has proved that it is theirs."""

    number: str
    state: OrderState
    created_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    goods_fen: int
    discount_fen: int
    shipping_fen: int
    total_fen: int
    lines: tuple[LineView, ...]
    receiver: ReceiverView
    note: str | None
    deliver_on: str | None
    shipments: tuple[ShipmentView, ...]
    pay_by: datetime | None  # while payment is pending
    ship_by: datetime | None  # while paid and not shipped
    can: frozenset[str] = field(default_factory=frozenset)
    """What may be done now: cancel, change_address, modify, note, schedule, urge, return, exchange, refund, invoice."""

    @property
    def title(self) -> str:
        """The first line's name, for sentences."""
        return self.lines[0].name if self.lines else self.number


@dataclass(frozen=True)
class NewAddress:
    """A full address as a customer gave it; name and phone may stay as they were."""

    province: str
    city: str
    district: str
    street: str
    full_name: str | None = None
    full_phone: str | None = None


@dataclass(frozen=True)
class CancelResult:
    """What a cancellation did; ``refund_fen`` goes back to the payer."""

    order: OrderView
    refund_fen: int


@dataclass(frozen=True)
class ModifyResult:
    """What a changed line did; ``difference_fen`` > 0 is to be paid, < 0 comes back."""

    order: OrderView
    difference_fen: int


@dataclass(frozen=True)
class UrgeResult:
    """An urge that was passed on; ``again`` if one was already open today."""

    order: OrderView
    again: bool


@dataclass(frozen=True)
class SpendView:
    """A customer's own figures over a period; cancelled and unpaid orders don't count."""

    orders: int
    total_fen: int
    average_fen: int
    priciest: OrderView | None


@dataclass(frozen=True)
class CaseOffer:
    """What a customer would get if the case were opened now."""

    kind: CaseKind
    order_number: str
    line: LineView
    amount_fen: int
    shop_pays_return: bool
    until: datetime | None  # end of the window
    needs_person: bool  # the amount is checked by a person


@dataclass(frozen=True)
class CaseView:
    """An after-sale case."""

    number: str
    order_number: str
    kind: CaseKind
    reason: CaseReason
    state: CaseState
    product_name: str
    quantity: int
    amount_fen: int
    created_at: datetime
    updated_at: datetime
    refund_due_at: datetime | None  # while refunding


@dataclass(frozen=True)
class InvoiceView:
    """An invoice of an order."""

    order_number: str
    kind: str  # personal, company
    title: str
    amount_fen: int
    state: str  # requested, issued, void
    number: str | None
    url: str | None
    requested_at: datetime
    issued_at: datetime | None


@dataclass(frozen=True)
class CouponView:
    """A coupon, held or to be had."""

    code: str
    name: str
    threshold_fen: int
    off_fen: int
    category: str | None
    ends_at: datetime
    held: bool
    used: bool


@dataclass(frozen=True)
class MembershipView:
    """A customer's standing."""

    level: int
    points: int
    balance_fen: int
    coupons: int
    year_spend_fen: int
    next_level_fen: int | None  # spend of a year that the next level takes; None at the top


@dataclass(frozen=True)
class CustomerView:
    """A customer, masked."""

    id: int
    code: str
    name: str
    phone: str
    level: int
    consent: bool
    marketing: bool


@dataclass(frozen=True)
class AgentView:
    """A person who works at the desk."""

    id: int
    login: str
    name: str
    role: str  # agent, supervisor, admin
    groups: tuple[str, ...]
    capacity: int
    status: str  # online, away, offline
    is_active: bool


@dataclass(frozen=True)
class HandoffView:
    """A talk in the hands of people; position counts from 1 while waiting."""

    id: int
    sender_id: str
    state: HandoffState
    reason: str
    skill_group: str
    position: int
    agent: str | None
    created_at: datetime
    new: bool  # made by this very request
    customer_id: int | None = None
    agent_id: int | None = None
    priority: int = 0
    wait_s: int | None = None  # about how long until an agent is free; None when nobody works
    open_now: bool = True  # whether agents work at this hour
    reasons: tuple[dict[str, Any], ...] = ()  # {reason, at, by?}
    accepted_at: datetime | None = None
    first_reply_at: datetime | None = None
    agent_at: datetime | None = None
    customer_at: datetime | None = None  # since when a customer's word is unanswered
    warned_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    tags: tuple[str, ...] = ()
    rating: int | None = None


@dataclass(frozen=True)
class StoredMessage:
    """A message of a conversation's history."""

    id: int
    direction: str  # in, out, agent, sys (a notice of the desk)
    body: dict[str, Any]
    at: datetime
    mood: str | None = None  # of a customer's words: neg, neu, pos
    anger: int = 0  # 0 calm to 3 insulting


@dataclass(frozen=True)
class UnansweredView:
    """Masked words of a customer that no answer was known to."""

    id: int
    text: str
    intent: str  # the likeliest one
    confidence: float
    at: datetime


@dataclass(frozen=True)
class UploadView:
    """A picture that a customer sent, cleaned and kept."""

    id: str
    sha256: str
    sender_id: str
    width: int
    height: int
    bytes: int
    expires_at: datetime
