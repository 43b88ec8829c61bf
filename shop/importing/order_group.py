"""The rows of one order as one: its lines, amounts and times, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterator

from shop.errors import BadValue
from shop.importing.columns import Row
from shop.importing.values import MAX_FEN
from shop.importing.words import problem
from shop.states import OrderState

TIMES = ("created_at", "paid_at", "shipped_at", "delivered_at", "completed_at")
# What an order of a state has behind it.
_REACHED = {
    OrderState.PENDING_PAYMENT: 1,
    OrderState.PAID: 2,
    OrderState.SHIPPED: 3,
    OrderState.DELIVERED: 4,
    OrderState.COMPLETED: 5,
    OrderState.CANCELLED: 1,
}
Wrong = tuple[Row, str, str, BadValue]  # row, column, value, what is wrong


@dataclass(frozen=True)
class Line:
    """One item of an order."""

    sku_id: int
    name: str
    spec: str
    quantity: int
    price_fen: int


class OrderGroup:
    """All rows of one order number; the first row tells what is said once."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.first = rows[0]
        self.number: str = self.first.get("order_number")
        self.state = OrderState(self.first.get("state"))
        self.lines: list[Line] = []
        self.goods_fen = sum(row.get("price") * row.get("quantity") for row in rows)
        self.discount_fen: int = self.first.get("discount", 0)
        self.shipping_fen: int = self.first.get("shipping_fee", 0)
        self.total_fen = self.goods_fen - self.discount_fen + self.shipping_fen
        self.times = self._times()

    def _times(self) -> dict[str, datetime | None]:
        """The times of the steps taken; one that a state implies and the file leaves out is the step before it."""
        said: dict[str, datetime | None] = {name: self.first.get(name) for name in (*TIMES, "cancelled_at")}
        reached = _REACHED[self.state]
        if self.state is OrderState.CANCELLED:
            said["cancelled_at"] = said["cancelled_at"] or said["paid_at"] or said["created_at"]
            return {name: said[name] for name in (*TIMES[:2], "cancelled_at")} | dict.fromkeys(TIMES[2:])
        if reached >= 2:
            said["paid_at"] = said["paid_at"] or said["created_at"]
        if reached >= 3:
            said["shipped_at"] = said["shipped_at"] or said["paid_at"]
        if reached >= 4:
            said["delivered_at"] = said["delivered_at"] or said["completed_at"]
        if reached == 5:
            said["completed_at"] = said["completed_at"] or said["delivered_at"]
        return {name: said[name] if TIMES.index(name) < reached else None for name in TIMES} | {"cancelled_at": None}

    def wrong(self, now: datetime) -> Iterator[Wrong]:
        """Everything that is wrong with the order as a whole."""
        first = self.first
        if _REACHED[self.state] >= 4 and self.times["delivered_at"] is None:
            yield first, "delivered_at", "", problem("needed_for_state", state=self.state.value)
        before = "created_at"
        for name in (*TIMES[1:], "cancelled_at"):
            if self.times[name] is None:
                continue
            if self.times[name] < self.times[before]:  # type: ignore[operator]
                yield first, name, _shown(self.times[name]), problem("time_order", earlier=before)
            before = name
        if any(moment and moment > now for moment in self.times.values()):
            late = next(name for name, moment in self.times.items() if moment and moment > now)
            yield first, late, _shown(self.times[late]), problem("moment_range")
        if self.discount_fen > self.goods_fen:
            yield first, "discount", f"{self.discount_fen / 100:.2f}", problem("discount")
        elif self.total_fen > MAX_FEN or self.goods_fen > MAX_FEN:
            yield first, "price", "", problem("price_range")
        elif first.get("total") is not None and first.get("total") != self.total_fen:
            wanted = f"{self.total_fen / 100:.2f}"
            yield first, "total", f"{first.get('total') / 100:.2f}", problem("total", wanted=wanted)
        if first.get("tracking_number") and not first.get("courier"):
            yield first, "courier", "", problem("courier")
        for row in self.rows[1:]:
            if row.get("customer_code") != first.get("customer_code"):
                yield row, "customer_code", row.get("customer_code"), problem("other_customer")

    def receiver(self) -> dict[str, str]:
        """Who gets the parcel, as the store keeps it sealed; empty when the file does not say."""
        said = {"name": "receiver_name", "phone": "receiver_phone", "street": "street"}
        return {name: self.first.get(column) for name, column in said.items() if self.first.get(column)}

    def place(self) -> dict[str, str]:
        """The readable part of the address, where the file says it."""
        return self.first.given("province", "city", "district")

    def amounts(self) -> dict[str, int]:
        """Goods, discount, shipping and total in fen."""
        return {
            "goods_fen": self.goods_fen,
            "discount_fen": self.discount_fen,
            "shipping_fen": self.shipping_fen,
            "total_fen": self.total_fen,
        }

    def progress(self) -> dict[str, Any]:
        """The state with its times."""
        reason = self.first.get("cancel_reason") if self.state is OrderState.CANCELLED else None
        return {"state": self.state.value, "cancel_reason": reason, **self.times}


def _shown(moment: datetime | None) -> str:
    from shop.policy import SHANGHAI

    return "" if moment is None else moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def group(rows: list[Row]) -> list[OrderGroup]:
    """Rows by order number, in the order of the file."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get("order_number"), []).append(row)
    return [OrderGroup(some) for some in found.values()]
