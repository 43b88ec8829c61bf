"""Units on shelves: what is free, what is coming, and every change with its movement.

``reserve``, ``release``, ``ship`` and ``receive`` work inside the session of a
running change and lock the rows they touch. Whoever moves units of several SKUs
locks them all first, or goes through them in the order of their ids, so that two
changes never wait for each other in a ring. ``reference`` names
the cause, for orders their number: units are given back and shipped from the
warehouses that hold them for this very reference.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from shop.catalogue_views import sku_views
from shop.entities import StockAnswer
from shop.errors import BadQuantity, OutOfStock, ProductNotFound
from shop.models import Incoming, Product, Stock, StockMovement
from shop.text_match import clean, fitting_colors, fitting_sizes

if TYPE_CHECKING:
    from shop.front import Shop


class StockLevels:
    """Reads and moves units."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def availability(self, product_code: str, *, color: str | None = None, size: str | None = None) -> StockAnswer:
        """Free units of a product, or of its SKUs that fit a colour and a size.

        Returns:
            ``skus`` is empty when the product does not come in that colour or size.

        Raises:
            ProductNotFound: no product has this code.
        """
        with self._shop.database.read() as session:
            query = select(Product).where(Product.code == clean(product_code, 40))
            product = session.execute(query.options(selectinload(Product.skus))).scalar_one_or_none()
            if product is None:
                raise ProductNotFound("no product has this code", code=product_code)
            fitting = {sku.id for sku in fitting_skus(product.skus, color, size)}
            views = tuple(view for view in sku_views(session, product) if view.id in fitting)
            restock_at, coming = _next_arrival(session, fitting)
        free = sum(view.available for view in views)
        return StockAnswer(product.code, product.name, views, free, restock_at, coming)

    def lock(self, session: Session, sku_ids: Iterable[int]) -> None:
        """Lock the rows of several SKUs at once, before moving units of more than one of them."""
        session.execute(
            select(Stock.id).where(Stock.sku_id.in_(set(sku_ids))).order_by(Stock.sku_id, Stock.id).with_for_update()
        ).all()

    def reserve(self, session: Session, sku_id: int, quantity: int, reference: str) -> None:
        """Keep free units for an order, from the fullest warehouse first.

        Raises:
            OutOfStock: fewer units are free; ``facts`` say how many are.
            BadQuantity: the quantity is below 1.
        """
        _check_quantity(quantity)
        rows = _locked(session, sku_id)
        free = sum(row.on_hand - row.reserved for row in rows)
        if free < quantity:
            raise OutOfStock(f"SKU {sku_id}: {quantity} wanted, {free} free", sku_id=sku_id, available=free)
        left = quantity
        for row in sorted(rows, key=lambda one: (one.reserved - one.on_hand, one.id)):
            taken = min(left, row.on_hand - row.reserved)
            if taken > 0:
                row.reserved += taken
                self._record(session, row, "reserve", taken, reference)
            left -= taken

    def release(self, session: Session, sku_id: int, quantity: int, reference: str, since: datetime) -> int:
        """Give back units that are kept for a reference.

        Args:
            since: the reference's reservations are not older than this.

        Returns:
            How many were given back: no more than it held (an imported order may hold none).
        """
        _check_quantity(quantity)
        released = 0
        for row, held in self._held(session, sku_id, reference, since):
            part = min(quantity - released, held, row.reserved)
            if part > 0:
                row.reserved -= part
                self._record(session, row, "release", part, reference)
                released += part
        return released

    def ship(self, session: Session, sku_id: int, quantity: int, reference: str, since: datetime) -> int:
        """Take units off the shelf for a reference: those kept for it, else free ones.

        Returns:
            The warehouse that gave most of them.

        Raises:
            OutOfStock: the shelves do not hold as many.
        """
        _check_quantity(quantity)
        left = quantity
        gave: dict[int, int] = defaultdict(int)
        for row, held in self._held(session, sku_id, reference, since):
            part = min(left, held, row.reserved)
            row.reserved -= part
            left -= self._take(session, row, part, reference, gave)
        for row in _locked(session, sku_id) if left else ():
            left -= self._take(session, row, min(left, row.on_hand - row.reserved), reference, gave)
        if left:
            raise OutOfStock(f"SKU {sku_id}: {left} units missing on the shelves", sku_id=sku_id, available=0)
        return max(gave, key=lambda warehouse: gave[warehouse])

    def receive(
        self, session: Session, sku_id: int, warehouse_id: int, quantity: int, reference: str, kind: str = "receive"
    ) -> None:
        """Put units on a shelf; ``kind`` is receive, return or adjust."""
        _check_quantity(quantity)
        row = next((one for one in _locked(session, sku_id) if one.warehouse_id == warehouse_id), None)
        if row is None:
            row = Stock(sku_id=sku_id, warehouse_id=warehouse_id, on_hand=0, reserved=0)
            session.add(row)
        row.on_hand += quantity
        self._record(session, row, kind, quantity, reference)

    def _take(self, session: Session, row: Any, part: int, reference: str, gave: dict[int, int]) -> int:
        if part > 0:
            row.on_hand -= part
            gave[row.warehouse_id] += part
            self._record(session, row, "ship", -part, reference)
        return max(0, part)

    def _held(self, session: Session, sku_id: int, reference: str, since: datetime) -> list[tuple[Any, int]]:
        """Locked stock rows with the units each holds for a reference."""
        rows = _locked(session, sku_id)
        moved = select(StockMovement.warehouse_id, StockMovement.kind, func.sum(StockMovement.quantity)).where(
            StockMovement.sku_id == sku_id, StockMovement.at >= since, StockMovement.reference == reference
        )
        held: dict[int, int] = defaultdict(int)
        for warehouse, kind, units in session.execute(moved.group_by(StockMovement.warehouse_id, StockMovement.kind)):
            held[warehouse] += {"reserve": units, "release": -units, "ship": units}.get(kind, 0)
        return [(row, held[row.warehouse_id]) for row in rows if held[row.warehouse_id] > 0]

    def _record(self, session: Session, row: Any, kind: str, quantity: int, reference: str) -> None:
        now = self._shop.clock()
        session.add(
            StockMovement(
                sku_id=row.sku_id,
                warehouse_id=row.warehouse_id,
                kind=kind,
                quantity=quantity,
                reference=reference,
                at=now,
            )
        )


def fitting_skus(skus: list[Any], color: str | None, size: str | None) -> list[Any]:
    """The SKUs that a colour and a size mean, each as people say it; None fits all."""
    if color:
        colors = fitting_colors(color, {sku.color for sku in skus})
        skus = [sku for sku in skus if sku.color in colors]
    if size:
        sizes = fitting_sizes(size, {sku.size for sku in skus})
        skus = [sku for sku in skus if sku.size in sizes]
    return skus


def _locked(session: Session, sku_id: int) -> list[Any]:
    """A SKU's stock rows, locked until the change ends."""
    query = select(Stock).where(Stock.sku_id == sku_id).order_by(Stock.id).with_for_update()
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def _next_arrival(session: Session, sku_ids: set[int]) -> tuple[datetime | None, int]:
    """When the next goods arrive, and how many units arrive that moment."""
    query = (
        select(Incoming.expected_at, func.sum(Incoming.quantity))
        .where(Incoming.sku_id.in_(sku_ids), Incoming.received_at.is_(None))
        .group_by(Incoming.expected_at)
        .order_by(Incoming.expected_at)
        .limit(1)
    )
    row = session.execute(query).first() if sku_ids else None
    return (row[0], int(row[1])) if row else (None, 0)


def _check_quantity(quantity: int) -> None:
    if quantity < 1:
        raise BadQuantity(f"quantity={quantity!r}: it must be 1 or more")
