"""Operators' questions about the whole shop."""

from __future__ import annotations

from typing import Any, Sequence

from actions.base import Events
from actions.business_figure import tell_figure
from actions.business_stock import TELLS
from actions.figure_memory import hold, keep, shops_before
from actions.figure_words import SHOWN, compared, days, share, told_period, worth
from actions.texts import label, yuan
from actions.turn import Turn
from analytics import after_sale, insights, order_stats, questions
from analytics.comparisons import running
from analytics.query import SHANGHAI, Compare, Filters, Group, Metric, Query
from analytics.questions import Named


def tell_business(turn: Turn, text: str, entities: Sequence[Named]) -> Events | None:
    """Answer a question about the shop; the caller has checked that an operator asks."""
    kind, query = _meant(turn, text, entities)
    if query is None:
        hold(turn)
        return None
    return tell(turn, query, kind)


def tell(turn: Turn, query: Query, kind: str | None) -> Events | None:
    """Answer a question: after a figure, or of a kind (``why`` or one of the shelves'); what follows may refine it."""
    if kind is None:
        return tell_figure(turn, query)
    if kind == "why" and query.filters != Filters():  # visitors look at no category: only the change itself is known
        today = running("week", turn.shop.clock().astimezone(SHANGHAI).date())
        return tell_figure(turn, query.but(period=query.period or today, compare=query.compare or Compare.PREVIOUS))
    if kind == "why":
        keep(turn, query, own=False, kind=kind)
        return _why(turn, query)
    keep(turn, query, own=False, kind=kind)
    TELLS[kind](turn, query)
    return None


def _meant(turn: Turn, text: str, entities: Sequence[Named]) -> tuple[str | None, Query | None]:
    """The kind of a question and its query; without a query it is answered already."""
    if questions.says("unknown", _without_goods(text, entities)) or _by_province(entities):
        turn.say("utter_business_unknown")
        return None, None
    if questions.several(entities):
        turn.say("utter_figure_one_by_one")
        return None, None
    if questions.says("export", text):
        turn.say("utter_business_export")
        return None, None
    if questions.says("unshipped", text):
        hours = questions.hours_said(text) or turn.shop.settings.ship_within_hours
        count, late = insights.unshipped(turn.shop, hours)
        turn.say("utter_unshipped", count=count, late=late, hours=hours)
        return None, None
    if questions.says("pending", text):
        _pending(turn)
        return None, None
    query = _like_before(turn, questions.read(text, entities, turn.shop.clock(), own=False), text, entities)
    if query.group is Group.REASON and not questions.says("moved", text):
        return None, query
    if questions.says("why", text):
        before = shops_before(turn)
        if query.period is None and before is not None:
            filters = query.filters if query.filters != Filters() else before.filters
            query = query.but(period=before.period, filters=filters)
        return "why", query.but(metric=Metric.REFUND_RATE) if questions.says("refunds", text) else query
    kind = next((name for name in questions.words()["stock"] if questions.says(f"stock.{name}", text)), None)
    if kind == "low" or (kind == "out" and questions.says("soon", text)):
        return "low", query
    if kind is not None:
        return kind, query
    if query.period is None and query.metric in (Metric.NEW_BUYERS, Metric.OLD_BUYERS):
        query = query.but(period=running("month", turn.shop.clock().astimezone(SHANGHAI).date()))
    if query.period is None and query.group is None and questions.says("how", text):
        today = running("day", turn.shop.clock().astimezone(SHANGHAI).date())
        query = query.but(period=today, compare=Compare.PREVIOUS)
    return None, query


def _like_before(turn: Turn, query: Query, text: str, entities: Sequence[Named]) -> Query:
    """Two times held against each other without a word of a figure or of goods: the figure and the goods of before."""
    before = shops_before(turn)
    bare = query == Query(metric=Metric.SALES, period=query.period, other=query.other, compare=query.compare)
    if query.compare is None or not bare or before is None or before.metric is None:
        return query
    if questions.first_of("metrics", _without_goods(text, entities)) or questions.says("why", text):
        return query
    return query.but(metric=before.metric, filters=before.filters)


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


def _pending(turn: Turn) -> Events | None:
    cases = after_sale.pending(turn.shop)
    if not cases:
        turn.say("utter_pending_cases_none")
        return None
    rows = [[label("case_kind", kind), str(count)] for kind, count in sorted(cases.items(), key=lambda one: -one[1])]
    told = label("figure_words", "rows_joint").join(" ".join(row) for row in rows)
    turn.say("utter_pending_cases", count=sum(cases.values()), rows=told)
    return None


def _why(turn: Turn, query: Query) -> Events | None:
    if query.metric in (Metric.REFUNDED, Metric.REFUND_RATE):
        return _why_refunds(turn, query)
    found = insights.why(turn.shop, query)
    facts: dict[str, Any] = {"period": days(found.period), "other": days(found.other)}
    if not found.before_fen or not found.now_fen:
        _tell_one_empty(turn, found)
        return None
    change = found.now_fen / found.before_fen - 1
    causes = [_cause(one) for one in sorted(found.causes, key=lambda one: -abs(one.effect_fen))[:SHOWN]]
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


def _why_refunds(turn: Turn, query: Query) -> Events | None:
    """The share of refunds against the time before, and what people gave as their reasons."""
    today = turn.shop.clock().astimezone(SHANGHAI).date()
    asked = Query(metric=Metric.REFUND_RATE, period=query.period or running("week", today))
    asked = asked.but(other=query.other, compare=query.compare or Compare.PREVIOUS)
    answer = order_stats.answer(turn.shop, asked)
    counts = asked.but(metric=Metric.CASES, group=Group.REASON, filters=Filters(kinds=after_sale.MONEY_BACK))
    now = order_stats.answer(turn.shop, counts.but(other=None, compare=None)).rows
    past = order_stats.answer(turn.shop, counts.but(period=answer.before_period, other=None, compare=None)).rows
    before = {one.key: one.value for one in past}
    rows = [
        label("figure_words", "reason").format(
            name=label("case_reason", one.key), now=round(one.value), before=round(before.get(one.key, 0))
        )
        for one in now[:SHOWN]
    ]
    turn.say(
        "utter_why_refunds" if rows else "utter_figure",
        period=told_period(turn, asked),
        scope="",
        metric=label("metric", Metric.REFUND_RATE.value),
        value=worth(asked, answer.value),
        compared=compared(answer),
        rows=label("figure_words", "rows_joint").join(rows),
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
