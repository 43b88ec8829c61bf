"""The operators' dashboard: its page and its data, for supervisors and administrators."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Callable

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from analytics import data_quality, forecast, insights, order_stats, replenish, shop_panel, stock_levels
from analytics.query import SHANGHAI, Compare, Group, Metric, Period, Query
from shop.errors import BadValue, NotFound
from shop.front import Shop
from shop.models import Order
from web.guard import Guard, refusal

HERE = Path(__file__).parent
ROLES = ("supervisor", "admin")
TODAY = (Metric.SALES, Metric.ORDERS, Metric.AVERAGE, Metric.VISITORS, Metric.CONVERSION, Metric.REFUND_RATE)
Data = Callable[[Request], Any]


class Dashboard:
    """Every route of the dashboard; ``?format=csv`` gives a table's rows as CSV."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._guard = Guard(shop)

    def routes(self) -> list[BaseRoute]:
        """The page and its data."""
        data: dict[str, Data] = {
            "today": self.today, "sales": self.sales, "rows": self.rows, "stock": self.stock,
            "plan": self.plan, "forecast": self.forecast, "quality": self.quality,
        }  # fmt: skip
        calls = [
            Route(f"/dashboard/api/{name}", self._guard.allow(*ROLES)(_answer(call))) for name, call in data.items()
        ]
        return [Route("/dashboard/", self._guard.page(*ROLES)(_page)), *calls]

    def today(self, _: Request) -> Any:
        """Today's figures against yesterday's, and what waits."""
        day = self._day()
        period = Period(day, day + timedelta(days=1))
        found = []
        for metric in TODAY:
            answer = order_stats.answer(self._shop, Query(metric=metric, period=period, compare=Compare.PREVIOUS))
            found.append({"metric": metric.value, "value": answer.value, "before": answer.before})
        levels = stock_levels.levels(self._shop)
        return {
            "figures": found,
            "low": len(stock_levels.running_low(levels)),
            "out": len(stock_levels.run_out(levels)),
            "cases": sum(insights.pending_cases(self._shop).values()),
        }

    def sales(self, request: Request) -> Any:
        """A metric by a group over a span, with the span before."""
        given = request.query_params
        metric, group = Metric(given.get("metric", "sales")), Group(given.get("group", "day"))
        query = Query(metric=metric, group=group, period=self._span(request), compare=Compare.PREVIOUS)
        answer = order_stats.answer(self._shop, query)
        return {
            "value": answer.value,
            "before": answer.before,
            "rows": [{"key": one.key, "value": one.value} for one in answer.rows],
        }

    def rows(self, request: Request) -> Any:
        """The orders behind a number, newest first; no name, phone or address."""
        start, end = self._span(request).moments
        query = select(Order.number, Order.created_at, Order.state, Order.city, Order.channel, Order.total_fen)
        query = query.where(Order.created_at >= start, Order.created_at < end)
        for name, column in (("city", Order.city), ("channel", Order.channel)):
            if request.query_params.get(name):
                query = query.where(column == request.query_params[name])
        with self._shop.database.read() as session:
            found = session.execute(query.order_by(Order.created_at.desc()).limit(500)).all()
        return {"rows": [{**row._mapping, "created_at": row.created_at.isoformat()} for row in found]}

    def stock(self, request: Request) -> Any:
        """Levels: low, out, over."""
        levels = stock_levels.levels(self._shop)
        kind = request.query_params.get("kind", "low")
        chosen = {"low": stock_levels.running_low, "out": stock_levels.run_out, "over": stock_levels.overstocked}
        if kind not in chosen:
            raise BadValue("kind: give low, out or over", field="kind")
        return {"rows": [asdict(one) for one in chosen[kind](levels)[:200]]}

    def plan(self, request: Request) -> Any:
        """The purchase plan, within a budget in yuan if one is given, and transfers."""
        budget = request.query_params.get("budget")
        if budget and not budget.isdigit():
            raise BadValue("budget: give whole yuan", field="budget")
        lines = replenish.plan(self._shop, int(budget) * 100 if budget else None)
        return {
            "rows": [asdict(one) for one in lines if one.buy or one.advice],
            "transfers": replenish.moves(self._shop),
        }

    def forecast(self, request: Request) -> Any:
        """28 days ahead of all goods, a category, a product or a SKU, with the 90 % band."""
        kind = request.query_params.get("kind", "category")
        if kind not in shop_panel.MODELS:
            raise BadValue("kind: give category, product or sku", field="kind")
        panel = shop_panel.series(self._shop, kind, request.query_params.get("code") or None)
        made = forecast.rows_of(panel, forecast.forecast(panel, 28))[0]
        past = [{"day": str(day), "value": value} for day, value in zip(panel.days[-90:], panel.values[0, -90:])]
        keys = ("dates", "expected", "low_90", "high_90")
        rows = [dict(zip(("day", "value", "low", "high"), one)) for one in zip(*(made[key] for key in keys))]
        return {"past": past, "rows": rows, "method": made["method"]}

    def quality(self, _: Request) -> Any:
        """What looks wrong in the tables."""
        return {"rows": [asdict(one) for one in data_quality.report(self._shop)]}

    def _day(self) -> date:
        return self._shop.clock().astimezone(SHANGHAI).date()

    def _span(self, request: Request) -> Period:
        day, given = self._day(), request.query_params
        try:
            first = date.fromisoformat(given.get("from") or str(day - timedelta(days=29)))
            last = date.fromisoformat(given.get("to") or str(day))
        except ValueError as error:
            raise BadValue("from, to: give YYYY-MM-DD", field="from") from error
        if not timedelta(0) <= last - first <= timedelta(days=1100):
            raise BadValue("from is after to, or more than three years before", field="from")
        return Period(first, last + timedelta(days=1))


def _answer(call: Data) -> Callable[[Request], Any]:
    async def handler(request: Request) -> Response:
        try:
            found = await run_in_threadpool(call, request)
        except NotFound:
            return refusal("not_found", 404)
        except (BadValue, ValueError):
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


async def _page(_: Request) -> Response:
    return FileResponse(HERE / "page.html", media_type="text/html; charset=utf-8")
