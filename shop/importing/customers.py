"""Loads customers and their default addresses; what is personal is sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shop.front import Shop
from shop.importing import store
from shop.importing.columns import Row
from shop.importing.report import FileReport
from shop.importing.words import problem
from shop.models import Address, Customer

_PLAIN = {
    "level": "level",
    "points": "points",
    "balance": "balance_fen",
    "consent": "consent",
    "marketing": "marketing",
}
_SEALED = ("name", "phone", "email")
_BLANK: dict[str, Any] = {
    "level": 0,
    "points": 0,
    "balance_fen": 0,
    "consent": False,
    "marketing": False,
    "name_sealed": None,
    "phone_sealed": None,
    "email_sealed": None,
    "phone_hash": None,
}
_PLACE = ("province", "city", "district")


class CustomerLoader:
    """Takes the rows of one file."""

    def __init__(self, shop: Shop, session: Session, report: FileReport) -> None:
        self._session = session
        self._report = report
        self._cipher = shop.cipher
        self._now: datetime = shop.clock()

    def load(self, rows: list[Row], progress: store.Progress | None = None) -> None:
        """Check the rows, then write the good ones."""
        good = self._check(rows)
        stored = self._stored(good)
        fresh, changes = [], []
        changed: set[str] = set()
        for code, row in good.items():
            if code in stored:
                diff = self._differing(stored[code], row)
                if diff:
                    changes.append((stored[code].id, diff))
                    changed.add(code)
            else:
                joined = row.get("created_at", self._now)
                fresh.append({**_BLANK, **self._values(row, _SEALED), "code": code, "created_at": joined})
            if progress:
                progress(1)
        store.add(self._session, Customer, fresh)
        store.change(self._session, Customer, changes)
        changed |= self._addresses(good) & set(stored)
        self._report.new += len(fresh)
        self._report.changed += len(changed)
        self._report.same += len(stored) - len(changed)

    def _check(self, rows: list[Row]) -> dict[str, Row]:
        good: dict[str, Row] = {}
        for row in rows:
            code = row.get("customer_code")
            if code in good:
                wrong = problem("twice", row=good[code].number)
                self._report.refuse(row.number, row.cells, "customer_code", code, wrong)
            elif row.get("created_at") and row.get("created_at") > self._now:
                told = row.cells
                self._report.refuse(row.number, told, "created_at", str(row.get("created_at")), problem("moment_range"))
            else:
                good[code] = row
        return good

    def _stored(self, codes: dict[str, Row]) -> dict[str, Any]:
        columns = [getattr(Customer, name) for name in ("id", "created_at", *_BLANK)]
        return store.by_key(self._session, Customer.code, codes, *columns)

    def _values(self, row: Row, sealed: tuple[str, ...]) -> dict[str, Any]:
        """The columns that a row gives; only those of ``sealed`` are sealed anew."""
        values = {_PLAIN[name]: value for name, value in row.given(*_PLAIN).items()}
        for name, value in row.given(*sealed).items():
            values[f"{name}_sealed"] = self._cipher.seal(value)
            if name == "phone":
                values["phone_hash"] = self._cipher.fingerprint(value)
        return values

    def _differing(self, stored: Any, row: Row) -> dict[str, Any]:
        """What a row changes. A sealed text reads differently each time, so it is opened to compare."""
        other = [
            name
            for name in row.given(*_SEALED)
            if self._cipher.open(getattr(stored, f"{name}_sealed")) != row.get(name)
        ]
        wanted = self._values(row, tuple(other))
        if row.get("created_at"):
            wanted["created_at"] = row.get("created_at")
        return store.differing(stored, wanted)

    def _addresses(self, rows: dict[str, Row]) -> set[str]:
        """Write default addresses; returns the codes of customers whose address changed."""
        told = {code: row for code, row in rows.items() if row.get("province") and row.get("city")}
        ids = {code: one.id for code, one in store.by_key(self._session, Customer.code, told, Customer.id).items()}
        columns = (Address.id, Address.is_default, Address.street_sealed, *(getattr(Address, one) for one in _PLACE))
        found = store.many_by_key(self._session, Address.customer_id, ids.values(), *columns)
        fresh, changes, changed = [], [], set()
        for code, row in told.items():
            place = {name: row.get(name, "") for name in _PLACE}
            street = row.get("street")
            before = next((one for one in found.get(ids[code], []) if one.is_default), None)
            same_street = before is not None and (street is None or self._cipher.open(before.street_sealed) == street)
            wanted = place if same_street else {**place, "street_sealed": self._cipher.seal(street)}
            diff = store.differing(before, wanted) if before is not None else wanted
            if before is None:
                person = {f"{name}_sealed": self._cipher.seal(row.get(name)) for name in ("name", "phone")}
                fresh.append({**wanted, **person, "customer_id": ids[code], "is_default": True})
            elif diff:
                changes.append((before.id, diff))
            if diff:
                changed.add(code)
        store.add(self._session, Address, fresh)
        store.change(self._session, Address, changes)
        return changed
