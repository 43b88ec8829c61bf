"""Numbers that follow from what they number, so that the same history has the same ones."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import policy
from shop.models import Order


def digits_of(text: str, length: int) -> str:
    """That many digits (at most 20), the first not 0, made from a text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    return f"{number % (9 * 10 ** (length - 1)) + 10 ** (length - 1)}"


def order_number(session: Session, customer_id: int, at: datetime) -> str:
    """A free order number: the day in Shanghai and eight digits."""
    day = at.astimezone(policy.SHANGHAI)
    turn = 0
    while True:
        number = f"{day:%Y%m%d}{digits_of(f'{customer_id}:{day.isoformat()}:{turn}', 8)}"
        if session.execute(select(Order.id).where(Order.number == number)).first() is None:
            return number
        turn += 1
