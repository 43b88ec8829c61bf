"""A figure of the shop in a sentence: the whole, its rows, the row of a place, the rows within bounds."""

from __future__ import annotations

from typing import Any

from actions.base import Events
from actions.figure_memory import hold, keep
from actions.figure_words import SHOWN, bounds, compared, metric_name, part, row_words, scope, table, told_period, worth
from actions.texts import label
from actions.turn import Turn
from analytics import order_stats
from analytics.query import Answer, Query
from shop.errors import BadValue


def tell_figure(turn: Turn, query: Query) -> Events | None:
    """Answer a question after a figure of the shop; what follows may refine it."""
    try:
        answer = order_stats.answer(turn.shop, query)
    except BadValue:
        turn.say("utter_figure_unknown")
        hold(turn)
        return None
    keep(turn, query, own=False)
    facts: dict[str, Any] = {
        "period": told_period(turn, query) or label("figure_words", "all_time"),
        "scope": scope(turn, query),
        "metric": metric_name(query),
        "group": label("figure_group", query.group.value) if query.group else "",
    }
    if query.group and query.rank:
        _tell_rank(turn, answer, facts)
    elif query.group and (query.least is not None or query.most is not None):
        _tell_bounded(turn, answer, facts)
    else:
        _tell_whole(turn, answer, facts)
    return None


def _tell_rank(turn: Turn, answer: Answer, facts: dict[str, Any]) -> None:
    """The row of the place that was asked for."""
    rank = answer.query.rank or 1
    rows = answer.rows[rank - 1 : rank]
    name = "utter_figure_rank" if rows else "utter_figure_rank_none"
    turn.say(name, rank=rank, row="".join(row_words(answer, one) for one in rows), **facts)


def _tell_bounded(turn: Turn, answer: Answer, facts: dict[str, Any]) -> None:
    """How many rows are within the bounds, and the first of them."""
    told = label("figure_words", "rows_joint").join(row_words(answer, one) for one in answer.rows[:SHOWN])
    name = "utter_figure_bounded" if told else "utter_figure_bounded_none"
    turn.say(name, count=len(answer.rows), rows=told, bounds=bounds(answer.query), **facts)
    table(turn, answer)


def _tell_whole(turn: Turn, answer: Answer, facts: dict[str, Any]) -> None:
    """The whole, and the rows if any are asked for."""
    query = answer.query
    rows = answer.rows[:SHOWN] if query.top else sorted(answer.rows, key=lambda one: -one.value)[:SHOWN]
    told = [row_words(answer, one) for one in rows]
    if answer.unsold:
        told.append(label("figure_words", "unsold").format(group=facts["group"], count=answer.unsold))
    turn.say(
        "utter_figure_rows" if told else "utter_figure",
        value=worth(query, answer.value),
        compared=part(answer) + compared(answer),
        rows=label("figure_words", "rows_joint").join(told),
        **facts,
    )
    table(turn, answer)
