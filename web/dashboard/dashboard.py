"""The operators' dashboard: its page and its data, for supervisors and administrators."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from analytics import data_quality, forecast, insights, order_stats, replenish, shop_panel, stock_levels
from analytics.query import Compare, Group, Metric, Period, Query
from shop.errors import BadValue
from shop.front import Shop
from shop.models import Order
from web.dashboard.answers import ROLES, Data, answer, span, today
from web.dashboard.letters import Letters
from web.dashboard.service import Service
from web.dashboard.teaching import Teaching
from web.guard import Guard

HERE = Path(__file__).parent
TODAY = (Metric.SALES, Metric.ORDERS, Metric.AVERAGE, Metric.VISITORS, Metric.CONVERSION, Metric.REFUND_RATE)


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
            Route(f"/dashboard/api/{name}", self._guard.allow(*ROLES)(answer(call))) for name, call in data.items()
        ]
        return [Route("/dashboard/", self._guard.page(*ROLES)(_page)), *calls, *self._more()]

    def _more(self) -> list[BaseRoute]:
        """Pages that have a module of their own."""
        return [route for part in (Service, Teaching, Letters) for route in part(self._shop).routes(self._guard)]

    def today(self, _: Request) -> Any:
        """Today's figures against yesterday's, and what waits."""
        day = today(self._shop)
        period = Period(day, day + timedelta(days=1))
        found = []
        for metric in TODAY:
            figure = order_stats.answer(self._shop, Query(metric=metric, period=period, compare=Compare.PREVIOUS))
            found.append({"metric": metric.value, "value": figure.value, "before": figure.before})
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
        query = Query(metric=metric, group=group, period=span(self._shop, request), compare=Compare.PREVIOUS)
        figure = order_stats.answer(self._shop, query)
        return {
            "value": figure.value,
            "before": figure.before,
            "rows": [{"key": one.key, "value": one.value} for one in figure.rows],
        }

    def rows(self, request: Request) -> Any:
        """The orders behind a number, newest first; no name, phone or address."""
        start, end = span(self._shop, request).moments
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


async def _page(_: Request) -> Response:
    return FileResponse(HERE / "page.html", media_type="text/html; charset=utf-8")
