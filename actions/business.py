"""Operators' questions about the whole shop."""

from __future__ import annotations

import time
from typing import Any, Sequence

from actions.base import Events
from actions.figure_words import compared, days, group_name, scope, share, show_table, table, told_period, worth
from actions.texts import label, yuan
from actions.turn import Turn
from analytics import forecast, insights, order_stats, questions, shop_panel, stock_levels
from analytics.comparisons import running
from analytics.query import SHANGHAI, Compare, Query
from analytics.questions import Named
from shop.errors import BadValue

SHOWN = 5
AHEAD = 28


def tell_business(turn: Turn, text: str, entities: Sequence[Named], query: Query | None = None) -> Events | None:
    """Answer a question about the shop; the caller has checked that an operator asks."""
    if query is None:
        if questions.says("unknown", _without_goods(text, entities)) or _by_province(entities):
            turn.say("utter_business_unknown")
            return None
        if questions.several(entities):
            turn.say("utter_figure_one_by_one")
            return None
        if questions.says("pending", text):
            return _pending(turn)
        query = questions.read(text, entities, turn.shop.clock(), own=False)
        if questions.says("why", text):
            return _why(turn, query)
        kind = next((name for name in questions.words()["stock"] if questions.says(f"stock.{name}", text)), None)
        if kind == "low" or (kind == "out" and questions.says("soon", text)):
            return _low(turn, query)
        if kind is not None:
            return {"out": _out, "overstock": _over, "on_hand": _on_hand, "forecast": _forecast}[kind](turn, query)
        if query.period is None and query.group is None and questions.says("how", text):
            today = running("day", turn.shop.clock().astimezone(SHANGHAI).date())
            query = query.but(period=today, compare=Compare.PREVIOUS)
    return _figure(turn, query)


def _without_goods(text: str, entities: Sequence[Named]) -> str:
    """The words beside the names of goods, which may hold a region or an hour."""
    for one in entities:
        if one.kind in ("product", "brand", "category"):
            text = text.replace(one.text, " ")
    return text


def _by_province(entities: Sequence[Named]) -> bool:
    """Whether a region without a city is named: figures are kept by city."""
    regions = [one.value for one in entities if one.kind == "region"]
    return any(not (isinstance(one, dict) and one.get("city")) for one in regions)


def _figure(turn: Turn, query: Query) -> Events | None:
    try:
        answer = order_stats.answer(turn.shop, query)
    except BadValue:
        turn.say("utter_figure_unknown")
        return None
    turn.remember(figures={"query": query.as_json(), "own": False, "at": int(time.time())})
    metric = label("metric", query.metric.value if query.metric else "sales")
    facts: dict[str, Any] = {
        "period": told_period(turn, query) or label("figure_words", "all_time"),
        "scope": scope(turn, query),
        "metric": metric,
    }
    rows = answer.rows[:SHOWN] if query.top else sorted(answer.rows, key=lambda one: -one.value)[:SHOWN]
    told = [
        label("figure_words", "row").format(name=group_name(query, one.key), value=worth(query, one.value))
        for one in rows
    ]
    if answer.unsold and query.group:
        group = label("figure_group", query.group.value)
        told.append(label("figure_words", "unsold").format(group=group, count=answer.unsold))
    turn.say(
        "utter_figure_rows" if query.group else "utter_figure",
        value=worth(query, answer.value),
        compared=compared(answer),
        rows=label("figure_words", "rows_joint").join(told),
        group=label("figure_group", query.group.value) if query.group else "",
        **facts,
    )
    table(turn, answer)
    return None


def _pending(turn: Turn) -> Events | None:
    cases = insights.pending_cases(turn.shop)
    if not cases:
        turn.say("utter_pending_cases_none")
        return None
    rows = [[label("case_kind", kind), str(count)] for kind, count in sorted(cases.items(), key=lambda one: -one[1])]
    told = label("figure_words", "rows_joint").join(" ".join(row) for row in rows)
    turn.say("utter_pending_cases", count=sum(cases.values()), rows=told)
    return None


def _why(turn: Turn, query: Query) -> Events | None:
    found = insights.why(turn.shop, query)
    facts: dict[str, Any] = {"period": days(found.period), "other": days(found.other)}
    if not found.before_fen or not found.now_fen:
        _tell_one_empty(turn, found)
        return None
    change = found.now_fen / found.before_fen - 1
    causes = [_cause(one) for one in sorted(found.causes, key=lambda one: -abs(one.effect_fen))]
    movers = [
        label("figure_words", "mover").format(name=one.name, effect=_signed(one.effect_fen))
        for one in found.categories[:3]
    ]
    joint = label("figure_words", "rows_joint")
    turn.say(
        "utter_why_sales",
        now=yuan(round(found.now_fen)),
        before=yuan(round(found.before_fen)),
        word=label("figure_words", "rise" if change > 0 else "fall"),
        share=share(abs(change)),
        causes=joint.join(causes),
        movers=joint.join(movers),
        **facts,
    )
    return None


def _tell_one_empty(turn: Turn, found: insights.Decomposition) -> None:
    """Nothing can be split: nothing was sold in one of the periods, or in both."""
    now, before = days(found.period), days(found.other)
    if not found.before_fen and not found.now_fen:
        turn.say("utter_why_sales_none", period=now, other=before)
        return
    empty, sold = (now, before) if found.before_fen else (before, now)
    turn.say("utter_why_sales_one", empty=empty, sold=sold, value=yuan(round(found.before_fen or found.now_fen)))


def _cause(part: insights.Part) -> str:
    change = part.now / part.before - 1 if part.before else 0.0
    return label("figure_words", "cause").format(
        name=label("figure_cause", part.name),
        word=label("figure_words", "rise" if change > 0 else "fall"),
        share=share(abs(change)),
        effect=_signed(part.effect_fen),
    )


def _signed(fen: float) -> str:
    return f"{'+' if fen > 0 else ''}{yuan(round(fen))}"


def _told(turn: Turn, name: str, found: list[Any], words: str, **facts: Any) -> None:
    """Say how many, tell the first few, show more of them as a table."""
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


def _low(turn: Turn, query: Query) -> Events | None:
    found = stock_levels.running_low(stock_levels.levels(turn.shop, query.filters))
    _told(turn, "utter_stock_low", found, "cover", days=f"{stock_levels.LOW_DAYS:.0f}")
    return None


def _out(turn: Turn, query: Query) -> Events | None:
    _told(turn, "utter_stock_out", stock_levels.run_out(stock_levels.levels(turn.shop, query.filters)), "out")
    return None


def _over(turn: Turn, query: Query) -> Events | None:
    found = stock_levels.overstocked(stock_levels.levels(turn.shop, query.filters))
    value = yuan(sum(one.free * one.price_fen for one in found))
    _told(turn, "utter_stock_over", found, "pile", days=f"{stock_levels.OVER_DAYS:.0f}", value=value)
    return None


def _on_hand(turn: Turn, query: Query) -> Events | None:
    found = stock_levels.levels(turn.shop, query.filters)
    free, per_day = sum(max(0, one.free) for one in found), sum(one.per_day for one in found)
    turn.say(
        "utter_stock_total",
        scope=scope(turn, query),
        free=f"{free:,}",
        skus=len(found),
        days=round(free / per_day) if per_day else "∞",
        incoming=f"{sum(one.incoming for one in found):,}",
    )
    return None


def _forecast(turn: Turn, query: Query) -> Events | None:
    """Units of the coming 28 days, of all goods or of the category, product that is named."""
    filters = query.filters
    if filters.cities or filters.channel or (filters.brand and not filters.product):  # one product has one brand
        turn.say("utter_figure_unknown")
        return None
    kind = "product" if filters.product else "category"
    panel = shop_panel.series(turn.shop, kind, filters.product or filters.category)
    made = forecast.forecast(panel, AHEAD)
    rows = forecast.rows_of(panel, made)[0]
    days_told = [[day, f"{value:.0f}"] for day, value in zip(rows["dates"], rows["expected"])]
    spread = float((made.spread[0] ** 2).sum() ** 0.5) * (
        float(made.residuals[0].std()) if made.residuals[0].size else 1.0
    )
    total = float(made.expected[0].sum())
    best = sorted(days_told, key=lambda one: -float(one[1]))[:3]
    turn.say(
        "utter_business_forecast",
        days=AHEAD,
        units=f"{total:.0f}",
        low=f"{max(0.0, total - 1.645 * spread):.0f}",
        high=f"{total + 1.645 * spread:.0f}",
        rows=label("figure_words", "rows_joint").join(" ".join(one) for one in best),
    )
    heads = [label("figure_group", "day"), label("metric", "units")]
    show_table(turn, heads, days_told, [float(one[1]) for one in days_told], "line")
    return None
