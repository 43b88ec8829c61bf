"""Short signed codes by which the shop's own page links a messenger to a customer.

A code fits into a QR code's scene (WeChat allows 64 characters), works once,
and for minutes only. Whoever opens it in a messenger is that customer there, so
the page hands it only to the customer who is logged in.
"""

from __future__ import annotations

import base64
import hmac
import struct
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from shop.errors import BadToken
from shop.models import Customer, IdempotencyKey

if TYPE_CHECKING:
    from shop.front import Shop

PREFIX = "L1"
MINUTES = 15
_KEYS = IdempotencyKey.__table__
_PROOF = 12  # bytes of the keyed hash
_LENGTH = len(PREFIX) + 27


class LinkCodes:
    """Issues codes and links conversations by them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._cipher = shop.cipher
        self._now = shop.clock

    def issue(self, customer_id: int, minutes: float = MINUTES) -> str:
        """A code for a customer: 29 letters, digits, ``-`` and ``_``.

        Raises:
            BadToken: there is no such customer (any more).
        """
        with self._shop.database.read() as session:
            known = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None))
            if session.execute(known).scalar() is None:
                raise BadToken("the customer does not exist; issue no code")
        until = int((self._now() + timedelta(minutes=minutes)).timestamp())
        facts = struct.pack(">II", customer_id, until)
        return _written(facts + self._proof(facts))

    def redeem(self, code: str, sender_id: str, channel: str) -> int:
        """Link a conversation to the code's customer, who is returned; a second time for the same conversation too.

        Raises:
            BadToken: it is no code of ours, too old, was used before, or its customer is erased.
        """
        customer_id, until = self._read(code)
        if until <= self._now().timestamp():
            raise BadToken("the link code is past its time; issue a new one")
        whose = {"sender": sender_id}
        key = {"key": f"link:{code}", "operation": "link", "result": whose, "at": self._now()}
        try:
            with self._shop.database.change() as session:
                session.execute(insert(_KEYS), key)
        except IntegrityError as error:
            # A callback that is taken up again, after its process died, is the same use.
            with self._shop.database.read() as session:
                used = session.execute(select(_KEYS.c.result).where(_KEYS.c.key == key["key"])).scalar()
            if used != whose:
                raise BadToken("the link code was used before; issue a new one") from error
        self._shop.identity.link(sender_id, customer_id, channel)
        return customer_id

    def _read(self, code: str) -> tuple[int, int]:
        try:
            if len(code) != _LENGTH or not code.startswith(PREFIX):
                raise ValueError(code)
            raw = base64.urlsafe_b64decode(code[len(PREFIX) :] + "=")
            if _written(raw) != code:  # its last letter has spare bits: a used code would be new with others
                raise ValueError(code)
            facts, proof = raw[:8], raw[8:]
        except ValueError as error:
            raise BadToken("this is no link code; issue one") from error
        if not hmac.compare_digest(proof, self._proof(facts)):
            raise BadToken("the link code is not ours; issue one")
        customer_id, until = struct.unpack(">II", facts)
        return int(customer_id), int(until)

    def _proof(self, facts: bytes) -> bytes:
        return bytes.fromhex(self._cipher.fingerprint(f"link:{facts.hex()}"))[:_PROOF]


def _written(raw: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def looks_like_code(text: str) -> bool:
    """Whether a text may be a link code."""
    return len(text) == _LENGTH and text.startswith(PREFIX)
