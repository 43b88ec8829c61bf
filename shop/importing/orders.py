"""Loads orders with their lines; ``shop.importing.order_parts`` loads payments and parcels.

An import never takes an order back to an earlier state, and never undoes what
the customer changed through the bot (address, lines, note).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shop.errors import BadValue
from shop.front import Shop
from shop.importing import store
from shop.importing.columns import Row
from shop.importing.order_group import Line, OrderGroup, group
from shop.importing.order_parts import PartLoader
from shop.importing.report import FileReport
from shop.importing.values import tidy
from shop.importing.words import problem
from shop.models import AfterSaleCase, Customer, Order, OrderChange, OrderLine, Product, Review, Sku
from shop.states import ORDER_STEPS, OrderState

_PROGRESS = (
    "state", "cancel_reason", "created_at", "paid_at", "shipped_at", "delivered_at", "completed_at", "cancelled_at",
)  # fmt: skip
_AMOUNTS = ("goods_fen", "discount_fen", "shipping_fen", "total_fen")
_PLACE = ("province", "city", "district")


class OrderLoader:
    """Takes the rows of one file."""

    def __init__(self, shop: Shop, session: Session, report: FileReport) -> None:
        self._shop = shop
        self._session = session
        self._report = report
        self._now: datetime = shop.clock()
        self._customers = dict(session.execute(select(Customer.code, Customer.id)).all())
        self._changed: set[str] = set()
        self._kept: set[str] = set()  # orders whose stored state is ahead of the file's

    def load(self, rows: list[Row], progress: store.Progress | None = None) -> None:
        """Check the orders, then write the good ones."""
        groups = self._good(self._whole(rows))
        stored = self._stored([one.number for one in groups])
        groups = [one for one in groups if self._is_theirs(one, stored)]
        fresh = [one for one in groups if one.number not in stored]
        store.add(self._session, Order, [self._new(one) for one in fresh], progress)
        self._update([one for one in groups if one.number in stored], stored)
        columns = (Order.id, Order.state)
        ids = {
            n: one.id
            for n, one in store.by_key(self._session, Order.number, [o.number for o in groups], *columns).items()
        }
        self._add_lines([(ids[one.number], one) for one in fresh])
        parts = PartLoader(self._session, self._report)
        followed = [(ids[one.number], one) for one in groups if one.number not in self._kept]
        self._changed |= parts.load(followed, {one.number for one in fresh})
        self._report.new += sum(len(one.rows) for one in fresh)
        for one in groups:
            if one.number in stored and not self._report.is_refused(one.first.number):
                changed = one.number in self._changed
                self._report.changed += len(one.rows) * changed
                self._report.same += len(one.rows) * (not changed)

    def _refuse(self, one: OrderGroup, wrong: list[tuple[Row, str, str, BadValue]]) -> None:
        """Refuse a whole order: an order that misses a row would be another order."""
        for row, column, value, error in wrong:
            self._report.refuse(row.number, row.cells, column, value, error)
        for row in one.rows:
            if not self._report.is_refused(row.number):
                self._report.refuse(row.number, row.cells, "order_number", one.number, problem("other_row"))

    def _whole(self, rows: list[Row]) -> list[OrderGroup]:
        """Orders none of whose rows was refused already."""
        at = next(i for i, one in enumerate(self._report.columns) if one == "order_number")
        broken = {tidy(cells[at]) for cells in self._report.rejects.values() if len(cells) > at}
        groups = []
        for one in group(rows):
            if one.number in broken:
                self._refuse(one, [])
            else:
                groups.append(one)
        return groups

    def _good(self, groups: list[OrderGroup]) -> list[OrderGroup]:
        """Orders whose customer and goods are there, and which agree with themselves."""
        skus = self._skus({row.get("sku_code") for one in groups for row in one.rows})
        good = []
        for one in groups:
            wrong = list(one.wrong(self._now))
            if one.first.get("customer_code") not in self._customers:
                wrong.append((one.first, "customer_code", one.first.get("customer_code"), problem("no_customer")))
            lines = []
            for row in one.rows:
                found = skus.get(row.get("sku_code"), [])
                if len(found) == 1:
                    sku_id, name, spec = found[0]
                    lines.append(Line(sku_id, name, spec, row.get("quantity"), row.get("price")))
                else:
                    missing = problem("many_skus", count=len(found)) if found else problem("no_sku")
                    wrong.append((row, "sku_code", row.get("sku_code"), missing))
            one.lines = lines
            if wrong:
                self._refuse(one, wrong)
            else:
                good.append(one)
        return good

    def _skus(self, codes: set[str]) -> dict[str, list[tuple[int, str, str]]]:
        """SKUs by their code, and those of a product by the product's code."""
        found: dict[str, list[tuple[int, str, str]]] = {}
        columns = (Sku.code, Product.code, Sku.id, Product.name, Sku.color, Sku.size)
        for column in (Sku.code, Product.code):
            for part in store.chunks(sorted(codes - set(found)), store.ASK):
                query = select(*columns).join(Product, Product.id == Sku.product_id).where(column.in_(part))
                for sku_code, product_code, sku_id, name, color, size in self._session.execute(query):
                    key = sku_code if column is Sku.code else product_code
                    found.setdefault(key, []).append((sku_id, name, " ".join(part for part in (color, size) if part)))
        return found

    def _stored(self, numbers: list[str]) -> dict[str, Any]:
        names = ("id", "customer_id", "version", "receiver_sealed", "note_sealed", *_PROGRESS, *_AMOUNTS, *_PLACE)
        return store.by_key(self._session, Order.number, numbers, *(getattr(Order, name) for name in names))

    def _is_theirs(self, one: OrderGroup, stored: dict[str, Any]) -> bool:
        before = stored.get(one.number)
        if before is None or before.customer_id == self._customers[one.first.get("customer_code")]:
            return True
        self._refuse(one, [(one.first, "order_number", one.number, problem("other_customer"))])
        return False

    def _new(self, one: OrderGroup) -> dict[str, Any]:
        cipher = self._shop.cipher
        return {
            **one.progress(),
            **one.amounts(),
            **dict.fromkeys(_PLACE, ""),
            **one.place(),
            "number": one.number,
            "customer_id": self._customers[one.first.get("customer_code")],
            "receiver_sealed": cipher.seal_json(one.receiver()),
            "note_sealed": cipher.seal(one.first.get("note")),
            "channel": "import",
        }

    def _add_lines(self, orders: list[tuple[int, OrderGroup]]) -> None:
        rows = [{"order_id": order_id, **vars(line)} for order_id, one in orders for line in one.lines]
        store.add(self._session, OrderLine, rows)

    def _update(self, groups: list[OrderGroup], stored: dict[str, Any]) -> None:
        """Change what differs in orders that are there."""
        ids = [stored[one.number].id for one in groups]
        columns = (OrderLine.id, OrderLine.sku_id, OrderLine.quantity, OrderLine.price_fen)
        lines = store.many_by_key(self._session, OrderLine.order_id, ids, *columns)
        done = store.many_by_key(self._session, OrderChange.order_id, ids, OrderChange.kind)
        changes = []
        for one in groups:
            before = stored[one.number]
            by_customer = {row.kind for row in done.get(before.id, [])}
            wanted = self._wanted(one, before, by_customer)
            if "line" not in by_customer:
                if not self._match_lines(one, before.id, lines.get(before.id, [])):
                    continue
                wanted |= one.amounts()
            diff = store.differing(before, wanted)
            if diff:
                changes.append((before.id, {**diff, "version": before.version}))
                self._changed.add(one.number)
            if "line" in by_customer and diff.get("state") not in (None, OrderState.PAID.value):
                for line in lines.get(before.id, []):  # units kept since the customer changed the line
                    self._shop.stock.release(self._session, line.sku_id, line.quantity, one.number, before.created_at)
        store.change(self._session, Order, changes, versioned=True)

    def _wanted(self, one: OrderGroup, before: Any, by_customer: set[str]) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        if _reachable(OrderState(before.state), one.state):
            wanted |= {name: value for name, value in one.progress().items() if value is not None}
        else:
            self._kept.add(one.number)
            behind = problem("kept_state", stored=before.state)
            self._report.warn(one.first.number, "state", one.state.value, behind)
        cipher = self._shop.cipher
        if "address" not in by_customer:
            wanted |= one.place()
            receiver = cipher.open_json(before.receiver_sealed) or {}
            if {**receiver, **one.receiver()} != receiver:
                wanted["receiver_sealed"] = cipher.seal_json({**receiver, **one.receiver()})
        note = one.first.get("note")
        if "note" not in by_customer and note is not None and cipher.open(before.note_sealed) != note:
            wanted["note_sealed"] = cipher.seal(note)
        return wanted

    def _match_lines(self, one: OrderGroup, order_id: int, stored: list[Any]) -> bool:
        """Make the stored lines those of the file; False when the order had to be refused."""
        has = Counter((line.sku_id, line.quantity, line.price_fen) for line in stored)
        wants = Counter((line.sku_id, line.quantity, line.price_fen) for line in one.lines)
        if has == wants:
            return True
        gone, extra = list((has - wants).elements()), list((wants - has).elements())
        ids = []
        for item in gone:
            ids.append(next(x.id for x in stored if (x.sku_id, x.quantity, x.price_fen) == item and x.id not in ids))
        used = select(AfterSaleCase.id).where(AfterSaleCase.order_line_id.in_(ids)).limit(1)
        reviewed = select(Review.id).where(Review.order_line_id.in_(ids)).limit(1)
        if self._session.execute(used).first() or self._session.execute(reviewed).first():
            self._refuse(one, [(one.first, "sku_code", one.first.get("sku_code"), problem("used_lines"))])
            return False
        self._session.execute(delete(OrderLine).where(OrderLine.id.in_(ids)))
        left = Counter(extra)
        fresh = []
        for line in one.lines:
            item = (line.sku_id, line.quantity, line.price_fen)
            if left[item] > 0:
                left[item] -= 1
                fresh.append({"order_id": order_id, **vars(line)})
        store.add(self._session, OrderLine, fresh)
        self._changed.add(one.number)
        return True


def _reachable(before: OrderState, after: OrderState) -> bool:
    """Whether an order may stand there after any number of allowed steps."""
    if before is after:
        return True
    return any(_reachable(step, after) for step in ORDER_STEPS[before])
