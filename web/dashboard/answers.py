"""How the dashboard answers: the span that was asked for, errors, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from analytics import replenish
from analytics.query import SHANGHAI, Period
from shop.errors import BadValue, NotFound, Unavailable
from shop.front import Shop
from web.guard import refusal

ROLES = ("supervisor", "admin")
Data = Callable[[Request], Any]


def today(shop: Shop) -> date:
    """The day of the shop's clock in Asia/Shanghai."""
    return shop.clock().astimezone(SHANGHAI).date()


def span(shop: Shop, request: Request) -> Period:
    """The days ``from`` to ``to`` of a request; the last 30 without them.

    Raises:
        BadValue: they are no days, or too many.
    """
    day, given = today(shop), request.query_params
    try:
        first = date.fromisoformat(given.get("from") or str(day - timedelta(days=29)))
        last = date.fromisoformat(given.get("to") or str(day))
    except ValueError as error:
        raise BadValue("from, to: give YYYY-MM-DD", field="from") from error
    if not timedelta(0) <= last - first <= timedelta(days=1100):
        raise BadValue("from is after to, or more than three years before", field="from")
    return Period(first, last + timedelta(days=1))


def answer(call: Data) -> Callable[[Request], Any]:
    """A route for a function that finds data: its rows as CSV with ``format=csv``, refusals for its errors."""

    async def handler(request: Request) -> Response:
        try:
            found = await run_in_threadpool(call, request)
        except NotFound:
            return refusal("not_found", 404)
        except Unavailable:
            return refusal("unavailable", 503)
        except (BadValue, ValueError, OverflowError):  # the last: a day at the end of the calendar
            return refusal("bad_value", 400)
        if request.query_params.get("format") == "csv":
            headers = {"Content-Disposition": f'attachment; filename="{request.url.path.rsplit("/", 1)[-1]}.csv"'}
            return Response("\ufeff" + as_csv(found.get("rows") or []), media_type="text/csv", headers=headers)
        return JSONResponse(found)

    return handler


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV with a heading; cells that a spreadsheet would run are defused."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({key: replenish.defused(_flat(value)) for key, value in row.items()})
    return text.getvalue()


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, tuple)) else value
