"""Orders read for their owner: lookup, locking and the views.

A list of orders costs the same handful of queries whatever its length: orders,
lines with their products, pictures, parcels, scans, open cases, invoices.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop import policy
from shop.entities import LineView, OrderView, ReceiverView, ShipmentView, TrackingView
from shop.errors import OrderNotFound
from shop.models import AfterSaleCase, Invoice, Order, OrderLine, Product, Shipment, Sku
from shop.privacy import mask_name, mask_phone, mask_street
from shop.states import OPEN_CASES, OrderState, ShipmentState
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop

_OPEN = [state.value for state in OPEN_CASES]


def owned(customer_id: int, number: str) -> Any:
    """The query of one order; another's and an unknown one both give nothing."""
    return select(Order).where(Order.number == digits(number)[:20], Order.customer_id == customer_id)


def found_order(session: Session, customer_id: int, number: str, *, lock: bool) -> Any:
    """The order, if wished with its row locked until the change ends.

    Raises:
        OrderNotFound: it is unknown or another's.
    """
    query = owned(customer_id, number)
    order = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if order is None:
        raise OrderNotFound("no order of that number belongs to this customer", number=digits(number)[:20])
    return order


def for_view(query: Any) -> Any:
    """A query of orders with everything that a view needs loaded along."""
    product = joinedload(OrderLine.sku).load_only(Sku.id).joinedload(Sku.product).load_only(Product.code)
    return query.options(
        selectinload(Order.lines).options(product.selectinload(Product.pictures)),
        selectinload(Order.shipments).selectinload(Shipment.events),
    )


def order_views(shop: Shop, session: Session, orders: Sequence[Any]) -> list[OrderView]:
    """Views of orders that ``for_view`` loaded, in their order."""
    ids = [order.id for order in orders]
    busy, invoiced = _busy_lines(session, ids), _invoiced(session, ids)
    now = shop.clock()
    return [_view(shop, order, now, busy, order.id in invoiced) for order in orders]


def shipment_view(shop: Shop, parcel: Any, now: datetime) -> ShipmentView:
    """A parcel with its scans, and whether it is stuck."""
    events = tuple(TrackingView(event.at, event.place, event.text) for event in parcel.events)
    state = ShipmentState(parcel.state)
    last_sign = events[-1].at if events else parcel.shipped_at
    return ShipmentView(
        courier=parcel.courier,
        courier_phone=parcel.courier_phone,
        tracking_number=parcel.tracking_number,
        state=state,
        shipped_at=parcel.shipped_at,
        eta=parcel.eta,
        delivered_at=parcel.delivered_at,
        events=events,
        stuck=policy.is_stuck(state, last_sign, now, shop.settings),
    )


def line_view(line: Any) -> LineView:
    """A line with its product's code and first picture."""
    product = line.sku.product
    picture = product.pictures[0].path if product.pictures else None
    return LineView(line.id, line.sku_id, product.code, line.name, line.spec, line.quantity, line.price_fen, picture)


def _view(shop: Shop, order: Any, now: datetime, busy: set[int], invoiced: bool) -> OrderView:
    state = OrderState(order.state)
    free_lines = any(line.id not in busy for line in order.lines)
    return OrderView(
        number=order.number,
        state=state,
        created_at=order.created_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        completed_at=order.completed_at,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason,
        goods_fen=order.goods_fen,
        discount_fen=order.discount_fen,
        shipping_fen=order.shipping_fen,
        total_fen=order.total_fen,
        lines=tuple(line_view(line) for line in order.lines),
        receiver=_receiver(shop, order),
        note=shop.cipher.open(order.note_sealed),
        deliver_on=order.deliver_on,
        shipments=tuple(shipment_view(shop, parcel, now) for parcel in order.shipments),
        pay_by=policy.pay_by(state, order.created_at, shop.settings),
        ship_by=policy.ship_by(state, order.paid_at, shop.settings),
        can=policy.possible(
            state, order.delivered_at, now, shop.settings, free_lines=free_lines, invoiced=invoiced
        ),
    )


def _receiver(shop: Shop, order: Any) -> ReceiverView:
    sealed = shop.cipher.open_json(order.receiver_sealed) or {}
    return ReceiverView(
        name=mask_name(sealed.get("name")),
        phone=mask_phone(sealed.get("phone")),
        province=order.province,
        city=order.city,
        district=order.district,
        street=mask_street(sealed.get("street")),
    )


def _busy_lines(session: Session, order_ids: Iterable[int]) -> set[int]:
    """Lines with an open after-sale case."""
    query = select(AfterSaleCase.order_line_id).where(
        AfterSaleCase.order_id.in_(list(order_ids)), AfterSaleCase.state.in_(_OPEN)
    )
    return set(session.execute(query).scalars())


def _invoiced(session: Session, order_ids: Iterable[int]) -> set[int]:
    """Orders with a requested or issued invoice."""
    query = select(Invoice.order_id).where(Invoice.order_id.in_(list(order_ids)), Invoice.state != "void")
    return set(session.execute(query).scalars())
