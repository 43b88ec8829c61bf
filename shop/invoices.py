"""Invoices of a customer's orders: requested here, issued by the shop's tax software."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from shop import policy
from shop.entities import InvoiceView
from shop.errors import AlreadyOpen, BadTaxNumber, BadValue, CannotInvoice
from shop.idempotency import once
from shop.models import Invoice, Order, Payment
from shop.order_views import found_order
from shop.states import OrderState
from shop.text_match import clean, digits

if TYPE_CHECKING:
    from shop.front import Shop

KINDS = ("personal", "company")


class Invoices:
    """Requests and reads invoices; orders of others read like unknown ones."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def request(
        self,
        customer_id: int,
        number: str,
        kind: str,
        title: str,
        *,
        tax_number: str | None = None,
        email: str | None = None,
        key: str,
    ) -> InvoiceView:
        """Ask for an invoice over what was paid for an order and not given back.

        Args:
            kind: ``personal`` or ``company``; a company needs its tax number.
            title: the name on it.

        Raises:
            OrderNotFound: the order is unknown or another's.
            CannotInvoice: it is unpaid or cancelled (``why`` is its state), or all money went back (``refunded``).
            AlreadyOpen: one is requested or issued.
            BadTaxNumber: see ``tax_code``.
            BadValue: no such kind, an empty title, or an e-mail that is none (``facts["field"]``).
        """
        if kind not in KINDS:
            raise BadValue(f"kind={kind!r}: give one of {', '.join(KINDS)}", field="kind")
        title = clean(title, 100)
        if not title:
            raise BadValue("the title is empty", field="title")
        email = clean(email, 120) or None
        if email and (email.count("@") != 1 or "." not in email.rpartition("@")[2] or " " in email):
            raise BadValue("this is no e-mail address", field="email")
        tax = tax_code(tax_number or "") if kind == "company" else None

        def change(session: Session) -> dict[str, Any]:
            order = found_order(session, customer_id, number, lock=True)
            return {"id": self._store(session, order, kind, title, tax, email)}

        subject = f"{customer_id}:{digits(number)[:20]}"
        with self._shop.database.change() as session:
            done = once(session, "request_invoice", subject, key, lambda: change(session))
        with self._shop.database.read() as session:
            return _read(self._shop, session, Invoice.id == done["id"], Order.customer_id == customer_id)[0]

    def list(self, customer_id: int, *, order_number: str | None = None, limit: int | None = 5) -> list[InvoiceView]:
        """The customer's invoices, newest first; None as limit means all."""
        conditions = [Order.customer_id == customer_id]
        if order_number is not None:
            conditions.append(Order.number == digits(order_number)[:20])
        with self._shop.database.read() as session:
            return _read(self._shop, session, *conditions, limit=limit)

    def _store(self, session: Session, order: Any, kind: str, title: str, tax: str | None, email: str | None) -> int:
        state = OrderState(order.state)
        amount = _kept(session, order)
        if not policy.may_invoice(state) or amount <= 0:
            why = "refunded" if policy.may_invoice(state) else state.value
            raise CannotInvoice(f"the order is {why}", why=why, state=state.value, number=order.number)
        there = select(Invoice.state).where(Invoice.order_id == order.id, Invoice.state != "void")
        before = session.execute(there).scalars().first()
        if before:
            raise AlreadyOpen(f"an invoice is {before}", state=before, number=order.number)
        cipher = self._shop.cipher
        invoice = Invoice(
            order_id=order.id,
            kind=kind,
            title_sealed=cipher.seal(title),
            tax_number_sealed=cipher.seal(tax),
            email_sealed=cipher.seal(email),
            amount_fen=amount,
            state="requested",
            requested_at=self._shop.clock(),
        )
        session.add(invoice)
        session.flush()
        return int(invoice.id)


def _read(shop: Shop, session: Session, *conditions: Any, limit: int | None = None) -> list[InvoiceView]:
    query = (
        select(Invoice, Order.number)
        .join(Order, Order.id == Invoice.order_id)
        .where(*conditions)
        .order_by(Invoice.requested_at.desc(), Invoice.id.desc())
    )
    rows = session.execute(query if limit is None else query.limit(max(0, limit)))
    return [_view(shop, invoice, number) for invoice, number in rows]


def _view(shop: Shop, invoice: Any, order_number: str) -> InvoiceView:
    return InvoiceView(
        order_number=order_number,
        kind=invoice.kind,
        title=shop.cipher.open(invoice.title_sealed) or "",
        amount_fen=invoice.amount_fen,
        state=invoice.state,
        number=invoice.number,
        url=invoice.url,
        requested_at=invoice.requested_at,
        issued_at=invoice.issued_at,
    )


def tax_code(text: str) -> str:
    """A tax number in capitals and half width, if it is well formed.

    An 18-character unified social credit code must have the check digit of
    GB 32100-2015; the older numbers have 15 or 20 digits and no check.

    Raises:
        BadTaxNumber: it is neither; ``facts["why"]`` is length or check.
    """
    code = digits(text)
    if len(code) in {15, 20} and code.isdigit():
        return code
    if len(code) != 18:
        raise BadTaxNumber(f"the tax number has {len(code)} characters; give 18, or 15 or 20 digits", why="length")
    try:
        return str(uscc.validate(code))
    except ValidationError as error:
        raise BadTaxNumber("the tax number's check digit or form is wrong", why="check") from error


def _kept(session: Session, order: Any) -> int:
    """What was paid and not given back; the order's total where no payment is known."""
    query = select(Payment.amount_fen - Payment.refunded_fen).where(Payment.order_id == order.id)
    payments = list(session.execute(query).scalars())
    return sum(payments) if payments else int(order.total_fen)
