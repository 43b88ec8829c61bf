"""Loads behaviour: only that of guests and of customers who agreed to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.front import Shop
from shop.importing import store
from shop.importing.columns import Row
from shop.importing.report import FileReport
from shop.importing.words import problem
from shop.models import BehaviourEvent, Customer, Product

_COLUMNS = ("customer_id", "session", "kind", "product_id", "query", "rating", "at")


class EventLoader:
    """Takes the rows of one file; an event that is there already is left as it is."""

    def __init__(self, shop: Shop, session: Session, report: FileReport) -> None:
        self._session = session
        self._report = report
        self._now: datetime = shop.clock()
        self._customers = {code: (one, agreed) for code, one, agreed in self._pairs(Customer.consent, Customer)}
        self._products = {code: one for code, one, _on_sale in self._pairs(Product.on_sale, Product)}

    def _pairs(self, column: Any, model: Any) -> Any:
        return self._session.execute(select(model.code, model.id, column))

    def load(self, rows: list[Row], progress: store.Progress | None = None) -> None:
        """Check the rows, then write those that are new."""
        wanted: dict[tuple[Any, ...], None] = {}
        doubles = silent = 0
        for row in rows:
            if not self._check(row):
                continue
            customer, agreed = self._customers.get(row.get("customer_code"), (None, True))
            if not agreed:
                silent += 1
                continue
            event = (customer, row.get("session", ""), row.get("kind"), self._products.get(row.get("product_code")),
                     row.get("query"), row.get("rating"), row.get("at"))  # fmt: skip
            doubles += event in wanted
            wanted[event] = None
        stored = self._stored(wanted)
        fresh = [dict(zip(_COLUMNS, event, strict=True)) for event in wanted if event not in stored]
        store.add(self._session, BehaviourEvent, fresh, progress)
        self._report.new += len(fresh)
        self._report.same += doubles + len(wanted) - len(fresh)
        if silent:
            self._report.warn(0, "", str(silent), problem("no_consent"))

    def _check(self, row: Row) -> bool:
        wrong = None
        if row.get("customer_code") is None and row.get("session") is None:
            wrong = ("customer_code", "guest")
        elif row.get("customer_code") is not None and row.get("customer_code") not in self._customers:
            wrong = ("customer_code", "no_customer")
        elif row.get("product_code") is not None and row.get("product_code") not in self._products:
            wrong = ("product_code", "no_product")
        elif row.get("product_code") is None and row.get("kind") != "search":
            wrong = ("product_code", "needs_product")
        elif row.get("rating") is None and row.get("kind") == "rate":
            wrong = ("rating", "needs_rating")
        elif row.get("at") > self._now:
            wrong = ("at", "moment_range")
        if wrong:
            self._report.refuse(row.number, row.cells, wrong[0], str(row.get(wrong[0], "")), problem(wrong[1]))
        return wrong is None

    def _stored(self, wanted: dict[tuple[Any, ...], None]) -> set[tuple[Any, ...]]:
        """The events that are there already, of the time that the file spans."""
        if not wanted:
            return set()
        times = [event[-1] for event in wanted]
        columns = [getattr(BehaviourEvent, name) for name in _COLUMNS]
        query = select(*columns).where(BehaviourEvent.at >= min(times), BehaviourEvent.at <= max(times))
        return {tuple(one) for one in self._session.execute(query) if tuple(one) in wanted}
