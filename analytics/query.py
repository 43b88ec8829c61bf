"""The typed query model: metric × filters × period × grouping × top-n × comparison.

A query holds ids and moments and never words of a customer; ``analytics.order_stats``
compiles it to SQL whose values are all bound parameters.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Metric(str, Enum):
    """What is counted. Money in fen, rates as fractions of 1.

    ``spent`` is what orders cost less what went back; ``sales`` what they cost.
    With a filter or grouping by goods both are quantity × price of the lines.
    ``cases`` are after-sale cases by the day on which they were opened, without those
    that were withdrawn or refused. ``refunded`` and ``refund_rate`` are of orders of
    those days; by goods they come from the cases in which money goes back.
    ``repeat_rate`` is the share of buyers with more than one order. ``shipped``,
    ``delivered`` and ``cancelled`` count orders by the day of that step, ``ship_days``
    and ``deliver_days`` are the mean days up to it; ``coupons`` counts those used.
    """

    SPENT = "spent"
    SALES = "sales"
    ORDERS = "orders"
    UNITS = "units"
    AVERAGE = "average"
    SAVED = "saved"
    REFUNDED = "refunded"
    REFUND_RATE = "refund_rate"
    CASES = "cases"
    BUYERS = "buyers"
    NEW_BUYERS = "new_buyers"
    OLD_BUYERS = "old_buyers"
    REPEAT_RATE = "repeat_rate"
    PER_BUYER = "per_buyer"
    ORDERS_PER_BUYER = "orders_per_buyer"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    SHIP_DAYS = "ship_days"
    DELIVER_DAYS = "deliver_days"
    COUPONS = "coupons"
    VISITORS = "visitors"
    CONVERSION = "conversion"


class Find(str, Enum):
    """Questions whose answer is one order line or order of the customer."""

    DEAREST = "dearest"
    CHEAPEST = "cheapest"
    LAST = "last"
    FIRST = "first"
    BOUGHT = "bought"


class Group(str, Enum):
    """What the rows of an answer are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CATEGORY = "category"
    BRAND = "brand"
    PRODUCT = "product"
    CITY = "city"
    CHANNEL = "channel"
    REASON = "reason"
    KIND = "kind"
    COUPON = "coupon"


TIME_GROUPS = frozenset({Group.DAY, Group.WEEK, Group.MONTH})
GOODS_GROUPS = frozenset({Group.CATEGORY, Group.BRAND, Group.PRODUCT})
MONEY = frozenset({Metric.SPENT, Metric.SALES, Metric.AVERAGE, Metric.SAVED, Metric.REFUNDED, Metric.PER_BUYER})
RATES = frozenset({Metric.REFUND_RATE, Metric.CONVERSION, Metric.REPEAT_RATE})
BUYING = frozenset(
    {
        Metric.BUYERS, Metric.NEW_BUYERS, Metric.OLD_BUYERS, Metric.REPEAT_RATE, Metric.PER_BUYER,
        Metric.ORDERS_PER_BUYER,
    }
)  # fmt: skip
STEPS = frozenset({Metric.SHIPPED, Metric.DELIVERED, Metric.CANCELLED, Metric.SHIP_DAYS, Metric.DELIVER_DAYS})
QUOTIENTS = RATES | {
    Metric.AVERAGE, Metric.PER_BUYER, Metric.ORDERS_PER_BUYER, Metric.SHIP_DAYS, Metric.DELIVER_DAYS
}  # fmt: skip
"""Metrics that can't be added up: a part of them is no part of the whole."""
AFTER_SALE = frozenset({Metric.CASES, Metric.REFUNDED, Metric.REFUND_RATE})
"""What is known of goods through after-sale cases."""


class Compare(str, Enum):
    """What a value is held against."""

    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Period:
    """Days of Asia/Shanghai, half-open; ``grain`` is the unit that people meant.

    A part of a day is widened to the day.
    """

    start: date
    end: date
    grain: str = "day"

    @classmethod
    def of(cls, value: dict[str, Any]) -> Period:
        """From a date entity of the NLU: {start, end, grain} in ISO 8601."""
        start = datetime.fromisoformat(value["start"]).astimezone(SHANGHAI)
        end = datetime.fromisoformat(value["end"]).astimezone(SHANGHAI)
        last = end.date() + timedelta(days=0 if end.time() == time() else 1)
        return cls(start.date(), max(last, start.date() + timedelta(days=1)), str(value.get("grain") or "day"))

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Start and end as aware moments."""
        return datetime.combine(self.start, time(), SHANGHAI), datetime.combine(self.end, time(), SHANGHAI)

    @property
    def days(self) -> int:
        """Its length."""
        return (self.end - self.start).days

    def before(self, today: date) -> Period:
        """The period before, as long; of a running one only the part that has passed is held against it."""
        end = min(self.end, today + timedelta(days=1)) if self.start <= today else self.end
        if self.grain in ("month", "year") and self.start.day == 1:
            months = 12 if self.grain == "year" else max(1, _months(self.start, self.end))
            start = _back(self.start, months)
            return Period(start, self.start if end == self.end else min(self.start, _back(end, months)), self.grain)
        length = timedelta(days=max(self.days, 7 if self.grain == "week" else 1))
        return Period(self.start - length, end - length, self.grain)

    def year_before(self, today: date) -> Period:
        """The same days of the year before."""
        end = min(self.end, today + timedelta(days=1)) if self.start <= today else self.end
        return Period(_back(self.start, 12), _back(end, 12), self.grain)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _back(day: date, months: int) -> date:
    """The same day some months earlier, or the last of a shorter month."""
    at = day.year * 12 + day.month - 1 - months
    for last in (day.day, 30, 29, 28):
        try:
            return date(at // 12, at % 12 + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"{day}: no such month {months} months before")


@dataclass(frozen=True)
class Filters:
    """Which orders, lines or cases count; empty means all.

    Codes of the catalogue, names of cities and channels, and for cases
    ``shop.states.CaseKind`` and ``CaseReason``.
    """

    category: str | None = None
    brand: str | None = None
    product: str | None = None
    cities: tuple[str, ...] = ()
    channel: str | None = None
    kinds: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def by_goods(self) -> bool:
        """Whether single lines are chosen."""
        return bool(self.category or self.brand or self.product)


@dataclass(frozen=True)
class Query:
    """A question in one value. ``find`` is set instead of ``metric`` for questions after one order.

    Attributes:
        share: the value and each row are also asked for as parts of the whole.
        rank: only the row of that place is asked for.
        per: the value is asked for as the mean of a day, week or month.
        least, most: bounds of what a row is worth (fen, units, fractions as per cent).
        strict: the bounds themselves are not within.
    """

    metric: Metric | None = None
    find: Find | None = None
    filters: Filters = field(default_factory=Filters)
    period: Period | None = None
    other: Period | None = None
    group: Group | None = None
    top: int | None = None
    ascending: bool = False
    compare: Compare | None = None
    share: bool = False
    rank: int | None = None
    per: Group | None = None
    least: int | None = None
    most: int | None = None
    strict: bool = False

    def within(self, value: float) -> bool:
        """Whether a value is within the bounds."""
        inside = self.least is None or value > self.least or (value == self.least and not self.strict)
        return inside and (self.most is None or value < self.most or (value == self.most and not self.strict))

    def but(self, **changes: Any) -> Query:
        """The same question with something changed."""
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, to be kept in a conversation."""
        return {key: value for key, value in _plain(asdict(self)).items() if value not in (None, False, {}, [])}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Query:
        """Back from ``as_json``."""
        given = dict(kept)
        filters = dict(given.pop("filters", {}))
        for name in ("cities", "kinds"):
            filters[name] = tuple(filters.get(name) or ())
        for name, kind in (("metric", Metric), ("find", Find), ("group", Group), ("per", Group), ("compare", Compare)):
            if given.get(name):
                given[name] = kind(given[name])
        for name in ("period", "other"):
            if given.get(name):
                one = given[name]
                given[name] = Period(date.fromisoformat(one["start"]), date.fromisoformat(one["end"]), one["grain"])
        return cls(filters=Filters(**filters), **given)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True)
class AnswerRow:
    """One row of an answer: its name, its value, and its part of the whole where that makes sense."""

    key: str
    value: float


@dataclass(frozen=True)
class Answer:
    """What a query came to. Rows in the order in which they are shown; ``value`` is of all of them.

    ``whole`` is what ``value`` is a part of, where shares are asked for.
    ``unsold`` counts, of the worst sellers, all that sold nothing; they stand first in ``rows``.
    """

    query: Query
    value: float
    rows: tuple[AnswerRow, ...] = ()
    before: float | None = None
    before_period: Period | None = None
    unsold: int = 0
    whole: float | None = None

    @property
    def change(self) -> float | None:
        """Growth against the period before, as a fraction; None when that was nothing."""
        return (self.value - self.before) / self.before if self.before else None
