"""A shop and a tracker that tests make up, and a reader of what an action said."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import pkgutil
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, Iterable

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions
from actions.base import ShopAction
from actions.turn import Turn
from shop.entities import (
    HandoffView,
    LineView,
    OrderView,
    ProductCard,
    ProductDetail,
    ReceiverView,
    ShipmentView,
    SkuView,
    StockAnswer,
    TrackingView,
)
from shop.errors import OrderNotFound, ProductNotFound
from shop.settings import Settings
from shop.states import HandoffState, OrderState, ShipmentState
from tests.house.project import responses

for _module in pkgutil.iter_modules(actions.__path__):  # as the action server does: one action finds another by name
    importlib.import_module(f"actions.{_module.name}")

CUSTOMER = 7
NOW = datetime.now(timezone.utc).replace(microsecond=0)
CAN = {
    OrderState.PENDING_PAYMENT: {"cancel", "change_address", "modify", "note", "schedule"},
    OrderState.PAID: {"cancel", "change_address", "modify", "note", "schedule", "urge", "invoice", "refund"},
    OrderState.SHIPPED: {"urge", "invoice"},
    OrderState.DELIVERED: {"return", "exchange", "refund", "invoice"},
    OrderState.COMPLETED: {"invoice"},
    OrderState.CANCELLED: set(),
}


def line(
    at: int = 1, name: str = "青禾碎花连衣裙", spec: str = "红色 M", quantity: int = 1, code: str = "p1"
) -> LineView:
    """A line of an order."""
    return LineView(at, at, code, name, spec, quantity, 9900, None)


def order(
    number: str = "2025010100000001", state: OrderState = OrderState.PAID, *lines: LineView, **columns: Any
) -> OrderView:
    """An order in a state, made an hour ago."""
    lines = lines or (line(),)
    at = NOW - timedelta(hours=1)
    total = sum(one.price_fen * one.quantity for one in lines)
    later = {
        "paid_at": at if state not in {OrderState.PENDING_PAYMENT, OrderState.CANCELLED} else None,
        "shipped_at": at if state in {OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED} else None,
        "delivered_at": at if state in {OrderState.DELIVERED, OrderState.COMPLETED} else None,
        "cancelled_at": at if state is OrderState.CANCELLED else None,
        "pay_by": at + timedelta(hours=2) if state is OrderState.PENDING_PAYMENT else None,
        "ship_by": at + timedelta(hours=48) if state is OrderState.PAID else None,
        "shipments": (parcel(),) if state is OrderState.SHIPPED else (),
    }
    given: dict[str, Any] = {
        "number": number, "state": state, "created_at": at, "completed_at": None, "cancel_reason": None,
        "goods_fen": total, "discount_fen": 0, "shipping_fen": 0, "total_fen": total, "lines": tuple(lines),
        "receiver": ReceiverView("王**", "138****5678", "浙江省", "杭州市", "西湖区", "文三路****"),
        "note": None, "deliver_on": None, "can": frozenset(CAN[state]),
    }  # fmt: skip
    return OrderView(**{**given, **later, **columns})


def parcel(**columns: Any) -> ShipmentView:
    """A parcel on its way, scanned an hour ago."""
    given: dict[str, Any] = {
        "courier": "顺丰速运", "courier_phone": None, "tracking_number": "SF000000000001",
        "state": ShipmentState.IN_TRANSIT, "shipped_at": NOW - timedelta(days=1), "eta": NOW + timedelta(days=1),
        "delivered_at": None, "stuck": False,
        "events": (TrackingView(NOW - timedelta(hours=1), "杭州", "已到杭州转运中心"),),
    }  # fmt: skip
    return ShipmentView(**{**given, **columns})


def card(code: str = "p1", name: str = "青禾碎花连衣裙", price_fen: int = 9900, available: int = 9) -> ProductCard:
    """A product in a list."""
    return ProductCard(code, name, "", "青禾", "连衣裙", price_fen, price_fen, available, None, None, 0)


class FakeOrders:
    """Orders of one customer; ``fails`` is raised by the next calls, ``changes`` keeps what was asked."""

    def __init__(self, *orders: OrderView) -> None:
        self.all = list(orders)
        self.fails: Exception | None = None
        self.changes: list[tuple[Any, ...]] = []

    def list(
        self,
        customer_id: int,
        *,
        states: Any = None,
        since: Any = None,
        until: Any = None,
        words: str | None = None,
        limit: int = 5,
    ) -> list[OrderView]:
        """Newest first, as they were given."""
        self._fail()
        found = [one for one in self.all if states is None or one.state in states]
        found = [one for one in found if not since or since <= one.created_at < until]
        found = [one for one in found if not words or any(words in each.name for each in one.lines)]
        return found[:limit]

    def get(self, customer_id: int, number: str) -> OrderView:
        """One of them."""
        self._fail()
        for one in self.all:
            if one.number == number and customer_id == CUSTOMER:
                return one
        raise OrderNotFound("no such order", number=number)

    def cancel(self, customer_id: int, number: str, reason: str, *, key: str) -> Any:
        """Keeps the request."""
        self._fail()
        self.changes.append(("cancel", number, reason, key))
        return SimpleNamespace(order=self.get(customer_id, number), refund_fen=9900)

    def change_address(self, customer_id: int, number: str, new: Any, *, key: str) -> OrderView:
        """Keeps the request."""
        self._fail()
        self.changes.append(("address", number, new, key))
        return self.get(customer_id, number)

    def _fail(self) -> None:
        if self.fails is not None:
            raise self.fails


class FakeCatalogue:
    """Products by code; a search finds those whose name has the words."""

    def __init__(self, *cards: ProductCard) -> None:
        self.all = list(cards)
        self.searches: list[dict[str, Any]] = []

    def search(self, words: str = "", **wishes: Any) -> list[ProductCard]:
        """By words, or all when there are none."""
        self.searches.append({"words": words, **wishes})
        return [one for one in self.all if words in one.name][: wishes.get("limit")]

    def cards(self, codes: Any) -> list[ProductCard]:
        """In the order of their codes."""
        return [one for code in codes for one in self.all if one.code == code]

    def product(self, code: str) -> ProductDetail:
        """One of them."""
        for one in self.all:
            if one.code == code:
                skus = tuple(
                    SkuView(at, f"{code}-{at}", code, one.name, color, size, one.price_min_fen, 5)
                    for at, (color, size) in enumerate([("红色", "M"), ("红色", "L"), ("蓝色", "M")])
                )
                return ProductDetail(one, "", {"材质": "棉"}, "", "", 0, skus)
        raise ProductNotFound("no such product")


class FakeStock:
    """Eight units of anything."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str | None]] = []

    def availability(self, code: str, *, color: str | None = None, size: str | None = None) -> StockAnswer:
        """Keeps the question."""
        self.asked.append((code, color, size))
        sku = SkuView(1, f"{code}-1", code, "连衣裙", color or "", size or "", 9900, 8)
        return StockAnswer(code, "连衣裙", (sku,), 8, None, 0)


class FakeHandoffs:
    """A queue of one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.priorities: list[int] = []

    def speaker(self, sender_id: str) -> str:
        """The bot, until a person was asked for."""
        return "waiting" if self.asked else "bot"

    def request(self, sender_id: str, customer_id: int | None, reason: str, priority: int = 0, **_: Any) -> HandoffView:
        """Always first."""
        self.asked.append(reason)
        self.priorities.append(priority)
        return HandoffView(1, sender_id, HandoffState.WAITING, reason, "any", 1, None, NOW, len(self.asked) == 1)

    def leave(self, sender_id: str) -> bool:
        """Whether there was anything to leave."""
        waiting, self.asked = bool(self.asked), []
        return waiting


class FakeIdentity:
    """Knows one conversation's customer; ``proof`` is what fits."""

    def __init__(self, customer: int | None, proof: tuple[str, str] = ("2025010100000001", "5678")) -> None:
        self.customer = customer
        self.proof = proof
        self.fails: Exception | None = None

    def who(self, sender_id: str, assertion: Any = None) -> int | None:
        """The customer."""
        return self.customer

    def prove(self, sender_id: str, number: str, tail: str) -> int:
        """Right or not."""
        from shop.errors import NotIdentified

        if self.fails is not None:
            raise self.fails
        if (number, tail) != self.proof:
            raise NotIdentified("no")
        return CUSTOMER


class FakeCustomers:
    """Customers of one level."""

    def __init__(self, level: int = 0) -> None:
        self.level = level

    def facts(self, customer_id: int) -> Any:
        """The level alone."""
        return SimpleNamespace(level=self.level)


class FakeUnanswered:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, float]] = []

    def record(self, text: str, intent: str, confidence: float) -> int:
        """Always kept."""
        self.kept.append((text, intent, confidence))
        return len(self.kept)


class FakeShop:
    """As much of ``shop.front.Shop`` as actions ask for."""

    def __init__(
        self, *orders: OrderView, customer: int | None = CUSTOMER, products: Iterable[ProductCard] = (card(),)
    ) -> None:
        self.settings = Settings()
        self.orders = FakeOrders(*orders)
        self.catalogue = FakeCatalogue(*products)
        self.identity = FakeIdentity(customer)
        self.handoffs = FakeHandoffs()
        self.customers = FakeCustomers()
        self.unanswered = FakeUnanswered()
        self.stock = FakeStock()
        self.clock = lambda: NOW


@dataclasses.dataclass
class Said:
    """What an action gave back: its messages in words, and its events."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def names(self) -> list[str]:
        """Names of the responses."""
        return [one["response"] for one in self.messages if one["response"]]

    @property
    def text(self) -> str:
        """All sentences, every gap filled; a gap without a fact fails the test."""
        return "\n".join(rendered(one) for one in self.messages)

    @property
    def titles(self) -> list[str]:
        """Titles of all buttons that the action gave."""
        return [button["title"] for one in self.messages for button in one["buttons"]]

    @property
    def slots(self) -> dict[str, Any]:
        """Slots that were set, the last value each."""
        return {one["name"]: one["value"] for one in self.events if one["event"] == "slot"}

    @property
    def loops(self) -> list[str | None]:
        """Forms that were begun, or left (None)."""
        return [one["name"] for one in self.events if one["event"] == "active_loop"]

    @property
    def next(self) -> str | None:
        """The action that must follow."""
        return next((one["name"] for one in self.events if one["event"] == "followup"), None)


def rendered(message: dict[str, Any]) -> str:
    """A message's words; every variation of its response must be sayable."""
    if message["response"]:
        variants = [str(one["text"]).format(**message) for one in responses()[message["response"]]]
        return variants[0]
    return str(message["text"] or message["custom"].get("text") or "")


def entity(kind: str, value: Any, text: str = "") -> dict[str, Any]:
    """An entity; its place in the text is put in by ``tracker``."""
    return {"entity": kind, "value": value, "text": text or str(value)}


def tracker(
    text: str = "",
    intent: str = "inform",
    *entities: dict[str, Any],
    slots: dict[str, Any] | None = None,
    form: str | None = None,
    rejected: bool = False,
    confidence: float = 0.9,
    attachments: Iterable[str] = (),
    channel: str = "rest",
    ranking: Iterable[tuple[str, float]] = (),
    message_id: str = "m1",
    anger: int = 0,
    before: Iterable[dict[str, Any]] = (),
    sender: str = "talk-1",
) -> Tracker:
    """A tracker at the moment when an action runs."""
    placed = []
    for one in entities:
        start = max(0, text.find(one["text"]))
        placed.append({**one, "start": start, "end": start + len(one["text"])})
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [{"name": name, "confidence": share} for name, share in ranking],
        "entities": placed,
        "message_id": message_id,
        "sentiment": {"label": "neg" if anger else "neu", "score": 0.9, "anger": anger},
        "metadata": {"identity": "", "attachments": list(attachments)},
    }
    events: list[dict[str, Any]] = [*before, {"event": "user", "input_channel": channel, "text": text}]
    if rejected:
        events.append({"event": "action_execution_rejected", "name": form})
    return Tracker(
        sender, dict(slots or {}), message, events, False, None, {"name": form} if form else {}, "action_listen"
    )


def run(action: ShopAction, state: Tracker) -> Said:
    """Run an action as the action server does."""
    dispatcher = CollectingDispatcher()
    events = asyncio.run(action.run(dispatcher, state, {}))
    return Said(dispatcher.messages, events)


def turn(shop: FakeShop, *given: Any, **more: Any) -> Turn:
    """A turn without an action."""
    return Turn(shop, tracker(*given, **more), CollectingDispatcher())  # type: ignore[arg-type]


def said(one: Turn) -> Said:
    """What was said in a turn without an action."""
    return Said(one._dispatcher.messages, one.slot_events())
