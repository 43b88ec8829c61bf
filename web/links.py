"""``POST /link``: a code by which a logged-in customer goes on in a messenger as the same customer.

    {"token": "…"}  →  {"code": "L1…", "minutes": 15, "links": [{"channel": "telegram", "url": "https://…"}]}

``token`` is the customer's signed token, which only the shop's own page has. The
code works once. ``links`` are the addresses of ``XIAOER_MESSENGER_LINKS`` with the
code in them; in a messenger without such an address the customer sends the code
as a message.
"""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shop.errors import BadToken
from shop.front import Shop
from shop.link_codes import MINUTES
from web.bodies import cors, read_body
from web.pace import Pace

MOST_BYTES = 4096
PER_MINUTE = 10


class LinkDoor:
    """Hands out link codes to customers whom the shop's page knows."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._pace = Pace(PER_MINUTE)

    async def answer(self, request: Request) -> Response:
        """A code, or what is wrong."""
        headers = {"Cache-Control": "no-store", **cors(self._shop.settings, request)}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        body = await read_body(request, MOST_BYTES)
        try:
            token = json.loads(body or b"")["token"]
            customer_id = self._shop.identity.read_token(token)
        except (ValueError, KeyError, TypeError, RecursionError):
            return JSONResponse({"error": "give a JSON object with the customer's token"}, 400, headers)
        except BadToken:
            return JSONResponse({"error": "the token is not valid"}, 401, headers)
        if not self._pace.admits(customer_id):
            return JSONResponse({"error": "too many codes"}, 429, headers)
        try:
            code = await run_in_threadpool(self._shop.link_codes.issue, customer_id)
        except BadToken:  # of a customer who was erased since
            return JSONResponse({"error": "the token is not valid"}, 401, headers)
        links = [
            {"channel": name, "url": address.replace("{code}", code)}
            for name, address in self._shop.settings.messengers.items()
        ]
        return JSONResponse({"code": code, "minutes": MINUTES, "links": links}, headers=headers)
