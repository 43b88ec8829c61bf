"""Carries handoffs and customers' words to the other inbox; see ``web.inbox.inbox``."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from shop.errors import NotFound, ShopError
from shop.handoff_rows import ELSEWHERE
from shop.models import Handoff, Message
from shop.privacy import mask_text
from shop.states import HandoffState
from web.inbox.inbox import Faulty, Other

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
KEPT_S = 30 * 24 * 3600.0
CLOSED_WITHIN = timedelta(days=1)
LEASE_S = 120.0
TRANSCRIPT = 12
TRIES = 10
"""Lasting faults in a row (some four minutes) after which nothing more of a talk is brought."""
LEASE = "inbox:lease"
SIGNS = {"in": ">", "out": "<", "agent": "<<", "sys": "--"}
_HANDOFFS, _MESSAGES = Handoff.__table__, Message.__table__


class LeaseLost(Exception):
    """Another process carries now."""


class Carrier:
    """Brings everything that is new, talk by talk; one process at a time.

    Of each talk it keeps a state: ``there`` (its id there), ``upto`` (the last message brought),
    ``note`` (until it was taken), ``tries`` (lasting faults in a row), ``ended``. A closed talk that
    was found ended is not read again.
    """

    def __init__(self, shop: Shop, other: Other) -> None:
        self._shop, self._other = shop, other
        self._until: datetime | None = None
        self._over: set[tuple[int, datetime]] = set()

    def look(self) -> None:
        """Bring over everything that is new; a talk that fails does not stop the others.

        Raises:
            Faulty: the other side did not take something; it and what comes after it in its talk are brought later.
            ShopError: something was not read here, such as DatabaseDown.
        """
        self._until = self._shop.shared_values.lease(LEASE, LEASE_S)
        if self._until is None:
            return
        fault: Faulty | ShopError | None = None
        try:
            rows = self._talks()
            self._over &= {(row.id, row.closed_at) for row in rows}
            for row in rows:
                if (row.id, row.closed_at) in self._over:
                    continue
                self._go_on()
                try:
                    self._bring(row)
                except (Faulty, ShopError) as error:
                    fault = fault or error
                    self._count(row.id, error)
        except LeaseLost:
            log.warning("another process carries to the other inbox now")
        finally:
            if self._until is not None:
                self._shop.shared_values.free(LEASE, self._until)
        if fault is not None:
            raise fault

    def _go_on(self) -> None:
        """Renew the lease once half of it is over.

        Raises:
            LeaseLost: another process has it.
        """
        if self._until is None or self._until - self._shop.clock() < timedelta(seconds=LEASE_S / 2):
            if self._until is not None:
                self._until = self._shop.shared_values.renew(LEASE, self._until, LEASE_S)
            if self._until is None:
                raise LeaseLost

    def _talks(self) -> list[Any]:
        still = or_(
            _HANDOFFS.c.state != HandoffState.CLOSED.value,
            _HANDOFFS.c.closed_at >= self._shop.clock() - CLOSED_WITHIN,
        )
        with self._shop.database.read() as session:
            return list(session.execute(select(_HANDOFFS).where(still).order_by(_HANDOFFS.c.id)).all())

    def _bring(self, row: Any) -> None:
        state, is_open = self._state(row.id), row.state != HandoffState.CLOSED.value
        is_theirs = row.skill_group == ELSEWHERE  # the platform's own staff has it, since now or from the beginning
        is_open = is_open and not is_theirs
        if state.get("ended") or ("there" not in state and not is_open):
            if state.get("ended") and not is_open:
                self._over.add((row.id, row.closed_at))  # its moment too: SQLite gives an erased row's id again
            return  # it came and went unseen, or before this inbox was set
        if "there" not in state:
            state = self._begin(row)
        if "note" in state:
            self._other.explain(state["there"], state["note"])
            self._taken(row.id, state, note=None)
        for message in [] if is_theirs else self._said(row.sender_id, state["upto"], row.closed_at):
            self._go_on()
            self._other.tell(state["there"], row, message)
            self._taken(row.id, state, upto=message.id)
        if not is_open:
            self._other.end(state["there"], row)
            self._taken(row.id, state, ended=True)

    def _begin(self, row: Any) -> dict[str, Any]:
        history = self._shop.messages.history(row.sender_id, 0, TRANSCRIPT)
        lines = [
            f"{SIGNS[one.direction]} {mask_text(str(one.body.get('text') or ''))[:200]}"
            for one in history
            if one.body.get("text")
        ]
        customer = ""
        if row.customer_id is not None:
            try:
                customer = self._shop.customers.facts(row.customer_id).name
            except NotFound:  # erased meanwhile
                customer = ""
        reasons = ", ".join(str(one.get("reason")) for one in row.reasons or [{"reason": row.reason}])
        note = "\n".join([f"#{row.id} · {reasons} · {row.skill_group} · {row.priority}", *lines])
        there = self._other.begin(row, customer, note)
        state = {"there": there, "upto": history[-1].id if history else 0, "note": note}
        self._keep(row.id, state)
        self._shop.shared_values.put(back_key(there), str(row.id), KEPT_S)
        return state

    def _said(self, sender_id: str, upto: int, until: Any) -> list[Any]:
        """A customer's words after an id; after the talk has ended they are the bot's again."""
        query = select(_MESSAGES.c.id).where(
            _MESSAGES.c.sender_id == sender_id, _MESSAGES.c.direction == "in", _MESSAGES.c.id > upto
        )
        if until is not None:
            query = query.where(_MESSAGES.c.at <= until)
        with self._shop.database.read() as session:
            ids = session.execute(query.order_by(_MESSAGES.c.id).limit(100)).scalars().all()
        found = self._shop.messages.by_ids(ids)
        return [found[one] for one in ids if one in found]

    def _count(self, handoff_id: int, error: Exception) -> None:
        """Give a talk up after some faults that last."""
        if not isinstance(error, Faulty) or not error.lasting:
            return
        state = self._state(handoff_id)
        state["tries"] = state.get("tries", 0) + 1
        if state["tries"] >= TRIES:
            state["ended"] = True
            log.error("nothing more of handoff %d goes to the other inbox: %s", handoff_id, error)
        self._keep(handoff_id, state)

    def _taken(self, handoff_id: int, state: dict[str, Any], **news: Any) -> None:
        """Keep what the other side took; None takes a value out."""
        state.update(news, tries=None)
        for key in [key for key, value in state.items() if value is None]:
            del state[key]
        self._keep(handoff_id, state)

    def _state(self, handoff_id: int) -> dict[str, Any]:
        return dict(json.loads(self._shop.shared_values.get(_key(handoff_id)) or "{}"))

    def _keep(self, handoff_id: int, state: dict[str, Any]) -> None:
        self._shop.shared_values.put(_key(handoff_id), json.dumps(state), KEPT_S)


def _key(handoff_id: int) -> str:
    return f"inbox:{handoff_id}"


def back_key(there: str) -> str:
    """Where the handoff of a talk there is kept."""
    return f"inbox:there:{hashlib.sha256(there.encode()).hexdigest()[:32]}"
