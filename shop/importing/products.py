"""Loads products, their SKUs and prices; ``shop.importing.shelf_stock`` loads the units."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.errors import BadValue
from shop.front import Shop
from shop.importing import store
from shop.importing.columns import Row
from shop.importing.report import FileReport
from shop.importing.shelf_stock import StockLoader
from shop.importing.shelves import Shelves, check_category
from shop.importing.words import problem
from shop.models import PriceChange, Product, Sku

_TEXTS = ("name", "subtitle", "description", "attributes", "usage", "package", "warranty_months")
_BLANK_PRODUCT: dict[str, Any] = {
    **dict.fromkeys(("subtitle", "description", "usage", "package"), ""),
    "attributes": {},
    "warranty_months": 0,
    "on_sale": 1,
    "popularity": 0,
}
_BLANK_SKU: dict[str, Any] = {"color": "", "size": "", "barcode": None}


class ProductLoader:
    """Takes the rows of one file.

    The rows of a product share its code and the first one tells of it; the rows
    of a SKU (one for each warehouse) likewise.
    """

    def __init__(self, shop: Shop, session: Session, report: FileReport) -> None:
        self._session = session
        self._report = report
        self._shelves = Shelves(session)
        self._now: datetime = shop.clock()
        self._new: set[str] = set()  # SKU codes
        self._changed: set[str] = set()  # product and SKU codes

    def load(self, rows: list[Row], progress: store.Progress | None = None) -> None:
        """Check the rows against each other and the shop, then write the good ones."""
        stock = StockLoader(self._session, self._report, self._shelves, self._now)
        for row in rows:
            self._complete(row)
        self._check(self._good(rows))
        stock.check(self._good(rows))
        rows = self._good(rows)
        products = self._write_products(_first_rows(rows, "product_code"))
        ids = self._write_skus(_first_rows(rows, "sku_code"), products)
        moved = stock.write(rows, ids)
        for row in rows:
            if row.get("sku_code") in self._new:
                self._report.new += 1
            elif row.number in moved or {row.get("sku_code"), "product " + row.get("product_code")} & self._changed:
                self._report.changed += 1
            else:
                self._report.same += 1
            if progress:
                progress(1)

    def _good(self, rows: list[Row]) -> list[Row]:
        return [row for row in rows if not self._report.is_refused(row.number)]

    def _refuse(self, row: Row, column: str, error: BadValue) -> None:
        self._report.refuse(row.number, row.cells, column, str(row.get(column, "")), error)

    def _complete(self, row: Row) -> None:
        """Give a row its SKU code, and look at its category."""
        if row.get("sku_code") is None:
            parts = [row.get(name) for name in ("product_code", "color", "size")]
            row.values["sku_code"] = "-".join(part for part in parts if part)
        length = len(row.values["sku_code"])
        if length > 60:
            self._refuse(row, "sku_code", problem("too_long", length=length, limit=60))
        try:
            check_category(row.get("category"))
        except BadValue as error:
            self._refuse(row, "category", error)

    def _check(self, rows: list[Row]) -> None:
        """Refuse rows that stand twice, or take another product's SKU or another SKU's barcode."""
        owner = self._owners({row.get("sku_code") for row in rows})
        given = {row.get("barcode") for row in rows if row.get("barcode")}
        holder = {code: one.code for code, one in store.by_key(self._session, Sku.barcode, given, Sku.code).items()}
        seen: dict[tuple[str, Any], int] = {}
        for row in rows:
            code, product, barcode = row.get("sku_code"), row.get("product_code"), row.get("barcode")
            before = seen.setdefault((code, row.get("warehouse")), row.number)
            if before != row.number:
                self._refuse(row, "sku_code", problem("twice", row=before))
            elif owner.setdefault(code, product) != product:
                self._refuse(row, "sku_code", problem("other_product"))
            elif barcode and holder.setdefault(barcode, code) != code:
                self._refuse(row, "barcode", problem("barcode"))

    def _owners(self, codes: set[str]) -> dict[str, str]:
        """SKU code → product code, of the SKUs that are there."""
        found: dict[str, str] = {}
        for part in store.chunks(sorted(codes), store.ASK):
            query = select(Sku.code, Product.code).join(Product, Product.id == Sku.product_id)
            found.update(self._session.execute(query.where(Sku.code.in_(part))).all())
        return found

    def _write_products(self, rows: dict[str, Row]) -> dict[str, int]:
        """Write the products; returns code → id."""
        wanted = {code: self._product_values(row) for code, row in rows.items()}
        stored = self._stored(wanted)
        fresh = []
        for code, values in wanted.items():
            if code not in stored:
                brand = values.get("brand_id") or self._shelves.brand(None)
                whole = {**_BLANK_PRODUCT, **values, "brand_id": brand, "code": code, "created_at": self._now}
                fresh.append(whole)
        changes = {code: store.differing(one, wanted[code]) for code, one in stored.items()}
        store.add(self._session, Product, fresh)
        store.change(self._session, Product, [(stored[code].id, diff) for code, diff in changes.items() if diff])
        self._changed |= {f"product {code}" for code, diff in changes.items() if diff}
        return {code: one.id for code, one in self._stored(wanted).items()}

    def _product_values(self, row: Row) -> dict[str, Any]:
        values = row.given(*_TEXTS)
        values["category_id"] = self._shelves.category(row.get("category"))
        if row.get("brand"):
            values["brand_id"] = self._shelves.brand(row.get("brand"))
        if row.get("on_sale") is not None:
            values["on_sale"] = int(row.get("on_sale"))
        return values

    def _stored(self, codes: Any) -> dict[str, Any]:
        columns = [getattr(Product, name) for name in ("name", "category_id", "brand_id", *_BLANK_PRODUCT)]
        return store.by_key(self._session, Product.code, codes, Product.id, *columns)

    def _write_skus(self, rows: dict[str, Row], products: dict[str, int]) -> dict[str, int]:
        """Write the SKUs, and each new price with its day; returns code → id."""
        columns = (Sku.id, Sku.color, Sku.size, Sku.price_fen, Sku.barcode)
        stored = store.by_key(self._session, Sku.code, rows, *columns)
        fresh, changes, priced = [], [], set()
        for code, row in rows.items():
            wanted = row.given("color", "size", "barcode") | {"price_fen": row.get("price")}
            diff = store.differing(stored[code], wanted) if code in stored else wanted
            if code not in stored:
                fresh.append({**_BLANK_SKU, **wanted, "code": code, "product_id": products[row.get("product_code")]})
                self._new.add(code)
            elif diff:
                changes.append((stored[code].id, diff))
                self._changed.add(code)
            if "price_fen" in diff:
                priced.add(code)
        store.add(self._session, Sku, fresh)
        store.change(self._session, Sku, changes)
        ids = {code: one.id for code, one in store.by_key(self._session, Sku.code, rows, Sku.id).items()}
        history = [
            {"sku_id": ids[code], "at": self._now, "price_fen": rows[code].get("price")} for code in sorted(priced)
        ]
        store.add(self._session, PriceChange, history)
        return ids


def _first_rows(rows: list[Row], name: str) -> dict[str, Row]:
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.get(name), row)
    return first
