"""Categories, brands and warehouses that product rows name; made when they are not there."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.importing.words import defaults, problem
from shop.models import Brand, Category, Warehouse

MAX_LEVELS = 5


class Shelves:
    """Looks names up, and makes what is missing, once each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._categories: dict[tuple[int | None, str], int] = {}
        self._by_name: dict[str, list[int]] = {}
        for one in session.execute(select(Category.id, Category.name, Category.parent_id)):
            self._categories[(one.parent_id, one.name)] = one.id
            self._by_name.setdefault(one.name, []).append(one.id)
        self._brands = {one.name: one.id for one in session.execute(select(Brand.id, Brand.name))}
        for brand_id, aliases in session.execute(select(Brand.id, Brand.aliases)):
            for alias in aliases:
                self._brands.setdefault(alias, brand_id)
        self._warehouses = {one.name: one.id for one in session.execute(select(Warehouse.id, Warehouse.name))}
        self._first = session.execute(select(Warehouse.id).order_by(Warehouse.id).limit(1)).scalar()

    def category(self, text: str) -> int:
        """The id of a category written as 服装/上衣/T恤; one name alone may be a leaf that exists.

        Raises:
            BadValue: a level is empty, too long, or there are too many.
        """
        names = check_category(text)
        if len(names) == 1 and len(self._by_name.get(names[0], [])) == 1:
            return self._by_name[names[0]][0]
        above: int | None = None
        for depth, name in enumerate(names):
            found = self._categories.get((above, name))
            if found is None:
                code = "c-" + hashlib.sha256("/".join(names[: depth + 1]).encode()).hexdigest()[:16]
                found = self._add(Category(code=code, name=name, parent_id=above, aliases=[]))
                self._categories[(above, name)] = found
                self._by_name.setdefault(name, []).append(found)
            above = found
        assert above is not None
        return above

    def brand(self, name: str | None) -> int:
        """The id of a brand by its name or another spelling of it."""
        name = name or str(defaults("brand"))
        if name not in self._brands:
            code = "b-" + hashlib.sha256(name.encode()).hexdigest()[:16]
            self._brands[name] = self._add(Brand(code=code, name=name, aliases=[]))
        return self._brands[name]

    def known_warehouse(self, name: str | None) -> int | None:
        """The id of a warehouse that is there already."""
        return self._first if name is None else self._warehouses.get(name)

    def warehouse(self, name: str | None) -> int:
        """The id of a warehouse by its name; without one the shop's first."""
        if name is None and self._first is not None:
            return int(self._first)
        told = dict(defaults("warehouse"))
        if name is not None:
            code = "w-" + hashlib.sha256(name.encode()).hexdigest()[:16]
            told |= {"name": name, "code": code}
        if told["name"] not in self._warehouses:
            self._warehouses[told["name"]] = self._add(Warehouse(**told))
            self._first = self._first or self._warehouses[told["name"]]
        return self._warehouses[told["name"]]

    def _add(self, row: Any) -> int:
        self._session.add(row)
        self._session.flush()
        return int(row.id)


def check_category(text: str) -> list[str]:
    """The levels of a category's path.

    Raises:
        BadValue: a level is empty, too long, or there are too many.
    """
    names = [part.strip() for part in re.split(r"[/>＞|]|->", text)]
    if not all(names) or len(names) > MAX_LEVELS or any(len(name) > 60 for name in names):
        raise problem("category")
    return names
