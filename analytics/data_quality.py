"""What looks wrong in the shop's tables: missing values, doubles, outliers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.errors import BadValue
from shop.front import Shop
from shop.models import Order, OrderLine, Picture, Product, Sku, Stock, SupplierSku

SHOWN = 20
OUTLIER = 20
"""Times the mean quantity of a line from which it is an outlier."""


@dataclass(frozen=True)
class Finding:
    """One check: its name, how many rows failed, and some of them."""

    name: str
    count: int
    rows: tuple[str, ...]


def report(shop: Shop) -> list[Finding]:
    """Every check, also those that found nothing."""
    with shop.database.read() as session:
        return [_found(session, name, query) for name, query in _checks(session, shop.clock()).items()]


def behind(shop: Shop, name: str, most: int = 500) -> list[str]:
    """The codes, names or numbers of the rows that failed a check.

    Raises:
        BadValue: there is no such check.
    """
    with shop.database.read() as session:
        checks = _checks(session, shop.clock())
        if name not in checks:
            raise BadValue(f"check: give one of {', '.join(checks)}", field="check")
        return [str(one) for one in session.execute(checks[name].limit(most)).scalars()]


def _found(session: Session, name: str, query: Any) -> Finding:
    """What a check found: its rows are counted only when there are more than are shown."""
    rows = [str(one) for one in session.execute(query.limit(SHOWN + 1)).scalars()]
    count = len(rows)
    if count > SHOWN:
        count = int(session.execute(select(func.count()).select_from(query.subquery())).scalar_one())
    return Finding(name, count, tuple(rows[:SHOWN]))


def _checks(session: Session, now: datetime) -> dict[str, Any]:
    doubled = select(Product.name).group_by(Product.name).having(func.count() > 1)
    mean = float(session.execute(select(func.avg(OrderLine.quantity))).scalar() or 0)
    number = select(Order.number)
    return {
        "product_without_picture": lacking(Product.code, Picture.product_id == Product.id, Picture),
        "product_without_description": select(Product.code).where(Product.description == ""),
        "product_without_sku": lacking(Product.code, Sku.product_id == Product.id, Sku),
        "sku_without_price": select(Sku.code).where(Sku.price_fen <= 0),
        "sku_without_stock_row": lacking(Sku.code, Stock.sku_id == Sku.id, Stock),
        "sku_without_supplier": lacking(Sku.code, SupplierSku.sku_id == Sku.id, SupplierSku),
        "product_name_twice": doubled,
        "order_without_line": lacking(Order.number, OrderLine.order_id == Order.id, OrderLine),
        "order_without_city": number.where(Order.city == ""),
        "order_from_the_future": number.where(Order.created_at > now),
        "quantity_outlier": number.join(OrderLine, OrderLine.order_id == Order.id).where(
            OrderLine.quantity > math.floor(OUTLIER * mean)
        ),
        "cost_above_price": select(Sku.code).join(SupplierSku, SupplierSku.sku_id == Sku.id).where(
            SupplierSku.cost_fen > Sku.price_fen
        ),
    }  # fmt: skip


def lacking(column: Any, joined: Any, other: Any) -> Any:
    """Rows of a column's table to which no row of another belongs."""
    return select(column).where(~select(other.id).where(joined).exists())
