"""What to buy now, in a few words: the purchase plan, the most pressing goods first."""

from __future__ import annotations

from typing import Any

from actions.figure_words import SHOWN, scope, show_table
from actions.texts import label, yuan
from actions.turn import Turn
from analytics import replenish, stock_levels
from analytics.query import SHANGHAI, Filters, Query

LISTED = 20
"""Rows of the table below the words."""


def tell_plan(turn: Turn, query: Query) -> None:
    """Products, units, by when to order and when they come; within a sum of money where one is named."""
    budget = _budget(turn)
    chosen = None
    if query.filters != Filters():
        chosen = {one.code for one in stock_levels.levels(turn.shop, query.filters)}
    bought = [one for one in replenish.plan(turn.shop, budget, only=chosen) if one.buy]
    if not bought:
        turn.say("utter_stock_plan_none", scope=scope(turn, query))
        return
    bought.sort(key=lambda one: (one.order_by, one.free / one.per_day if one.per_day else 0.0, -one.buy_fen))
    today = turn.shop.clock().astimezone(SHANGHAI).date().isoformat()
    turn.say(
        "utter_stock_plan",
        scope=scope(turn, query),
        budget=label("figure_words", "budget").format(value=yuan(budget)) if budget is not None else "",
        count=len(bought),
        units=f"{sum(one.buy for one in bought):,}",
        value=yuan(sum(one.buy_fen for one in bought)),
        rows=label("figure_words", "rows_joint").join(_row(one, today) for one in bought[:SHOWN]),
    )
    heads = [label("figure_group", "product"), label("metric", "units")]
    rows = [[f"{one.name} {one.spec}".strip(), label("figure_value", "units").format(value=one.buy)] for one in bought]
    show_table(turn, heads, rows[:LISTED], [float(one.buy) for one in bought[:LISTED]], "bar")


def _row(line: Any, today: str) -> str:
    when = label("figure_words", "order_today" if line.order_by <= today else "order_by").format(day=line.order_by)
    facts = {"name": line.name, "spec": line.spec, "buy": line.buy, "free": line.free, "when": when}
    return label("figure_words", "plan_row").format(arrives=line.arrives, **facts)


def _budget(turn: Turn) -> int | None:
    """What may be spent (fen) where the words name a sum; the middle of what is only about a sum."""
    found = next((one["value"] for one in turn.values if one["entity"] == "price_range"), None)
    bounds = [found[name] for name in ("min_fen", "max_fen") if found.get(name)] if isinstance(found, dict) else []
    return round(sum(bounds) / len(bounds)) if bounds else None
