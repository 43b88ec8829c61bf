"""What a script must know to talk as a customer: their orders, cases, coupons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shop.entities import OrderView
from shop.front import Shop
from shop.models import Customer


def customer_facts(shop: Shop, customer_id: int) -> dict[str, Any]:
    """Everything about a customer that the bot may be asked, newest first; the phone's tail is for scripts only.

    Raises:
        NotFound: there is no such customer.
    """
    view = shop.customers.facts(customer_id)
    card = shop.membership.card(customer_id)
    with shop.database.read() as session:
        sealed = session.execute(select(Customer.phone_sealed).where(Customer.id == customer_id)).scalar()
    return {
        "id": view.id,
        "code": view.code,
        "name": view.name,
        "level": card.level,
        "points": card.points,
        "phone_tail": (shop.cipher.open(sealed) or "")[-4:],
        "orders": [_order(order) for order in shop.orders.list(customer_id, limit=None)],
        "cases": [
            {"number": case.number, "order": case.order_number, "kind": case.kind.value, "state": case.state.value}
            for case in shop.aftersale.list(customer_id)
        ],
        "invoices": [
            {"order": one.order_number, "state": one.state, "number": one.number}
            for one in shop.invoices.list(customer_id, limit=None)
        ],
        "coupons": [
            {"code": one.code, "name": one.name, "used": one.used, "ends_at": one.ends_at.isoformat()}
            for one in shop.membership.coupons(customer_id)
        ],
    }


def _order(order: OrderView) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state.value,
        "title": order.title,
        "lines": [{"id": line.id, "name": line.name, "spec": line.spec, "quantity": line.quantity} for line in order.lines],
        "total_fen": order.total_fen,
        "created_at": order.created_at.isoformat(),
        "parcels": [
            {"state": parcel.state.value, "courier": parcel.courier, "tracking_number": parcel.tracking_number,
             "stuck": parcel.stuck}
            for parcel in order.shipments
        ],
        "can": sorted(order.can),
    }  # fmt: skip
