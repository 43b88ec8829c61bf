"""Brings handoffs and customers' words to the other inbox, and takes its webhooks; see ``web.inbox.inbox``."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, AsyncIterator

import httpx
from sqlalchemy import or_, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop.errors import BadSetting, ConcurrentChange, NotFound, ShopError
from shop.models import Handoff, Message
from shop.privacy import mask_text
from shop.states import HandoffState
from web.bodies import read_body
from web.guard import refusal
from web.inbox.chatwoot import Chatwoot
from web.inbox.inbox import Event, Faulty, Other, Plain, act, is_signed

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
LONGEST_BODY = 256 * 1024
KEPT_S = 30 * 24 * 3600.0
CLOSED_WITHIN = timedelta(days=1)
LOOK_S, SLOWEST_S, LEASE_S = 1.0, 60.0, 120.0
TRANSCRIPT = 12
WITHIN_S = 10.0
LEASE = "inbox:lease"
SIGNS = {"in": ">", "out": "<", "agent": "<<", "sys": "--"}
_HANDOFFS, _MESSAGES = Handoff.__table__, Message.__table__


def other_side(shop: Shop, client: httpx.Client) -> Other | None:
    """The inbox that the settings name; None without one.

    Raises:
        BadSetting: it is half set up.
    """
    settings = shop.settings
    if not settings.inbox_url:
        return None
    if len(settings.inbox_secret) < 16:
        raise BadSetting("XIAOER_INBOX_SECRET", "…", "give at least 16 characters; both sides sign with it")
    if settings.inbox_kind == "chatwoot":
        return Chatwoot(client, shop)
    if settings.inbox_kind == "webhook":
        return Plain(client, settings.inbox_url, settings.inbox_secret, lambda: shop.clock().timestamp())
    raise BadSetting("XIAOER_INBOX_KIND", settings.inbox_kind, "give webhook or chatwoot")


class Bridge:
    """Between our handoffs and the other inbox; does nothing where no inbox is set."""

    def __init__(self, shop: Shop, client: httpx.Client | None = None) -> None:
        self._shop = shop
        self._other = other_side(shop, client or httpx.Client(timeout=WITHIN_S))

    def route(self) -> Route:
        """Where the other inbox reports."""
        return Route("/inbox/events", self.take, methods=["POST"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for news while the server runs; after a fault less and less often."""
        task = asyncio.create_task(self._rounds()) if self._other is not None else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()

    async def _rounds(self) -> None:
        pause = LOOK_S
        while True:
            await asyncio.sleep(pause)
            try:
                await run_in_threadpool(self.look)
                pause = LOOK_S
            except (Faulty, ShopError) as error:
                pause = min(SLOWEST_S, 2 * pause)
                log.warning("the other inbox waits %.0f s: %s", pause, error)
            except Exception as error:  # noqa: BLE001 - the loop must live: people's talks hang on it
                pause = SLOWEST_S
                log.error("the other inbox failed: %s", type(error).__name__)

    # Out

    def look(self) -> None:
        """Bring over everything that is new; one process at a time.

        Raises:
            Faulty: the other side did not take something; it and what comes after it are brought later.
            DatabaseDown: nothing was read.
        """
        if self._other is None or not self._shop.shared_values.lease(LEASE, LEASE_S):
            return
        try:
            for row in self._talks():
                self._bring(self._other, row)
        finally:
            self._shop.shared_values.free(LEASE)

    def _talks(self) -> list[Any]:
        still = or_(
            _HANDOFFS.c.state != HandoffState.CLOSED.value,
            _HANDOFFS.c.closed_at >= self._shop.clock() - CLOSED_WITHIN,
        )
        with self._shop.database.read() as session:
            return list(session.execute(select(_HANDOFFS).where(still).order_by(_HANDOFFS.c.id)).all())

    def _bring(self, other: Other, row: Any) -> None:
        kept = self._shop.shared_values.get(_key(row.id))
        is_open = row.state != HandoffState.CLOSED.value
        if kept is None:
            if not is_open:
                return  # it came and went unseen, or before this inbox was set
            kept = self._begin(other, row)
        state = json.loads(kept)
        if state.get("ended"):
            return
        for message in self._said(row.sender_id, state["upto"], row.closed_at):
            other.tell(state["there"], row, message)
            state["upto"] = message.id
            self._keep(row.id, state)
        if not is_open:
            other.end(state["there"], row)
            self._keep(row.id, {**state, "ended": True})

    def _begin(self, other: Other, row: Any) -> str:
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
        there = other.begin(row, customer, note)
        state = {"there": there, "upto": history[-1].id if history else 0}
        self._shop.shared_values.put(_back_key(there), str(row.id), KEPT_S)
        return self._keep(row.id, state)

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

    def _keep(self, handoff_id: int, state: dict[str, Any]) -> str:
        text = json.dumps(state)
        self._shop.shared_values.put(_key(handoff_id), text, KEPT_S)
        return text

    # In

    async def take(self, request: Request) -> Response:
        """One report of the other inbox."""
        if self._other is None:
            return refusal("not_found", 404)
        raw = await read_body(request, LONGEST_BODY)
        secret, now_s = self._shop.settings.inbox_secret, self._shop.clock().timestamp()
        if raw is None or not is_signed(secret, request.headers, raw, now_s):
            return refusal("bad_signature", 401)
        try:
            body = json.loads(raw)
            event = self._other.read(body) if isinstance(body, dict) else None
        except (ValueError, AttributeError, TypeError, RecursionError):
            return refusal("bad_value", 400, field="body")
        if event is None:
            return JSONResponse({"ok": True, "done": False})
        try:
            await run_in_threadpool(self._act, event)
        except NotFound:
            return refusal("not_found", 404)
        except ConcurrentChange:
            return refusal("concurrent_change", 409)
        except ShopError as error:
            log.warning("a report of the other inbox was not done: %s", type(error).__name__)
            return refusal("refused", 409)
        return JSONResponse({"ok": True, "done": True})

    def _act(self, event: Event) -> None:
        if isinstance(self._other, Chatwoot):
            event = replace(event, sender_id=self._sender(event.sender_id))
        act(self._shop, event)

    def _sender(self, there: str) -> str:
        handoff_id = self._shop.shared_values.get(_back_key(there))
        if handoff_id is None:
            raise NotFound("no talk of ours")
        return self._shop.handoffs.get(int(handoff_id)).sender_id


def _key(handoff_id: int) -> str:
    return f"inbox:{handoff_id}"


def _back_key(there: str) -> str:
    return f"inbox:there:{hashlib.sha256(there.encode()).hexdigest()[:32]}"
