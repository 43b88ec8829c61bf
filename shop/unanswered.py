"""What customers asked and nobody knew: masked words, without a trace of who said them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Sequence

from sqlalchemy import delete, select, update

from shop.entities import UnansweredView
from shop.models import Unanswered
from shop.privacy import mask_text

if TYPE_CHECKING:
    from shop.front import Shop

LONGEST = 200
KEPT = timedelta(days=180)
STATES = ("open", "taken", "dropped")

_TABLE = Unanswered.__table__


class UnansweredMessages:
    """Keeps such messages until somebody made an answer of them or dropped them."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def record(self, text: str, intent: str, confidence: float) -> int | None:
        """Keep a message and return its id; None when nothing is left of it.

        Args:
            text: Its words; names, numbers and addresses were masked by who knows where they stand.
            intent: The likeliest intent.
            confidence: Its probability.
        """
        masked = mask_text(text).strip()[:LONGEST]
        if not masked:
            return None
        row = Unanswered(
            text_sealed=self._cipher.seal(masked), intent=intent[:40], confidence=confidence, at=self._now()
        )
        with self._database.change() as session:
            session.add(row)
            session.flush()
            return int(row.id)

    def open(self, limit: int = 5000) -> list[UnansweredView]:
        """The newest open messages, oldest first."""
        query = select(_TABLE).where(_TABLE.c.state == "open").order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())
        with self._database.read() as session:
            rows = session.execute(query.limit(limit)).all()
        return [
            UnansweredView(row.id, self._cipher.open(row.text_sealed) or "", row.intent, row.confidence, row.at)
            for row in reversed(rows)
        ]

    def settle(self, ids: Sequence[int], state: str) -> int:
        """Mark messages as ``taken`` or ``dropped``; returns how many were open."""
        if state not in STATES:
            raise ValueError(f"{state!r} is none of {', '.join(STATES)}")
        if not ids:
            return 0
        change = update(_TABLE).where(_TABLE.c.id.in_(list(ids)), _TABLE.c.state == "open").values(state=state)
        with self._database.change() as session:
            return int(session.execute(change).rowcount)

    def purge(self) -> int:
        """Delete what is older than ``KEPT``; returns how many there were."""
        with self._database.change() as session:
            return int(session.execute(delete(_TABLE).where(_TABLE.c.at < self._now() - KEPT)).rowcount)
