"""``POST /events``: what visitors of the shop's pages do, for the recommender; only with consent.

    {"consent": true, "token": "…" or absent, "session": "…",
     "events": [{"kind": "view", "product": "PH001", "query": "…", "rating": 5, "age_s": 3, "list": "…"}]}

``token`` is the customer's signed token; without one it is a guest's. ``age_s`` says
how long ago it was. ``list`` is the id of a recommended list, whose click is noted.
The answer is ``{"stored": n, "ignored": m}``. Customers who did not consent in the
shop are not stored, whatever the page says.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shop.errors import BadToken
from shop.events import KINDS, Behaviour
from shop.front import Shop
from web.bodies import cors, read_body
from web.pace import Pace

MOST_BYTES = 32_768
MOST_EVENTS = 50
OLDEST_S = 3600.0
PER_MINUTE = 300


class EventDoor:
    """Takes events of browsers: checked, counted, stored in one go."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._pace = Pace(PER_MINUTE)

    async def answer(self, request: Request) -> Response:
        """Store a batch, or say what is wrong with it."""
        headers = cors(self._shop.settings, request)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        body = await read_body(request, MOST_BYTES)
        if body is None:
            return _refusal("too large", 413, headers)
        try:
            asked = json.loads(body)
            events = asked["events"]
            if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            return _refusal("give a JSON object with a list of events", 400, headers)
        if asked.get("consent") is not True:
            return JSONResponse({"stored": 0, "ignored": len(events)}, headers=headers)
        address = request.client.host if request.client else ""
        if len(events) > MOST_EVENTS or not self._pace.admits(address, len(events)):  # more is no person
            return _refusal("too many events", 429, headers)
        try:
            stored = await run_in_threadpool(self._store, asked, events)
        except BadToken:
            return _refusal("the token is not valid", 401, headers)
        return JSONResponse({"stored": stored, "ignored": len(events) - stored}, headers=headers)

    def _store(self, asked: dict[str, Any], events: list[dict[str, Any]]) -> int:
        customer = self._shop.identity.read_token(asked["token"]) if asked.get("token") else None
        products = self._shop.catalogue.ids({str(one.get("product"))[:40] for one in events if one.get("product")})
        session = str(asked.get("session") or "")[:64]
        rows = []
        for one in events:
            row = self._row(one, customer, session, products)
            if row is not None:
                rows.append(row)
                if row.kind == "view" and isinstance(one.get("list"), str) and row.product_id is not None:
                    self._shop.impressions.click(one["list"][:16], row.product_id)
        return self._shop.events.record_many(rows)

    def _row(
        self, one: dict[str, Any], customer: int | None, session: str, products: dict[str, int]
    ) -> Behaviour | None:
        """The event, None when it cannot be: an unknown kind or product, a rating that is none, a broken clock."""
        kind, code = one.get("kind"), one.get("product")
        product = products.get(str(code)[:40]) if code else None
        if not isinstance(kind, str) or kind not in KINDS or (product is None and (code or kind != "search")):
            return None
        rating, age = one.get("rating"), one.get("age_s", 0)
        whole = isinstance(rating, int) and not isinstance(rating, bool)
        if (kind == "rate" and not whole) or (rating is not None and (not whole or not 1 <= rating <= 5)):
            return None
        if isinstance(age, bool) or not isinstance(age, (int, float)) or not 0 <= age <= OLDEST_S:
            return None
        query = one.get("query")
        if query is not None and not isinstance(query, str):
            return None
        at = self._shop.clock() - timedelta(seconds=float(age))
        return Behaviour(customer, session, kind, product, query, rating, at)


def _refusal(why: str, status: int, headers: dict[str, str]) -> Response:
    return JSONResponse({"error": why}, status_code=status, headers=headers)
