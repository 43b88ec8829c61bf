"""The shop's own side of an order: paid, shipped, delivered, completed, timed out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import order_changes
from shop.errors import CannotCancel, OrderNotFound, WrongState
from shop.models import Order, Payment, Shipment, TrackingEvent
from shop.states import OrderState, ShipmentState, may_step
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop


def advance(shop: Shop, session: Session, number: str, state: OrderState, by: str, **given: Any) -> None:
    """Take an order one step on, with all that belongs to the step.

    Args:
        by: who does it, for the trail.
        given: for ``paid``: ``method`` (default wechat); for ``shipped``: ``courier``, ``tracking_number``
            and if known ``courier_phone`` and ``eta``; for ``cancelled``: ``reason``.

    Raises:
        OrderNotFound: no order has this number.
        CannotCancel: it can't be cancelled any more.
        WrongState: the step is not allowed from where the order stands.
        OutOfStock: the shelves do not hold what is to be shipped.
    """
    query = select(Order).where(Order.number == digits(number)[:20]).with_for_update()
    order = session.execute(query).scalar_one_or_none()
    if order is None:
        raise OrderNotFound("no order has this number", number=number)
    if state is OrderState.CANCELLED:
        order_changes.cancel(shop, session, order, given.get("reason", ""), by)
        return
    if not may_step(OrderState(order.state), state):
        raise WrongState(f"an order goes not from {order.state} to {state.value}", why=order.state, number=number)
    order.state = state.value
    now = shop.clock()
    if state is OrderState.PAID:
        order.paid_at = now
        method = given.get("method", "wechat")
        session.add(Payment(order_id=order.id, method=method, amount_fen=order.total_fen, at=now))
    elif state is OrderState.SHIPPED:
        order.shipped_at = now
        _ship(shop, session, order, now, **given)
    elif state is OrderState.DELIVERED:
        order.delivered_at = now
        for parcel in order.shipments:
            parcel.state, parcel.delivered_at = ShipmentState.DELIVERED.value, now
    else:
        order.completed_at = now
    order_changes.trail(shop, session, order, "state", {"state": state.value}, by)


def scan(shop: Shop, session: Session, tracking_number: str, state: ShipmentState, place: str, text: str) -> None:
    """A courier's scan of a parcel: where it is and what happened.

    Raises:
        OrderNotFound: no parcel has this number.
    """
    query = select(Shipment).where(Shipment.tracking_number == tracking_number).with_for_update()
    parcel = session.execute(query).scalar_one_or_none()
    if parcel is None:
        raise OrderNotFound("no parcel has this number", number=tracking_number)
    parcel.state = state.value
    session.add(TrackingEvent(shipment_id=parcel.id, at=shop.clock(), place=place, text=text))


def expire_unpaid(shop: Shop) -> int:
    """Cancel every order whose time to pay is over, each in its own transaction."""
    before: datetime = shop.clock() - timedelta(minutes=shop.settings.payment_timeout_minutes)
    late = select(Order.number).where(Order.state == OrderState.PENDING_PAYMENT.value, Order.created_at < before)
    with shop.database.read() as session:
        numbers = list(session.execute(late).scalars())
    done = 0
    for number in numbers:
        with shop.database.change() as session:
            query = late.where(Order.number == number).with_only_columns(Order).with_for_update()
            order = session.execute(query).scalar_one_or_none()
            if order is None:
                continue  # paid or cancelled since
            try:
                order_changes.cancel(shop, session, order, "payment_timeout", by="system")
            except CannotCancel:
                continue
            done += 1
    return done


def _ship(
    shop: Shop,
    session: Session,
    order: Any,
    now: datetime,
    *,
    courier: str,
    tracking_number: str,
    courier_phone: str | None = None,
    eta: datetime | None = None,
) -> None:
    since = order.created_at - timedelta(days=1)
    lines = sorted(order.lines, key=lambda one: one.sku_id)
    gave = [shop.stock.ship(session, line.sku_id, line.quantity, order.number, since) for line in lines]
    session.add(
        Shipment(
            order_id=order.id,
            warehouse_id=gave[0] if gave else None,
            courier=courier,
            courier_phone=courier_phone,
            tracking_number=tracking_number,
            state=ShipmentState.IN_TRANSIT.value,
            shipped_at=now,
            eta=eta,
        )
    )
