"""Who a customer is, masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.entities import CustomerView
from shop.errors import NotFound
from shop.idempotency import once
from shop.models import Customer
from shop.privacy import mask_name, mask_phone
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop


class Customers:
    """Reads customers; an erased one reads like an unknown one."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def facts(self, customer_id: int) -> CustomerView:
        """Name and phone masked, level, consents.

        Raises:
            NotFound: there is no such customer.
        """
        with self._shop.database.read() as session:
            return self._view(living(session, customer_id))

    def phone(self, customer_id: int) -> str:
        """A customer's phone in full, for an agent's eyes; the caller writes the audit log.

        Raises:
            NotFound: there is no such customer, or no phone is known.
        """
        with self._shop.database.read() as session:
            found = self._shop.cipher.open(living(session, customer_id).phone_sealed)
        if not found:
            raise NotFound("no phone is known of this customer")
        return found

    def find_by_phone(self, phone: str) -> CustomerView | None:
        """The customer of a phone, the latest if several share it; None without one."""
        query = (
            select(Customer)
            .where(Customer.phone_hash == self._shop.cipher.fingerprint(plain_phone(phone)))
            .where(Customer.erased_at.is_(None))
            .order_by(Customer.id.desc())
            .limit(1)
        )
        with self._shop.database.read() as session:
            customer = session.execute(query).scalar_one_or_none()
            return None if customer is None else self._view(customer)

    def set_marketing(self, customer_id: int, allowed: bool, *, key: str) -> CustomerView:
        """Whether campaigns may reach the customer.

        Raises:
            NotFound: there is no such customer.
        """

        def change(session: Session) -> dict[str, Any]:
            living(session, customer_id, lock=True).marketing = bool(allowed)
            return {}

        with self._shop.database.change() as session:
            once(session, "set_marketing", str(customer_id), key, lambda: change(session))
        return self.facts(customer_id)

    def _view(self, customer: Any) -> CustomerView:
        cipher = self._shop.cipher
        return CustomerView(
            id=customer.id,
            code=customer.code,
            name=mask_name(cipher.open(customer.name_sealed)),
            phone=mask_phone(cipher.open(customer.phone_sealed)),
            level=customer.level,
            consent=customer.consent,
            marketing=customer.marketing,
        )


def living(session: Session, customer_id: int, *, lock: bool = False) -> Any:
    """The customer's row, if wished locked until the change ends.

    Raises:
        NotFound: there is none, or it was erased.
    """
    query = select(Customer).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    customer = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if customer is None:
        raise NotFound("there is no such customer", customer_id=customer_id)
    return customer


def plain_phone(text: str) -> str:
    """A phone as it is fingerprinted: digits only, in half width, without the country's 86."""
    phone = digits(text)
    return phone[2:] if len(phone) == 13 and phone.startswith("86") else phone
