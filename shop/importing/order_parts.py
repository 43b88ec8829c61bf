"""Loads what hangs on an order: its payment and its parcel."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from shop.importing import store
from shop.importing.order_group import OrderGroup
from shop.importing.report import FileReport
from shop.importing.words import problem
from shop.models import Payment, Shipment
from shop.states import OrderState, ShipmentState

_PARCEL = {
    OrderState.SHIPPED: ShipmentState.IN_TRANSIT,
    OrderState.DELIVERED: ShipmentState.DELIVERED,
    OrderState.COMPLETED: ShipmentState.DELIVERED,
}


class PartLoader:
    """Writes payments and parcels of orders that are written already."""

    def __init__(self, session: Session, report: FileReport) -> None:
        self._session = session
        self._report = report

    def load(self, orders: list[tuple[int, OrderGroup]], fresh: set[str]) -> set[str]:
        """Write what is missing or differs.

        Returns:
            The numbers of orders that were there before and got something new.
        """
        changed = self._payments(orders) | self._parcels(orders)
        return changed - fresh

    def _payments(self, orders: list[tuple[int, OrderGroup]]) -> set[str]:
        """One payment for each order that was paid and has none; that of a cancelled order went back."""
        paid = [(order_id, one) for order_id, one in orders if one.times["paid_at"] is not None]
        have = store.many_by_key(self._session, Payment.order_id, [order_id for order_id, _one in paid], Payment.id)
        rows, changed = [], set()
        for order_id, one in paid:
            if order_id in have:
                continue
            back = one.total_fen if one.state is OrderState.CANCELLED else 0
            method = one.first.get("payment_method", "wechat")
            money = {"method": method, "amount_fen": one.total_fen, "refunded_fen": back}
            rows.append({"order_id": order_id, **money, "at": one.times["paid_at"]})
            changed.add(one.number)
        store.add(self._session, Payment, rows)
        return changed

    def _parcels(self, orders: list[tuple[int, OrderGroup]]) -> set[str]:
        """The parcel of each order whose tracking number the file gives."""
        sent = [
            (order_id, one) for order_id, one in orders if one.first.get("tracking_number") and one.state in _PARCEL
        ]
        columns = (Shipment.id, Shipment.order_id, Shipment.courier, Shipment.state, Shipment.shipped_at)
        numbers = [one.first.get("tracking_number") for _order_id, one in sent]
        stored = store.by_key(self._session, Shipment.tracking_number, numbers, *columns, Shipment.delivered_at)
        owner = {number: one.order_id for number, one in stored.items()}
        fresh, changes, changed = [], [], set()
        for order_id, one in sent:
            number = one.first.get("tracking_number")
            if owner.setdefault(number, order_id) != order_id:
                self._report.warn(one.first.number, "tracking_number", number, problem("shared_parcel"))
                continue
            wanted = _parcel(one)
            diff = _forward(stored[number], wanted) if number in stored else wanted
            if number not in stored:
                fresh.append({**wanted, "order_id": order_id, "tracking_number": number})
            elif diff:
                changes.append((stored[number].id, diff))
            if diff:
                changed.add(one.number)
        store.add(self._session, Shipment, fresh)
        store.change(self._session, Shipment, changes)
        return changed


def _parcel(one: OrderGroup) -> dict[str, Any]:
    return {
        "courier": one.first.get("courier"),
        "state": _PARCEL[one.state].value,
        "shipped_at": one.times["shipped_at"],
        "delivered_at": one.times["delivered_at"],
    }


def _forward(stored: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """What changes in a parcel that is there: a scan already told more than "on its way"."""
    diff = {name: value for name, value in store.differing(stored, wanted).items() if value is not None}
    if wanted["state"] != ShipmentState.DELIVERED.value:
        diff.pop("state", None)
    return diff
