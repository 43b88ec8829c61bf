"""Why sales moved: traffic × conversion × orders a buyer × basket, and which categories did it.

The basket is units an order × mix × prices × what orders cost of their goods' worth. Mix is what
the average unit would cost at the prices of before: it moves when dearer categories sell more.

The change of a product is split by logarithms (each factor's share is its log
ratio, scaled so that the shares add up to the change exactly; Ang 2005, LMDI-I).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from analytics import order_stats
from analytics.comparisons import running
from analytics.query import SHANGHAI, Compare, Group, Metric, Period, Query
from shop.front import Shop
from shop.models import Order, VisitDay
from shop.sales_days import refresh
from shop.states import OrderState

Goods = dict[str, tuple[float, float]]
"""Units and fen of each category."""
Chains = list[tuple[str, list[float]]]
"""Factors by name, each before and now."""


@dataclass(frozen=True)
class Part:
    """One cause: its values before and now, and the fen of the change that it stands for."""

    name: str
    before: float
    now: float
    effect_fen: float


@dataclass(frozen=True)
class Decomposition:
    """A change of sales in its causes; ``causes`` and ``categories`` each add up to it (categories: of goods)."""

    period: Period
    other: Period
    before_fen: float
    now_fen: float
    causes: tuple[Part, ...]
    categories: tuple[Part, ...]


def why(shop: Shop, query: Query) -> Decomposition:
    """Split the change of sales of a period against the one before (or the one that is named)."""
    refresh(shop)
    today = shop.clock().astimezone(SHANGHAI).date()
    period = query.period or running("week", today)
    asked = Query(metric=Metric.SALES, period=period, other=query.other, compare=query.compare or Compare.PREVIOUS)
    other = order_stats.other_period(asked, today)
    assert other is not None
    values = []
    for one in (other, period):
        sales = order_stats.answer(shop, Query(metric=Metric.SALES, period=one)).value
        orders = order_stats.answer(shop, Query(metric=Metric.ORDERS, period=one)).value
        visitors, buyers = _visits(shop, one)
        values.append((sales, orders, visitors, buyers))
    if period.start <= today < period.end:  # a period that runs: as far as it has come
        period = Period(period.start, today + timedelta(days=1), period.grain)
    was, is_ = values
    goods, goods_now = _goods(shop, other), _goods(shop, period)
    causes = _causes(was, is_, _basket(was, is_, goods, goods_now))
    return Decomposition(period, other, was[0], is_[0], causes, _movers(goods, goods_now))


def _visits(shop: Shop, period: Period) -> tuple[float, float]:
    query = select(func.sum(VisitDay.visitors), func.sum(VisitDay.buyers))
    within = (VisitDay.day >= period.start.isoformat(), VisitDay.day < period.end.isoformat())
    with shop.database.read() as session:
        row = session.execute(query.where(*within)).one()
    return float(row[0] or 0), float(row[1] or 0)


def _basket(before: tuple[float, ...], now: tuple[float, ...], goods_before: Goods, goods_now: Goods) -> Chains:
    """Factors whose product is sales an order; the basket itself where no goods are known."""
    whole = [(sum(one[0] for one in goods.values()), sum(one[1] for one in goods.values())) for goods in
             (goods_before, goods_now)]  # fmt: skip
    if not (before[1] and now[1] and all(units > 0 and fen > 0 for units, fen in whole)):
        return [("basket", [one[0] / one[1] if one[1] else 0.0 for one in (before, now)])]
    (units, fen), (units_now, fen_now) = whole
    prices = {name: amount / count for name, (count, amount) in goods_before.items() if count}
    at_old = sum(
        count * prices.get(name, amount / count if count else 0.0) for name, (count, amount) in goods_now.items()
    )
    return [
        ("units_per_order", [units / before[1], units_now / now[1]]),
        ("mix", [fen / units, at_old / units_now]),
        ("price", [1.0, fen_now / at_old]),
        ("discounts", [before[0] / fen, now[0] / fen_now]),
    ]


def _causes(before: tuple[float, ...], now: tuple[float, ...], basket: Chains) -> tuple[Part, ...]:
    """Factors whose product is sales; those that can't be told (no visitors known) are left out."""
    sales = (before[0], now[0])
    chains = basket
    if all(one[2] and one[3] for one in (before, now)):
        chains = [
            ("traffic", [before[2], now[2]]),
            ("conversion", [before[3] / before[2], now[3] / now[2]]),
            ("orders_per_buyer", [before[1] / before[3], now[1] / now[3]]),
            *chains,
        ]
    else:
        chains = [("orders", [before[1], now[1]]), *chains]
    weight = log_mean(*sales)
    return tuple(
        Part(name, was, is_, weight * math.log(is_ / was) if was > 0 and is_ > 0 else sales[1] - sales[0])
        for name, (was, is_) in chains
    )


def log_mean(first: float, second: float) -> float:
    """The logarithmic mean of two values; 0 when one of them is."""
    if first <= 0 or second <= 0:
        return 0.0
    return first if math.isclose(first, second) else (second - first) / math.log(second / first)


def _goods(shop: Shop, period: Period) -> Goods:
    units, fen = (
        {
            row.key: row.value
            for row in order_stats.answer(shop, Query(metric=one, period=period, group=Group.CATEGORY)).rows
        }
        for one in (Metric.UNITS, Metric.SALES)
    )
    return {name: (units.get(name, 0.0), amount) for name, amount in fen.items()}


def _movers(before: Goods, now: Goods) -> tuple[Part, ...]:
    amounts = {
        name: (before.get(name, (0.0, 0.0))[1], now.get(name, (0.0, 0.0))[1]) for name in sorted({*before, *now})
    }
    parts = [Part(name, was, is_, is_ - was) for name, (was, is_) in amounts.items()]
    return tuple(sorted(parts, key=lambda one: -abs(one.effect_fen)))


def unshipped(shop: Shop, hours: int) -> tuple[int, int]:
    """Paid orders that wait for their parcel, and how many of them have waited longer than so many hours."""
    late = shop.clock() - timedelta(hours=hours)
    query = select(func.count(), func.count().filter(Order.paid_at < late)).where(Order.state == OrderState.PAID.value)
    with shop.database.read() as session:
        row = session.execute(query).one()
    return int(row[0]), int(row[1])
