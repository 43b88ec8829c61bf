"""What each change does to a locked order, inside the session of its transaction.

Every function checks the rule in ``shop.policy`` first, then writes, and leaves
a row in the order's trail. Rows are locked in one sequence everywhere: the
request's key, the order, its stock by SKU, the customer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shop import policy
from shop.entities import NewAddress
from shop.errors import BadAddress, BadQuantity, BadValue, CannotCancel, CannotChange, NotFound, OutOfStock
from shop.models import Customer, CustomerCoupon, Invoice, OrderChange, Payment, Sku
from shop.privacy import mask_text
from shop.states import OrderState
from shop.stock import fitting_skus
from shop.text_match import clean, digits

if TYPE_CHECKING:
    from shop.front import Shop

_EARLIER = timedelta(days=1)
"""Reservations of an order are not older than this before its creation."""


def trail(shop: Shop, session: Session, order: Any, kind: str, detail: Any = None, by: str = "customer") -> None:
    """A row in the order's trail; the detail is sealed."""
    sealed = None if detail is None else shop.cipher.seal_json(detail)
    session.add(OrderChange(order_id=order.id, kind=kind, detail_sealed=sealed, by=by, at=shop.clock()))


def cancel(shop: Shop, session: Session, order: Any, reason: str, by: str = "customer") -> dict[str, Any]:
    """Cancel an order that has not left: units, money and coupon go back, a requested invoice is void.

    Raises:
        CannotCancel: it has left or is cancelled; ``facts`` say its state.
    """
    state = OrderState(order.state)
    if not policy.may_cancel(state):
        raise CannotCancel(f"the order is {state.value}", state=state.value, number=order.number, why=state.value)
    order.state = OrderState.CANCELLED.value
    order.cancelled_at = shop.clock()
    order.cancel_reason = clean(reason, 40) or None
    for line in sorted(order.lines, key=lambda one: one.sku_id):
        shop.stock.release(session, line.sku_id, line.quantity, order.number, order.created_at - _EARLIER)
    refund = pay_back(session, order, None)
    session.execute(
        update(CustomerCoupon).where(CustomerCoupon.order_id == order.id).values(used_at=None, order_id=None)
    )
    session.execute(
        update(Invoice).where(Invoice.order_id == order.id, Invoice.state == "requested").values(state="void")
    )
    trail(shop, session, order, "cancel", {"reason": reason, "refund_fen": refund}, by)
    return {"refund_fen": refund}


def pay_back(session: Session, order: Any, amount_fen: int | None) -> int:
    """Send money back the way it came, the latest payment first.

    Args:
        amount_fen: at most this much; None means all that is left.

    Returns:
        What went back; never more than was paid and not yet refunded.
    """
    payments = select(Payment).where(Payment.order_id == order.id).order_by(Payment.id.desc()).with_for_update()
    sent = 0
    for payment in session.execute(payments).scalars():
        part = payment.amount_fen - payment.refunded_fen
        if amount_fen is not None:
            part = min(part, amount_fen - sent)
        if part <= 0:
            continue
        payment.refunded_fen += part
        sent += part
        if payment.method == "balance":
            session.execute(
                update(Customer).where(Customer.id == order.customer_id).values(balance_fen=Customer.balance_fen + part)
            )
    return sent


def fit_invoice(session: Session, order: Any) -> None:
    """Keep a requested invoice over what was paid and not given back; it is void when that is nothing."""
    kept = session.execute(
        select(func.sum(Payment.amount_fen - Payment.refunded_fen)).where(Payment.order_id == order.id)
    ).scalar()
    amount = int(order.total_fen if kept is None else kept)
    session.execute(
        update(Invoice)
        .where(Invoice.order_id == order.id, Invoice.state == "requested")
        .values(**({"amount_fen": amount} if amount > 0 else {"state": "void"}))
    )


def change_address(shop: Shop, session: Session, order: Any, new: NewAddress) -> dict[str, Any]:
    """Send the order elsewhere; name and phone stay unless new ones are given.

    Raises:
        CannotChange: the order has left or is cancelled.
        BadAddress: a part is missing or the phone is none; ``facts`` name them.
    """
    _check_open(order)
    parts = {name: clean(getattr(new, name), limit) for name, limit in _PARTS.items()}
    missing = [name for name, text in parts.items() if not text]
    if missing:
        raise BadAddress(f"the address lacks {', '.join(missing)}", missing=missing)
    receiver = shop.cipher.open_json(order.receiver_sealed) or {}
    if new.full_phone:
        receiver["phone"] = _phone(new.full_phone)
    receiver["name"] = clean(new.full_name, 40) or receiver.get("name")
    receiver["street"] = parts["street"]
    order.province, order.city, order.district = parts["province"], parts["city"], parts["district"]
    order.receiver_sealed = shop.cipher.seal_json(receiver)
    trail(shop, session, order, "address", {**parts, "name": receiver["name"], "phone": receiver.get("phone")})
    return {}


_PARTS = {"province": 20, "city": 20, "district": 30, "street": 120}


def _phone(text: str) -> str:
    phone = digits(text)
    phone = phone[2:] if len(phone) == 13 and phone.startswith("86") else phone
    if not (phone.isdigit() and 7 <= len(phone) <= 12):
        raise BadAddress(f"the phone has {len(phone)} digits; give 7 to 12", missing=["phone"])
    return phone


def modify_line(
    shop: Shop,
    session: Session,
    order: Any,
    line_id: int,
    color: str | None,
    size: str | None,
    quantity: int | None,
) -> dict[str, Any]:
    """Take a line in another colour, size or quantity; the new units are kept before the old ones go.

    Raises:
        CannotChange: the order has left, or is paid and would cost more (``why="price"``).
        OutOfStock: the wanted SKU is not there in that quantity, or does not exist (``specs`` are those that do).
        BadQuantity: not a whole number from 1 to 99.
        NotFound: the order has no such line.
    """
    _check_open(order)
    line = next((one for one in order.lines if one.id == line_id), None)
    if line is None:
        raise NotFound(f"order {order.number} has no line {line_id!r}", number=order.number)
    wanted = line.quantity if quantity is None else check_quantity(quantity)
    sku = _wanted_sku(session, line, color, size)
    if sku.id == line.sku_id and wanted == line.quantity:
        return {"difference_fen": 0}
    price = line.price_fen if sku.id == line.sku_id else sku.price_fen
    difference = _reprice(shop, order, line, wanted * price)
    before = {"spec": line.spec, "quantity": line.quantity, "price_fen": line.price_fen}
    _swap_units(shop, session, order, line, sku.id, wanted)
    line.sku_id, line.spec, line.quantity, line.price_fen = sku.id, sku.spec, wanted, price
    if difference and order.state == OrderState.PAID.value:
        pay_back(session, order, -difference)
    fit_invoice(session, order)
    after = {"spec": line.spec, "quantity": wanted, "price_fen": price}
    trail(shop, session, order, "line", {"line": line.id, "before": before, "after": after})
    return {"difference_fen": difference}


def check_quantity(quantity: Any, most: int = policy.MAX_QUANTITY) -> int:
    """A quantity that is a whole number from 1 to ``most``.

    Raises:
        BadQuantity: it is not.
    """
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= most:
        raise BadQuantity(f"quantity={quantity!r}: give a whole number from 1 to {most}", most=most)
    return quantity


def _wanted_sku(session: Session, line: Any, color: str | None, size: str | None) -> Any:
    """The SKU of the same product with the wished colour and size, or the present ones."""
    skus = list(session.execute(select(Sku).where(Sku.product_id == line.sku.product_id).order_by(Sku.id)).scalars())
    fitting = fitting_skus(skus, color or None, size or None)
    if not color:
        fitting = [sku for sku in fitting if sku.color == line.sku.color]
    if not size:
        fitting = [sku for sku in fitting if sku.size == line.sku.size]
    if not fitting:
        raise OutOfStock("the product does not come so", available=0, specs=[sku.spec for sku in skus])
    return next((sku for sku in fitting if sku.id == line.sku_id), fitting[0])


def _reprice(shop: Shop, order: Any, line: Any, worth_fen: int) -> int:
    """Set the order's money for a line's new worth; returns new total minus old."""
    goods = order.goods_fen - line.quantity * line.price_fen + worth_fen
    discount, shipping, total = policy.repriced(
        order.goods_fen, goods, order.discount_fen, order.shipping_fen, shop.settings
    )
    difference = int(total - order.total_fen)
    if difference > 0 and order.state == OrderState.PAID.value:
        raise CannotChange(
            f"a paid order would cost {difference} fen more", why="price", difference_fen=difference, state=order.state
        )
    order.goods_fen, order.discount_fen, order.shipping_fen, order.total_fen = goods, discount, shipping, total
    return difference


def _swap_units(shop: Shop, session: Session, order: Any, line: Any, sku_id: int, quantity: int) -> None:
    since = order.created_at - _EARLIER
    if sku_id != line.sku_id:
        shop.stock.lock(session, [sku_id, line.sku_id])
        shop.stock.reserve(session, sku_id, quantity, order.number)
        shop.stock.release(session, line.sku_id, line.quantity, order.number, since)
    elif quantity > line.quantity:
        shop.stock.reserve(session, sku_id, quantity - line.quantity, order.number)
    else:
        shop.stock.release(session, sku_id, line.quantity - quantity, order.number, since)


def add_note(shop: Shop, session: Session, order: Any, note: str) -> dict[str, Any]:
    """Append to the order's note; the whole keeps within ``policy.NOTE_LIMIT`` characters.

    Raises:
        CannotChange: the order has left or is cancelled.
        BadValue: it is empty, or too long (``left`` says how many characters fit).
    """
    _check_open(order)
    text = clean(note, 2000)
    before = shop.cipher.open(order.note_sealed) or ""
    whole = f"{before}\n{text}" if before else text
    if not text or len(whole) > policy.NOTE_LIMIT:
        left = max(0, policy.NOTE_LIMIT - len(before) - bool(before))
        raise BadValue(f"the note has {len(text)} characters; give 1 to {left}", limit=policy.NOTE_LIMIT, left=left)
    order.note_sealed = shop.cipher.seal(whole)
    trail(shop, session, order, "note", {"note": text})
    return {}


def schedule(shop: Shop, session: Session, order: Any, when: str) -> dict[str, Any]:
    """Note the day and time at which the customer wants the parcel.

    Raises:
        CannotChange: the order has left or is cancelled.
        BadValue: nothing was said.
    """
    _check_open(order)
    order.deliver_on = mask_text(clean(when, 200))[:40].strip()  # not sealed: no place for a phone
    if not order.deliver_on:
        raise BadValue("the wished time is empty", limit=40)
    trail(shop, session, order, "schedule", {"when": order.deliver_on})
    return {}


def ask(shop: Shop, session: Session, order: Any, kind: str) -> dict[str, Any]:
    """Pass on an urge, or the wish to look for a parcel; once a day and order.

    Args:
        kind: ``urge`` or ``investigate``.

    Raises:
        CannotChange: there is nothing to urge or look for in this state.
    """
    state = OrderState(order.state)
    allowed = policy.may_urge(state) if kind == "urge" else policy.may_investigate(state)
    if not allowed:
        raise CannotChange(f"the order is {state.value}", state=state.value, number=order.number, why=state.value)
    today: datetime = policy.day_start(shop.clock())
    asked = select(OrderChange.id).where(
        OrderChange.order_id == order.id, OrderChange.kind == kind, OrderChange.at >= today
    )
    if session.execute(asked.limit(1)).first():
        return {"again": True}
    trail(shop, session, order, kind)
    return {"again": False}


def _check_open(order: Any) -> None:
    state = OrderState(order.state)
    if not policy.may_change(state):
        raise CannotChange(f"the order is {state.value}", state=state.value, number=order.number, why=state.value)
