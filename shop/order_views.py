"""Orders read for their owner: lookup, locking and the views.

A list of orders costs the same seven queries whatever its length: orders, lines
with their products, parcels, scans, open cases, invoices. They are built once
and read plain rows, since every turn of a talk about orders comes through here.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, Iterable, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from shop import policy
from shop.entities import LineView, OrderView, ReceiverView, ShipmentView, TrackingView
from shop.errors import OrderNotFound
from shop.models import AfterSaleCase, Invoice, Order, OrderLine, Picture, Product, Shipment, Sku, TrackingEvent
from shop.privacy import mask_name, mask_phone, mask_street
from shop.states import OPEN_CASES, OrderState, ShipmentState
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop

_IDS = bindparam("ids", expanding=True)
_FIRST_PICTURE = (
    select(Picture.path)
    .where(Picture.product_id == Product.id)
    .order_by(Picture.position)
    .limit(1)
    .correlate(Product)
    .scalar_subquery()
)
_ORDERS = select(*Order.__table__.columns).where(Order.id.in_(_IDS))
_LINES = (
    select(*OrderLine.__table__.columns, Product.code, _FIRST_PICTURE.label("picture"))
    .join(Sku, Sku.id == OrderLine.sku_id)
    .join(Product, Product.id == Sku.product_id)
    .where(OrderLine.order_id.in_(_IDS))
    .order_by(OrderLine.id)
)
_PARCELS = select(*Shipment.__table__.columns).where(Shipment.order_id.in_(_IDS)).order_by(Shipment.id)
_SCANS = (
    select(TrackingEvent.shipment_id, TrackingEvent.at, TrackingEvent.place, TrackingEvent.text)
    .where(TrackingEvent.shipment_id.in_(_IDS))
    .order_by(TrackingEvent.at, TrackingEvent.id)
)
_BUSY = select(AfterSaleCase.order_line_id).where(
    AfterSaleCase.order_id.in_(_IDS), AfterSaleCase.state.in_([state.value for state in OPEN_CASES])
)
_INVOICED = select(Invoice.order_id).where(Invoice.order_id.in_(_IDS), Invoice.state != "void")


def found_order(session: Session, customer_id: int, number: str, *, lock: bool) -> Any:
    """The order's row, if wished locked until the change ends.

    Raises:
        OrderNotFound: it is unknown or another's; the two read the same.
    """
    query = select(Order).where(Order.number == digits(number)[:20], Order.customer_id == customer_id)
    order = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if order is None:
        raise OrderNotFound("no order of that number belongs to this customer", number=digits(number)[:20])
    return order


def order_views(shop: Shop, session: Session, ids: Sequence[int]) -> list[OrderView]:
    """Views of orders in the sequence of their ids; ids that are none are left out."""
    if not ids:
        return []
    given = {"ids": list(ids)}
    rows = {row.id: row for row in session.execute(_ORDERS, given)}
    lines = order_lines(session, ids)
    now = shop.clock()
    parcels = _parcels(shop, session, ids, now)
    busy, invoiced = set(session.execute(_BUSY, given).scalars()), set(session.execute(_INVOICED, given).scalars())
    return [_view(shop, rows[one], now, lines[one], parcels[one], busy, one in invoiced) for one in ids if one in rows]


def order_lines(session: Session, ids: Iterable[int]) -> dict[int, list[LineView]]:
    """{order id: its lines} with each product's code and first picture."""
    lines: dict[int, list[LineView]] = defaultdict(list)
    for row in session.execute(_LINES, {"ids": list(ids)}):
        lines[row.order_id].append(
            LineView(row.id, row.sku_id, row.code, row.name, row.spec, row.quantity, row.price_fen, row.picture)
        )
    return lines


def _parcels(shop: Shop, session: Session, ids: Sequence[int], now: datetime) -> dict[int, list[ShipmentView]]:
    rows = session.execute(_PARCELS, {"ids": list(ids)}).all()
    scans: dict[int, list[TrackingView]] = defaultdict(list)
    for parcel, at, place, text in session.execute(_SCANS, {"ids": [row.id for row in rows]}) if rows else ():
        scans[parcel].append(TrackingView(at, place, text))
    parcels: dict[int, list[ShipmentView]] = defaultdict(list)
    for row in rows:
        state = ShipmentState(row.state)
        last_sign = scans[row.id][-1].at if scans[row.id] else row.shipped_at
        parcels[row.order_id].append(
            ShipmentView(
                courier=row.courier,
                courier_phone=row.courier_phone,
                tracking_number=row.tracking_number,
                state=state,
                shipped_at=row.shipped_at,
                eta=row.eta,
                delivered_at=row.delivered_at,
                events=tuple(scans[row.id]),
                stuck=policy.is_stuck(state, last_sign, now, shop.settings),
            )
        )
    return parcels


def _view(
    shop: Shop,
    row: Any,
    now: datetime,
    lines: list[LineView],
    parcels: list[ShipmentView],
    busy: set[int],
    invoiced: bool,
) -> OrderView:
    state, settings = OrderState(row.state), shop.settings
    free_lines = any(line.id not in busy for line in lines)
    return OrderView(
        number=row.number,
        state=state,
        created_at=row.created_at,
        paid_at=row.paid_at,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        goods_fen=row.goods_fen,
        discount_fen=row.discount_fen,
        shipping_fen=row.shipping_fen,
        total_fen=row.total_fen,
        lines=tuple(lines),
        receiver=_receiver(shop.cipher.open_json, row),
        note=shop.cipher.open(row.note_sealed),
        deliver_on=row.deliver_on,
        shipments=tuple(parcels),
        pay_by=policy.pay_by(state, row.created_at, settings),
        ship_by=policy.ship_by(state, row.paid_at, settings),
        can=policy.possible(state, row.delivered_at, now, settings, free_lines=free_lines, invoiced=invoiced),
    )


def _receiver(open_json: Callable[[str | None], Any], row: Any) -> ReceiverView:
    sealed = open_json(row.receiver_sealed) or {}
    return ReceiverView(
        name=mask_name(sealed.get("name")),
        phone=mask_phone(sealed.get("phone")),
        province=row.province,
        city=row.city,
        district=row.district,
        street=mask_street(sealed.get("street")),
    )
