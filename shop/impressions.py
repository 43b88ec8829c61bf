"""What was shown of the recommendations, and what came of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Iterable

from sqlalchemy import insert, select, update

from shop.models import BehaviourEvent, Customer, Impression

if TYPE_CHECKING:
    from shop.front import Shop

BOUGHT_WITHIN = timedelta(days=7)
CLICKED_WITHIN = timedelta(hours=12)


@dataclass(frozen=True)
class Shown:
    """One product of a list that is shown."""

    product_id: int
    propensity: float
    variant: str
    version: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What came of one shown product."""

    list_id: str
    product_id: int
    position: int
    propensity: float
    variant: str
    version: str
    clicked: bool
    bought: bool


class Impressions:
    """Writes and reads shown lists; a customer who does not consent is left out of the rows."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def record(self, customer_id: int | None, place: str, shown: Iterable[Shown]) -> str:
        """Store a shown list; returns its id, by which clicks are told."""
        list_id, now = secrets.token_hex(8), self._shop.clock()
        with self._shop.database.change() as session:
            if customer_id is not None:
                consents = select(Customer.id).where(
                    Customer.id == customer_id, Customer.consent.is_(True), Customer.erased_at.is_(None)
                )
                customer_id = session.execute(consents).scalar()
            rows = [
                {
                    "list_id": list_id, "customer_id": customer_id, "place": place, "position": position, "at": now,
                    "product_id": one.product_id, "propensity": one.propensity, "variant": one.variant,
                    "version": one.version, "reason": one.reason,
                }
                for position, one in enumerate(shown, 1)
            ]  # fmt: skip
            if rows:
                session.execute(insert(Impression.__table__), rows)
        return list_id

    def click(self, list_id: str, product_id: int) -> bool:
        """A shown product was opened; returns whether there was such a one that was not clicked yet."""
        now = self._shop.clock()
        query = (
            update(Impression)
            .where(
                Impression.list_id == list_id, Impression.product_id == product_id, Impression.clicked_at.is_(None),
                Impression.at > now - CLICKED_WITHIN,
            )
            .values(clicked_at=now)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        with self._shop.database.change() as session:
            return bool(session.execute(query).rowcount)

    def outcomes(self, since: datetime) -> list[Outcome]:
        """All shown products since a moment; bought: by the same customer within seven days after."""
        query = select(Impression, BehaviourEvent.at).outerjoin(
            BehaviourEvent,
            (BehaviourEvent.customer_id == Impression.customer_id)
            & (BehaviourEvent.product_id == Impression.product_id)
            & (BehaviourEvent.kind == "buy")
            & (BehaviourEvent.at >= Impression.at),
        )
        found: dict[int, Outcome] = {}
        with self._shop.database.read() as session:
            for row, at in session.execute(query.where(Impression.at >= since).order_by(Impression.id)):
                in_time = at is not None and at - row.at <= BOUGHT_WITHIN
                had = found.get(row.id)
                found[row.id] = Outcome(
                    row.list_id, row.product_id, row.position, row.propensity, row.variant, row.version,
                    row.clicked_at is not None, in_time or (had is not None and had.bought),
                )  # fmt: skip
        return list(found.values())
