"""Questions that figures answer: a customer's own orders, and the whole shop for its operators."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from actions.base import Events, ShopAction, say_error
from actions.business import tell, tell_business
from actions.cards import goods
from actions.figure_memory import hold, keep
from actions.figure_words import SHOWN, compared, metric_name, named, part, row_words, scope, table, told_period, worth
from actions.orders import period as said_period
from actions.picking import points_back
from actions.texts import label, phrase, yuan
from actions.turn import FOCUS_S, Turn
from analytics import follow_ups, order_stats, own_orders, questions
from analytics.query import BUYING, STEPS, Find, Metric, Query
from shop.errors import BadValue
from shop.work_accounts import role_of

BUSINESS = frozenset({"action_ask_business", "action_order_spend"})
SHOPS = frozenset(one.value for one in (*BUYING, *STEPS, Metric.COUPONS))
"""Figures that an operator asks about the shop, where they do not say that they mean themselves."""
SHORT = 12
"""Letters of a question why that is about the figure just told."""
REFINED = {"why": frozenset({"period", "other", "compare"}), "forecast": frozenset({"filters", "period"})}
"""What a follow-up may change in questions that are of no figure; of the shelves only the goods."""


def is_operator(turn: Turn) -> bool:
    """Whether the one who asks works for the shop."""
    return role_of(turn.shop, turn.guest_or_customer) is not None


class OrderSpend(ShopAction):
    """What the customer has spent, saved, bought: sums, and single orders."""

    action_name = "action_order_spend"

    def answer(self, turn: Turn) -> Events | None:
        """Count, sum, average, dearest, last, by month or category, against another time."""
        text = turn.request
        query = questions.read(text, named(turn), turn.shop.clock(), own=True)
        words = questions.mended(text)
        if (_of_shop(words) or (query.find is None and not questions.says("mine", words))) and is_operator(turn):
            return tell_business(turn, words, named(turn))
        return tell_own(turn, query)


def _of_shop(words: str) -> bool:
    """Whether words are about the shop, whoever says them."""
    return any(questions.says(name, words) for name in ("shop", "operator"))


class AskBusiness(ShopAction):
    """Sales, visitors, stock and after-sale of the whole shop, for operators only."""

    action_name = "action_ask_business"

    def answer(self, turn: Turn) -> Events | None:
        """Answer an operator; a customer is told that this is not for them."""
        if not is_operator(turn):
            turn.say("utter_business_closed")
            return None
        return tell_business(turn, questions.mended(turn.request), named(turn))


def asked_by_operator(turn: Turn, action: str) -> Events | None:
    """The answer to an operator's words about the shop that were heard as a customer's; None if they are none."""
    if action in BUSINESS or turn.attachments or not (_of_business(turn) and is_operator(turn)):
        return None
    if action in ("action_ask_stock", "action_ask_restock") and (turn.entities("product") or points_back(turn)):
        return None  # of one product, as a customer asks
    return tell_business(turn, questions.mended(turn.text), named(turn)) or []


def _of_business(turn: Turn) -> bool:
    """Whether the words are of a shop's figures: by themselves, two times held against each other, a table."""
    text, held = questions.mended(turn.text), turn.slot("figures")
    if questions.says("operator", text) or questions.says("unshipped", text):
        return True
    if not questions.says("mine", text) and (questions.first_of("metrics", text) in SHOPS or questions.shapely(text)):
        return True
    fresh = isinstance(held, dict) and not held.get("own") and time.time() - held.get("at", 0) <= FOCUS_S
    if fresh and (questions.says("export", text) or (len(text) <= SHORT and questions.says("why", text))):
        return True
    found = named(turn)
    times = sum(one.kind == "date" for one in found)
    goods = any(one.kind == "product" for one in found)
    return times > 1 and not goods and questions.says("versus", turn.text) is not None


def follow_up(turn: Turn) -> Events | None:
    """The answer of before with what a short message changes; None when it is no follow-up."""
    held = turn.slot("figures")
    if not isinstance(held, dict) or time.time() - held.get("at", 0) > FOCUS_S:
        return None
    own = bool(held.get("own"))
    if not own and not is_operator(turn):
        return None
    try:
        before = Query.from_json(held["query"])
    except (KeyError, TypeError, ValueError):
        return None
    query = follow_ups.refine(
        before, turn.text if own else questions.mended(turn.text), named(turn), turn.shop.clock(), own=own
    )
    if query is None or turn.guest_or_customer is None:
        return None
    if own:
        return tell_own(turn, query) or []
    kind = held.get("kind")
    changed = {name for name, value in vars(query).items() if value != getattr(before, name)}
    if changed - REFINED.get(str(kind), frozenset({"filters"})):
        kind = None  # anything else asks for a figure
    try:
        return tell(turn, query, kind) or []
    except BadValue:
        turn.say("utter_figure_unknown")
        hold(turn)
        return []


def tell_own(turn: Turn, query: Query) -> Events | None:
    """Answer about the customer's own orders."""
    customer = turn.customer
    keep(turn, query, own=True)
    if query.find is not None:
        _tell_found(turn, query)
        return None
    plain = replace(query, period=None) == Query(metric=Metric.SPENT)
    if plain:
        _tell_summary(turn, query)
        return None
    try:
        answer = order_stats.answer(turn.shop, query, customer)
    except BadValue as error:
        if error.facts.get("field") != "metric":
            return say_error(turn, error)
        turn.say("utter_figure_unknown_own")
        return None
    facts: dict[str, Any] = {
        "period": told_period(turn, query),
        "scope": scope(turn, query),
        "metric": metric_name(query, shops=False),
    }
    if not answer.value and not answer.before:
        turn.say("utter_figure_nothing", **facts)
        return None
    name = "utter_figure_rows" if query.group else "utter_figure_own"
    turn.say(
        name, value=worth(query, answer.value), compared=part(answer) + compared(answer), **facts, **_rows(turn, answer)
    )
    table(turn, answer)
    return None


def _rows(turn: Turn, answer: Any) -> dict[str, Any]:
    if answer.query.group is None:
        return {}
    rows = [
        row_words(answer, one)
        for one in (answer.rows if answer.query.top else sorted(answer.rows, key=lambda row: -row.value)[:SHOWN])
    ]
    return {
        "rows": label("figure_words", "rows_joint").join(rows),
        "group": label("figure_group", answer.query.group.value),
    }


def _tell_summary(turn: Turn, query: Query) -> None:
    since, until = query.period.moments if query.period else said_period(turn)
    spend = turn.shop.orders.spend(turn.customer, since=since, until=until)
    if not spend.orders:
        turn.say("utter_no_spend")
        return
    dearest = spend.priciest
    turn.say(
        "utter_order_spend",
        period=told_period(turn, query) or phrase("all_time"),
        count=spend.orders,
        total=yuan(spend.total_fen),
        average=yuan(spend.average_fen),
        priciest=goods(dearest) if dearest else "",
        priciest_total=yuan(dearest.total_fen) if dearest else "",
    )


def _tell_found(turn: Turn, query: Query) -> None:
    found = own_orders.find(turn.shop, query, turn.customer)
    if found is None:
        turn.say("utter_figure_nothing", period=told_period(turn, query), scope=scope(turn, query))
        return
    turn.focus("order", found.number)
    facts: dict[str, Any] = {
        "number": found.number,
        "goods": found.name,
        "spec": found.spec,
        "day": found.day.isoformat(),
    }
    if query.filters.by_goods or query.find is Find.BOUGHT:
        turn.say("utter_find_goods", price=yuan(found.price_fen), quantity=found.quantity, **facts)
    else:
        turn.say("utter_find_order", which=label("figure_find", (query.find or Find.LAST).value),
                 total=yuan(found.total_fen), **facts)  # fmt: skip
