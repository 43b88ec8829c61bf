"""Messages that customers leave when nobody can take their talk, to be answered later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import select

from shop import handoff_rows as rows
from shop.errors import BadValue, NotFound
from shop.models import Handoff, Ticket
from shop.notices import tell
from shop.privacy import mask_phone, mask_text
from shop.signals import signal
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop

TEXT_LIMIT = 1000
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{9,11}")


class Tickets:
    """Takes and settles tickets."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._database = shop.database

    def leave(self, sender_id: str, customer_id: int | None, text: Any, phone: Any = None) -> int:
        """Keep a message with a phone to call back; who waited leaves the queue. Returns the ticket's id.

        Raises:
            BadValue: the text is empty or too long, or the phone is none; ``facts["field"]`` says which.
        """
        words = text.strip() if isinstance(text, str) else ""
        if not 0 < len(words) <= TEXT_LIMIT:
            raise BadValue(f"text: give 1 to {TEXT_LIMIT} characters", field="text")
        number = plain_number(phone) if phone else None
        with self._database.change() as session:
            row = (
                rows.open_row(session, sender_id, lock=True)
                or session.execute(
                    select(Handoff).where(rows.TABLE.c.sender_id == sender_id).order_by(rows.TABLE.c.id.desc()).limit(1)
                ).scalar()
            )
            ticket = Ticket(
                sender_id=sender_id,
                customer_id=rows.living(session, customer_id),
                handoff_id=row.id if row is not None else None,
                reason=row.reason if row is not None else "asked",
                skill_group=row.skill_group if row is not None else "any",
                phone_sealed=self._shop.cipher.seal(number),
                text_sealed=self._shop.cipher.seal(words),
                created_at=self._shop.clock(),
            )
            session.add(ticket)
            session.flush()
            tell(self._shop, session, sender_id, "ticket")
            signal(self._shop, session, sender_id, "ticket", {"ticket_id": ticket.id})
            ticket_id = int(ticket.id)
        self._shop.handoffs.leave(sender_id)
        return ticket_id

    def all(self, state: str = "open", limit: int = 100, groups: Sequence[str] = ("any",)) -> list[dict[str, Any]]:
        """Tickets of a state for agents of these skill groups, oldest first, phones masked."""
        query = select(Ticket).where(Ticket.state == state)
        if "any" not in groups:
            query = query.where(Ticket.skill_group.in_([*groups, "any"]))
        with self._database.read() as session:
            return [self._view(row) for row in session.execute(query.order_by(Ticket.id).limit(limit)).scalars().all()]

    def group(self, ticket_id: int) -> str:
        """The skill group that has to answer a ticket.

        Raises:
            NotFound: there is no such ticket.
        """
        with self._database.read() as session:
            found = session.execute(select(Ticket.skill_group).where(Ticket.id == ticket_id)).scalar()
        if found is None:
            raise NotFound(f"there is no ticket {ticket_id}")
        return str(found)

    def phone(self, ticket_id: int) -> str:
        """The phone to call back, in full; the caller writes the audit log.

        Raises:
            NotFound: there is no such ticket, or it has none.
        """
        with self._database.read() as session:
            row = session.get(Ticket, ticket_id)
        number = self._shop.cipher.open(row.phone_sealed) if row is not None else None
        if not number:
            raise NotFound(f"ticket {ticket_id} has no phone")
        return number

    def settle(self, ticket_id: int, agent_id: int, outcome: Any) -> dict[str, Any]:
        """Mark a ticket as done, with what came of it; doing so twice keeps the first.

        Raises:
            NotFound: there is no such ticket.
        """
        words = outcome.strip()[:TEXT_LIMIT] if isinstance(outcome, str) else ""
        with self._database.change() as session:
            row = session.execute(select(Ticket).where(Ticket.id == ticket_id).with_for_update()).scalar()
            if row is None:
                raise NotFound(f"there is no ticket {ticket_id}")
            if row.state != "done":
                row.state, row.agent_id, row.done_at = "done", agent_id, self._shop.clock()
                row.outcome_sealed = self._shop.cipher.seal(words)
                signal(self._shop, session, row.sender_id, "ticket", {"ticket_id": row.id})
            session.flush()
            return self._view(row)

    def _view(self, row: Any) -> dict[str, Any]:
        cipher = self._shop.cipher
        return {
            "id": row.id,
            "sender_id": row.sender_id,
            "customer_id": row.customer_id,
            "reason": row.reason,
            "skill_group": row.skill_group,
            "phone": mask_phone(cipher.open(row.phone_sealed)),
            "text": mask_text(cipher.open(row.text_sealed) or ""),
            "state": row.state,
            "outcome": cipher.open(row.outcome_sealed) or "",
            "created_at": row.created_at.isoformat(),
            "done_at": row.done_at.isoformat() if row.done_at else None,
        }


def plain_number(phone: Any) -> str:
    """A phone to call back, as digits.

    Raises:
        BadValue: it is no Chinese mobile or landline number.
    """
    number = digits(str(phone))
    number = number[2:] if len(number) == 13 and number.startswith("86") else number
    if not _PHONE.fullmatch(number):
        raise BadValue("phone: give a mobile or a landline number with its area code", field="phone")
    return number
