"""Cards of orders, products, parcels, coupons and cases: the payloads of CARD messages.

A card is {title, subtitle, picture, price, badge, lines, buttons}; a button's
payload is what a person would type.
"""

from __future__ import annotations

from typing import Any

from actions.texts import day, expected, label, labels, minute, phrase, price_span, yuan
from shop.entities import CaseView, CouponView, OrderView, ProductCard, ShipmentView
from shop.states import OrderState

Card = dict[str, Any]


def button(name: str, payload: str | None = None, **facts: Any) -> dict[str, str]:
    """A button; without a payload it sends its own title."""
    title = str(labels()["buttons"][name]).format(**facts)
    return {"title": title, "payload": payload or title}


def goods(order: OrderView) -> str:
    """The goods of an order in a few words."""
    if len(order.lines) <= 1:
        return order.title
    return phrase("more_items", name=order.title, count=sum(one.quantity for one in order.lines))


def order_card(order: OrderView, position: int | None = None) -> Card:
    """An order in a list; with a position it can be chosen."""
    lines = [f"{minute(order.created_at)}  {order.number}"]
    if order.state is OrderState.PENDING_PAYMENT and order.pay_by:
        lines.append(phrase("pay_by", at=minute(order.pay_by)))
    picture = order.lines[0].picture if order.lines else None
    return {
        "title": goods(order),
        "subtitle": order.lines[0].spec if len(order.lines) == 1 else "",
        "picture": picture,
        "price": yuan(order.total_fen),
        "badge": label("order_state", order.state.value),
        "lines": lines,
        "buttons": [button("choose", order.number, number=position)] if position else [],
    }


def product_card(product: ProductCard, position: int | None = None) -> Card:
    """A product in a list."""
    lines = [product.subtitle] if product.subtitle else []
    if product.rating:
        lines.append(phrase("rating", rating=f"{product.rating:.1f}", reviews=product.reviews))
    return {
        "title": product.name,
        "code": product.code,
        "subtitle": "",
        "picture": product.picture,
        "price": price_span(product.price_min_fen, product.price_max_fen),
        "badge": stock_badge(product.available),
        "lines": lines,
        "buttons": [button("detail", product.name)] if position else [],
    }


def stock_badge(available: int) -> str:
    """In stock, the last few, or sold out."""
    if available <= 0:
        return phrase("sold_out")
    return phrase("last_units", count=available) if available <= 5 else phrase("in_stock")


def parcel_card(shipment: ShipmentView, most: int = 4) -> Card:
    """A parcel with its last scans, newest first."""
    scans = [f"{minute(scan.at)} {scan.text}" for scan in reversed(shipment.events[-most:])]
    return {
        "title": phrase("tracking_number", courier=shipment.courier, number=shipment.tracking_number),
        "subtitle": "" if shipment.delivered_at else expected("eta", shipment.eta),
        "picture": None,
        "price": "",
        "badge": label("shipment_state", shipment.state.value),
        "lines": scans,
        "buttons": [],
    }


def coupon_card(coupon: CouponView) -> Card:
    """A coupon."""
    lines = [phrase("coupon_until", day=day(coupon.ends_at))]
    if coupon.category:
        lines.append(phrase("only_category", category=coupon.category))
    return {
        "title": coupon.name,
        "subtitle": coupon_words(coupon),
        "picture": None,
        "price": yuan(coupon.off_fen),
        "badge": "",
        "lines": lines,
        "buttons": [],
    }


def coupon_words(coupon: CouponView) -> str:
    """What a coupon takes off, and from what amount on."""
    if coupon.threshold_fen:
        return phrase("coupon", threshold=yuan(coupon.threshold_fen), off=yuan(coupon.off_fen))
    return phrase("coupon_any", off=yuan(coupon.off_fen))


def case_card(case: CaseView, position: int | None = None) -> Card:
    """An after-sale case."""
    return {
        "title": f"{label('case_kind', case.kind.value)} · {case.product_name}",
        "subtitle": phrase("quantity", quantity=case.quantity),
        "picture": None,
        "price": yuan(case.amount_fen) if case.amount_fen else "",
        "badge": label("case_state", case.state.value),
        "lines": [f"{case.number}  {minute(case.created_at)}"],
        "buttons": [button("choose", case.number, number=position)] if position else [],
    }
