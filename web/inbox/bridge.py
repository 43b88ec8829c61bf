"""Brings handoffs and customers' words to the other inbox, and takes its webhooks; see ``web.inbox.inbox``."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, AsyncIterator

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop.errors import BadSetting, ConcurrentChange, NotFound, ShopError
from web.bodies import read_body
from web.guard import refusal
from web.inbox.carrier import Carrier, back_key
from web.inbox.chatwoot import Chatwoot
from web.inbox.inbox import Event, Faulty, Other, Plain, act, is_signed

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
LONGEST_BODY = 256 * 1024
LOOK_S, SLOWEST_S = 1.0, 60.0
WITHIN_S = 10.0


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
        self._carrier = Carrier(shop, self._other) if self._other is not None else None

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
            Faulty: the other side did not take something; it and what comes after it in its talk are brought later.
            ShopError: something was not read here, such as DatabaseDown.
        """
        if self._carrier is not None:
            self._carrier.look()

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
            handoff_id = self._shop.shared_values.get(back_key(event.sender_id))
            if handoff_id is None:
                raise NotFound("no talk of ours")
            talk = self._shop.handoffs.get(int(handoff_id))
            event = replace(event, sender_id=talk.sender_id, handoff_id=talk.id)
        act(self._shop, event)
