"""Operators' questions about the shelves: what runs out, lies too long, is there, will be sold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable

from actions.business_plan import tell_plan
from actions.figure_words import SHOWN, bounds, days, scope, show_table
from actions.texts import label, yuan
from actions.turn import Turn
from analytics import forecast, shop_panel, stock_levels
from analytics.query import SHANGHAI, Metric, Period, Query

AHEAD = 28
FARTHEST = 180


def _told(turn: Turn, query: Query, name: str, found: list[Any], words: str, **facts: Any) -> None:
    """Say how many, tell the first few, show more of them as a table."""
    facts["scope"] = scope(turn, query)
    if not found:
        turn.say(f"{name}_none", **facts)
        return
    rows = []
    for one in found[:SHOWN]:
        coming = words == "out" and one.incoming
        rows.append(
            label("figure_words", "out_coming" if coming else words).format(
                name=one.name,
                spec=one.spec,
                free=one.free,
                days=f"{one.cover_days:.1f}" if one.cover_days is not None else "",
                incoming=one.incoming,
                value=yuan(one.free * one.price_fen),
            )
        )
    turn.say(name, count=len(found), rows=label("figure_words", "rows_joint").join(rows), **facts)
    heads = [label("figure_group", "product"), label("metric", "units")]
    shown = found[:20]
    show_table(
        turn, heads, [[f"{one.name} {one.spec}", str(one.free)] for one in shown], [one.free for one in shown], "bar"
    )


def _low(turn: Turn, query: Query) -> None:
    found = stock_levels.running_low(stock_levels.levels(turn.shop, query.filters))
    _told(turn, query, "utter_stock_low", found, "cover", days=f"{stock_levels.LOW_DAYS:.0f}")


def _out(turn: Turn, query: Query) -> None:
    _told(turn, query, "utter_stock_out", stock_levels.run_out(stock_levels.levels(turn.shop, query.filters)), "out")


def _over(turn: Turn, query: Query) -> None:
    found = stock_levels.overstocked(stock_levels.levels(turn.shop, query.filters))
    value = yuan(sum(one.free * one.price_fen for one in found))
    _told(turn, query, "utter_stock_over", found, "pile", days=f"{stock_levels.OVER_DAYS:.0f}", value=value)


def _on_hand(turn: Turn, query: Query) -> None:
    found = stock_levels.levels(turn.shop, query.filters)
    if query.least is not None or query.most is not None:
        within = stock_levels.within(found, query)
        _told(turn, query, "utter_stock_bounded", within, "left", bounds=bounds(query, Query(metric=Metric.UNITS)))
        return
    free, per_day = sum(max(0, one.free) for one in found), sum(one.per_day for one in found)
    turn.say(
        "utter_stock_total",
        scope=scope(turn, query),
        free=f"{free:,}",
        skus=len(found),
        value=yuan(sum(max(0, one.free) * one.price_fen for one in found)),
        days=round(free / per_day) if per_day else "∞",
        incoming=f"{sum(one.incoming for one in found):,}",
    )


def _forecast(turn: Turn, query: Query) -> None:
    """Units of the coming 28 days or of the coming time that is named, of all goods, a category or a product."""
    filters = query.filters
    if filters.cities or filters.channel or (filters.brand and not filters.product):  # one product has one brand
        turn.say("utter_figure_unknown")
        return
    today = turn.shop.clock().astimezone(SHANGHAI).date()
    when = Period(today, today + timedelta(days=AHEAD))
    if query.period is not None and query.period.end > today:
        when = Period(max(today, query.period.start), query.period.end)
    skipped = (when.start - today).days
    if skipped + when.days > FARTHEST:
        turn.say("utter_business_forecast_far", days=FARTHEST)
        return
    kind = "product" if filters.product else "category"
    panel = shop_panel.series(turn.shop, kind, filters.product or filters.category)
    made = forecast.forecast(panel, skipped + when.days)
    rows = forecast.rows_of(panel, made)[0]
    expected, unit = made.expected[0][skipped:], made.spread[0][skipped:]
    by_day = [(day, float(value)) for day, value in zip(rows["dates"][skipped:], expected)]
    spread = float((unit**2).sum() ** 0.5) * (float(made.residuals[0].std()) if made.residuals[0].size else 1.0)
    total = float(expected.sum())
    best = sorted(by_day, key=lambda one: -one[1])[:3]
    turn.say(
        "utter_business_forecast",
        scope=scope(turn, query),
        days=days(when),
        units=f"{total:.0f}",
        low=f"{max(0.0, total - 1.645 * spread):.0f}",
        high=f"{total + 1.645 * spread:.0f}",
        rows=label("figure_words", "rows_joint").join(" ".join((day, _units(value))) for day, value in best),
    )
    heads = [label("figure_group", "day"), label("metric", "units")]
    show_table(turn, heads, [[day, _units(value)] for day, value in by_day], [value for _, value in by_day], "line")


def _units(value: float) -> str:
    return label("figure_value", "units").format(value=f"{value:.0f}" if value >= 10 else f"{value:.1f}")


TELLS: dict[str, Callable[[Turn, Query], None]] = {
    "plan": tell_plan,
    "low": _low,
    "out": _out,
    "overstock": _over,
    "on_hand": _on_hand,
    "forecast": _forecast,
}
"""What answers each kind of question of the lexicon's ``stock``."""
