"""Behaviour for the recommender: stored only with consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, Iterable

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from shop.errors import BadValue
from shop.models import BehaviourEvent, Customer
from shop.privacy import mask_text
from shop.sales_days import SHANGHAI
from shop.text_match import clean

if TYPE_CHECKING:
    from shop.front import Shop

VISIT_DIGITS = 16
KINDS = frozenset({"view", "search", "cart", "favourite", "buy", "rate"})


@dataclass(frozen=True)
class Behaviour:
    """One thing that somebody did; without a customer it is a guest's."""

    customer_id: int | None
    session: str
    kind: str
    product_id: int | None = None
    query: str | None = None
    rating: int | None = None
    at: datetime | None = None


class Events:
    """Records behaviour.

    A customer's is stored only if they consented. A guest's is stored without the
    session's name: a keyed fingerprint of day and session counts visitors of the
    day, differs the next day, and leads to nobody who lacks the shop's key.
    Phones and the like in what was searched for are masked.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def record(
        self,
        customer_id: int | None,
        session: str,
        kind: str,
        product_id: int | None = None,
        query: str | None = None,
        rating: int | None = None,
        at: datetime | None = None,
    ) -> bool:
        """Store one event; returns whether it was stored.

        Raises:
            BadValue: there is no such kind, or the rating is not 1 to 5.
        """
        return self.record_many([Behaviour(customer_id, session, kind, product_id, query, rating, at)]) == 1

    def record_many(self, events: Iterable[Behaviour]) -> int:
        """Store many events in one go; returns how many were stored.

        Raises:
            BadValue: there is no such kind, or a rating is not 1 to 5; nothing is stored then.
        """
        events = list(events)
        for one in events:
            _check(one)
        with self._shop.database.change() as session:
            consenting = _consenting(session, {one.customer_id for one in events if one.customer_id is not None})
            now = self._shop.clock()
            print_of = self._shop.cipher.fingerprint
            rows = [
                _row(one, now, print_of) for one in events if one.customer_id is None or one.customer_id in consenting
            ]
            if rows:
                session.execute(insert(BehaviourEvent.__table__), rows)
        return len(rows)


def _check(event: Behaviour) -> None:
    if event.kind not in KINDS:
        raise BadValue(f"kind={event.kind!r}: give one of {', '.join(sorted(KINDS))}", field="kind")
    if event.rating is not None and not 1 <= event.rating <= 5:
        raise BadValue(f"rating={event.rating!r}: give 1 to 5", field="rating")


def _consenting(session: Session, customers: set[int]) -> set[int]:
    found: set[int] = set()
    ids = sorted(customers)
    for start in range(0, len(ids), 500):
        query = select(Customer.id).where(
            Customer.id.in_(ids[start : start + 500]), Customer.consent.is_(True), Customer.erased_at.is_(None)
        )
        found.update(session.execute(query).scalars())
    return found


def _row(event: Behaviour, now: datetime, print_of: Callable[[str], str]) -> dict[str, Any]:
    at, visit = event.at or now, clean(event.session, 64)
    if event.customer_id is None and visit:
        visit = print_of(f"visit:{at.astimezone(SHANGHAI).date()}:{visit}")[:VISIT_DIGITS]
    return {
        "customer_id": event.customer_id,
        "session": visit,
        "kind": event.kind,
        "product_id": event.product_id,
        "query": mask_text(clean(event.query, 200))[:200] or None,
        "rating": event.rating,
        "at": at,
    }
