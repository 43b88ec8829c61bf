"""Takes out of the behaviour what no customer did, and says how much of what it was.

``python -m recsys.cleaning`` prints the report of the shop's own events as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Iterable

import numpy as np

from shop.event_reader import EventRow, read_events
from shop.front import Shop, open_shop

OLDEST = 946_684_800.0
"""2000-01-01: what claims to be older has a broken clock."""


@dataclass(frozen=True)
class CleaningConfig:
    """From when on something is no customer's doing."""

    repeat_s: float = 2.0  # the same thing again within so many seconds is one click that arrived twice
    bot_views_a_minute: int = 40
    bot_events_a_day: int = 500
    future_s: float = 600.0  # clocks that run this much ahead are forgiven


@dataclass
class QualityReport:
    """How many events came, how many stay, and why the others went; shares are of what came."""

    read: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    customers: int = 0
    products: int = 0
    guests: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None

    @property
    def share_kept(self) -> float:
        """Kept events of those read; 1 when there were none."""
        return self.kept / self.read if self.read else 1.0


@dataclass(frozen=True)
class EventTable:
    """Events in columns of one length; ``kind`` is text, ``rating`` NaN without one."""

    customer: np.ndarray
    product: np.ndarray
    kind: np.ndarray
    rating: np.ndarray
    session: np.ndarray
    at: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, kept: np.ndarray) -> EventTable:
        """The events of a mask."""
        return EventTable(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


def table_of(rows: Iterable[EventRow]) -> EventTable:
    """Rows as columns; a missing customer or product reads 0, a missing moment NaN."""
    columns: list[tuple[object, ...]] = list(zip(*rows)) or [()] * 6
    customer, product, kind, rating, session, at = columns
    return EventTable(
        np.array([one or 0 for one in customer], np.int64),
        np.array([one or 0 for one in product], np.int64),
        np.array(kind, "U10"),
        np.array([np.nan if one is None else one for one in rating], float),
        np.array([one or "" for one in session], "U64"),
        np.array([np.nan if one is None else one for one in at], float),
    )


def clean(
    events: EventTable, now: float, products: np.ndarray | None = None, config: CleaningConfig | None = None
) -> tuple[EventTable, QualityReport]:
    """The events that stay, and the report.

    Args:
        events: in any order.
        now: the present moment (seconds since 1970): later events are impossible.
        products: ids that exist; None takes any.
    """
    config = config or CleaningConfig()
    report = QualityReport(read=len(events))
    checks = [
        ("no product", lambda part: part.product <= 0),
        ("unknown product", lambda part: ~np.isin(part.product, products) if products is not None else _none(part)),
        ("impossible time", lambda part: ~((part.at >= OLDEST) & (part.at <= now + config.future_s))),
        ("impossible rating", lambda part: (part.kind == "rate") & ~((part.rating >= 1) & (part.rating <= 5))),
        ("repeated", lambda part: _repeated(part, config.repeat_s)),
        ("bot", lambda part: _bots(part, config)),
    ]
    for reason, wrong in checks:
        bad = wrong(events)
        if bad.any():
            report.dropped[reason] = int(bad.sum())
            events = events.where(~bad)
    report.kept = len(events)
    report.customers = len(np.unique(events.customer[events.customer > 0]))
    report.guests = int((events.customer <= 0).sum())
    report.products = len(np.unique(events.product))
    kinds, counts = np.unique(events.kind, return_counts=True)
    report.kinds = {str(kind): int(count) for kind, count in zip(kinds, counts)}
    if len(events):
        report.first, report.last = float(events.at.min()), float(events.at.max())
    return events, report


def _none(part: EventTable) -> np.ndarray:
    return np.zeros(len(part), bool)


def _repeated(part: EventTable, within_s: float) -> np.ndarray:
    """The same customer, product and kind again within seconds; guests have no name, so theirs all stay."""
    order = np.lexsort((part.at, part.kind, part.product, part.customer))
    same = np.zeros(len(part), bool)
    if len(part) > 1:
        before, after = order[:-1], order[1:]
        same[after] = (
            (part.customer[before] == part.customer[after])
            & (part.product[before] == part.product[after])
            & (part.kind[before] == part.kind[after])
            & (part.at[after] - part.at[before] < within_s)
            & (part.customer[after] > 0)
        )
    return same


def _bots(part: EventTable, config: CleaningConfig) -> np.ndarray:
    """All events of customers who look faster than a person can, or all day long without ever buying."""
    named = part.customer > 0
    minute, day = (part.at // 60).astype(np.int64), (part.at // 86400).astype(np.int64)
    views = named & (part.kind == "view")
    fast = _owners_above(part.customer[views], minute[views], config.bot_views_a_minute)
    restless = _owners_above(part.customer[named], day[named], config.bot_events_a_day)
    buyers = np.unique(part.customer[part.kind == "buy"])
    return np.isin(part.customer, np.union1d(fast, np.setdiff1d(restless, buyers)))


def _owners_above(owner: np.ndarray, period: np.ndarray, most: int) -> np.ndarray:
    """Owners with more than ``most`` events in a period."""
    pairs, counts = np.unique(np.stack([owner, period]), axis=1, return_counts=True)
    return np.unique(pairs[0][counts > most])


def shop_events(shop: Shop) -> tuple[EventTable, QualityReport]:
    """The shop's own events, cleaned."""
    return clean(table_of(read_events(shop)), shop.clock().timestamp())


def main() -> int:
    """Print the report; the exit code."""
    begin = time.monotonic()
    _, report = shop_events(open_shop())
    print(json.dumps({**asdict(report), "seconds": round(time.monotonic() - begin, 1)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
