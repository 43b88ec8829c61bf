"""Figures in words: money, shares, periods, comparisons, and the table that goes with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from actions.texts import label, yuan
from actions.turn import Turn
from analytics import questions
from analytics.query import MONEY, QUOTIENTS, RATES, SHANGHAI, Answer, AnswerRow, Group, Metric, Period, Query
from analytics.questions import Named
from shop.models import Brand, Category, Product

SHOWN = 5
"""Rows of an answer that are said; more of them stand in its table."""


def named(turn: Turn) -> list[Named]:
    """The entities of the turn, or of the request that it goes on with, with the words that they were read from."""
    kept = turn.slot("kept") if turn.resumes else None
    if not kept:
        return [
            Named(one["entity"], one.get("value"), turn.text[one["start"] : one["end"]], one["start"])
            for one in turn.values
            if isinstance(one.get("start"), int)
        ]
    found = []
    for kind, values in kept.get("values", {}).items():
        spans = kept.get("spans", {}).get(kind) or [[0, 0]] * len(values)
        found += [Named(kind, one, turn.request[start:end], start) for one, (start, end) in zip(values, spans)]
    return sorted(found, key=lambda one: one.start)


def metric_name(query: Query, shops: bool = True) -> str:
    """What is counted, of the shop or of a customer; of after-sale cases which kinds and why."""
    metric, filters = query.metric or Metric.SALES, query.filters
    if metric is Metric.CASES:
        kinds = label("metric_cases", " ".join(filters.kinds) or "all")
        name = label("case_reason", filters.reason) + kinds if filters.reason else kinds
    else:
        name = label("metric", "net" if metric is Metric.SPENT and shops else metric.value)
    if query.per is None:
        return name
    return label("figure_words", "mean").format(unit=label("figure_group", query.per.value), metric=name)


def worth(query: Query, value: float) -> str:
    """A value with its unit."""
    metric = query.metric or Metric.SALES
    if metric in MONEY:
        return yuan(round(value))
    if metric in RATES:
        return share(value)
    whole = metric not in QUOTIENTS and query.per is None
    return label("figure_value", metric.value).format(value=f"{round(value):,}" if whole else f"{value:,.1f}")


def part(answer: Answer) -> str:
    """What share of the whole the value is, as the tail of a sentence; empty where none is asked for."""
    if not answer.whole or answer.query.group is not None:
        return ""
    return label("figure_words", "part").format(share=share(answer.value / answer.whole))


def row_words(answer: Answer, row: AnswerRow) -> str:
    """One row in a few words, with its share of the whole where shares are asked for."""
    facts = {"name": group_name(answer.query, row.key), "value": worth(answer.query, row.value)}
    if not answer.whole:
        return label("figure_words", "row").format(**facts)
    return label("figure_words", "row_part").format(share=share(row.value / answer.whole), **facts)


def bounds(query: Query, unit: Query | None = None) -> str:
    """The bounds of what rows are worth, in words; ``unit`` is a query of another metric that they are told in."""
    scale = 100 if query.metric in RATES and unit is None else 1
    told = {
        name: worth(unit or query, value / scale)
        for name, value in (("least", query.least), ("most", query.most))
        if value is not None
    }
    if len(told) == 2:
        return label("figure_words", "between").format(**told)
    words = {"least": "above", "most": "below"} if query.strict else {"least": "least", "most": "most"}
    return "".join(label("figure_words", words[name]).format(value=value) for name, value in told.items())


def share(value: float) -> str:
    """A fraction as a percentage with one decimal."""
    return f"{100 * value:.1f}%"


def days(period: Period | None) -> str:
    """A period as its days; a whole month or year as its name."""
    if period is None:
        return label("figure_words", "all_time")
    last = period.end - timedelta(days=1)
    name = "one_day" if period.start == last else "days"
    return label("figure_words", name).format(start=period.start.isoformat(), end=last.isoformat())


def told_period(turn: Turn, query: Query) -> str:
    """The period in the asker's own words where they mean just that, else as its days; empty for all time."""
    if query.period is None:
        return ""
    said = [one for one in named(turn) if one.kind == "date" and isinstance(one.value, dict)]
    own = [one.text for one in said if one.text and questions.period_of(one) == query.period]
    if own and (len(said) == 1 or query.other or query.compare):
        return own[0]
    today = turn.shop.clock().astimezone(SHANGHAI).date()
    if query.period.start <= today < query.period.end:  # no day of it that is to come
        return days(replace(query.period, end=today + timedelta(days=1)))
    return days(query.period)


def scope(turn: Turn, query: Query) -> str:
    """What the filters choose, in words."""
    filters = query.filters
    words = [*filters.cities]
    if filters.channel:
        words.append(label("figure_channel", filters.channel))
    with turn.shop.database.read() as session:
        for code, model in ((filters.brand, Brand), (filters.category, Category), (filters.product, Product)):
            if code:
                words.append(session.execute(select(model.name).where(model.code == code)).scalar() or "")
    return "".join(words)


def compared(answer: Answer) -> str:
    """The comparison, as the tail of a sentence; empty without one."""
    if answer.before is None:
        return ""
    facts = {"period": days(answer.before_period), "before": worth(answer.query, answer.before)}
    change = answer.change
    if change is None:
        return label("figure_words", "from_nothing").format(**facts)
    if abs(change) < 0.0005:
        return label("figure_words", "equal").format(**facts)
    rate = answer.query.metric in QUOTIENTS
    word = label("figure_words", ("up" if rate else "more") if change > 0 else ("down" if rate else "less"))
    return label("figure_words", "compared").format(word=word, share=share(abs(change)), **facts)


def group_name(query: Query, key: str) -> str:
    """A row's name for people."""
    words = {Group.CHANNEL: "figure_channel", Group.REASON: "case_reason", Group.KIND: "case_kind"}
    if query.group in words:
        return label(words[query.group], key)
    return label("figure_words", "week_of").format(name=key) if query.group is Group.WEEK else key


def table(turn: Turn, answer: Answer) -> None:
    """Show an answer's rows: text for the shell, rows and the kind of plot for who can draw."""
    query = answer.query
    if query.group is None or not answer.rows:
        return
    rows = [(group_name(query, one.key), one.value) for one in answer.rows]
    chart = "line" if query.group in (Group.DAY, Group.WEEK, Group.MONTH) else "bar"
    heads = [label("figure_group", query.group.value), metric_name(query)]
    show_table(turn, heads, [[name, worth(query, value)] for name, value in rows], [value for _, value in rows], chart)


def show_table(turn: Turn, heads: list[str], rows: list[list[str]], values: list[float], chart: str) -> None:
    """A table card: {type: table, text, columns, rows, values, chart, items}."""
    plain = "\n".join(" ".join(row) for row in rows)
    if turn.in_shell:
        turn.say_text(plain)
        return
    payload: dict[str, Any] = {"columns": heads, "rows": rows, "values": values, "chart": chart}
    items = [{"title": row[0], "price": row[1]} for row in rows]
    turn.show_payload({"type": "table", "text": plain, "items": items, **payload})
