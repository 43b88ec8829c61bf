"""The operators' dashboard: its page and its data, for supervisors and administrators."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from analytics import after_sale, data_quality, forecast, order_stats, replenish, shop_panel, stock_levels
from analytics.query import Answer, Compare, Group, Metric, Period, Query
from shop.errors import BadValue
from shop.front import Shop
from shop.models import Category
from web.dashboard import rows
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
            "today": self.today, "sales": self.sales, "rows": self.rows, "cases": self.cases, "stock": self.stock,
            "plan": self.plan, "moves": self.moves, "goods": self.goods, "forecast": self.forecast,
            "quality": self.quality,
        }  # fmt: skip
        calls = [
            Route(f"/dashboard/api/{name}", self._guard.allow(*ROLES)(answer(call))) for name, call in data.items()
        ]
        return [Route("/dashboard/", self._guard.page(*ROLES)(self._page)), *calls, *self._more()]

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
        month = Query(metric=Metric.SALES, group=Group.DAY, period=Period(day - timedelta(days=29), period.end))
        return {
            "figures": found,
            "rows": _each_day(order_stats.answer(self._shop, month), month, day),
            "low": len(stock_levels.running_low(levels)),
            "out": len(stock_levels.run_out(levels)),
            "cases": sum(after_sale.pending(self._shop).values()),
        }

    def sales(self, request: Request) -> Any:
        """A metric by a group over a span, with the span before."""
        given = request.query_params
        metric, group = Metric(given.get("metric", "sales")), Group(given.get("group", "day"))
        query = Query(metric=metric, group=group, period=span(self._shop, request), compare=Compare.PREVIOUS)
        figure = order_stats.answer(self._shop, query)
        rows = _each_day(figure, query, today(self._shop))
        return {"value": figure.value, "before": figure.before, "rows": rows}

    def rows(self, request: Request) -> Any:
        """What a number counted: of a metric, and of one row of a group where ``group`` and ``key`` name it."""
        given = request.query_params
        group = Group(given["group"]) if given.get("group") else None
        metric = Metric(given.get("metric", "orders"))
        return {"rows": rows.behind(self._shop, metric, group, given.get("key", ""), span(self._shop, request))}

    def cases(self, _: Request) -> Any:
        """After-sale cases that wait."""
        return {"rows": rows.open_cases(self._shop)}

    def goods(self, _: Request) -> Any:
        """Names and codes of categories, for the forecast's field."""
        with self._shop.database.read() as session:
            found = session.execute(select(Category.code, Category.name).order_by(Category.id)).all()
        return {"rows": [dict(row._mapping) for row in found]}

    def stock(self, request: Request) -> Any:
        """Levels: low, out, over."""
        levels = stock_levels.levels(self._shop)
        kind = request.query_params.get("kind", "low")
        chosen = {"low": stock_levels.running_low, "out": stock_levels.run_out, "over": stock_levels.overstocked}
        if kind not in chosen:
            raise BadValue("kind: give low, out or over", field="kind")
        return {"rows": [_shelf(one) for one in chosen[kind](levels)[:200]]}

    def plan(self, request: Request) -> Any:
        """The purchase plan, within a budget in yuan if one is given; then what lies dead or too long."""
        budget = request.query_params.get("budget")
        if budget and not budget.isdigit():
            raise BadValue("budget: give whole yuan", field="budget")
        lines = replenish.plan(self._shop, int(budget) * 100 if budget else None)
        return {
            "rows": [asdict(one) for one in lines if one.buy or one.advice],
            "total_fen": sum(one.buy_fen for one in lines),
        }

    def moves(self, _: Request) -> Any:
        """Transfers between warehouses."""
        return {"rows": replenish.moves(self._shop)}

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

    def quality(self, request: Request) -> Any:
        """What looks wrong in the tables; with ``check`` the rows that failed it."""
        check = request.query_params.get("check")
        if check:
            return {"rows": [{"key": one} for one in data_quality.behind(self._shop, check)]}
        return {"rows": [asdict(one) for one in data_quality.report(self._shop)]}

    async def _page(self, _: Request) -> Response:
        page = (HERE / "page.html").read_text(encoding="utf-8")
        return HTMLResponse(page.replace("{{ day }}", str(today(self._shop))))


def _each_day(answer: Answer, query: Query, today: date) -> list[dict[str, Any]]:
    """An answer's rows; by day also the days up to today on which nothing happened, so that a line has no short cut."""
    found = {one.key: one.value for one in answer.rows}
    if query.group is Group.DAY and query.period is not None:
        last = min(query.period.end, today + timedelta(days=1))
        days = (query.period.start + timedelta(days=at) for at in range((last - query.period.start).days))
        found = {str(day): found.get(str(day), 0.0) for day in days}
    return [{"key": key, "value": value} for key, value in found.items()]


def _shelf(level: stock_levels.Level) -> dict[str, Any]:
    cover = level.cover_days
    return asdict(level) | {"cover_days": None if cover is None else round(cover, 1)}
