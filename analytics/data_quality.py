"""What looks wrong in the shop's tables: missing values, doubles, outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

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
    doubled = select(Product.name).group_by(Product.name).having(func.count() > 1)
    mean = select(func.avg(OrderLine.quantity)).scalar_subquery()
    number = select(Order.number)
    checks: dict[str, Any] = {
        "product_without_picture": lacking(Product.code, Picture.product_id == Product.id, Picture),
        "product_without_description": select(Product.code).where(Product.description == ""),
        "product_without_sku": lacking(Product.code, Sku.product_id == Product.id, Sku),
        "sku_without_price": select(Sku.code).where(Sku.price_fen <= 0),
        "sku_without_stock_row": lacking(Sku.code, Stock.sku_id == Sku.id, Stock),
        "sku_without_supplier": lacking(Sku.code, SupplierSku.sku_id == Sku.id, SupplierSku),
        "product_name_twice": doubled,
        "order_without_line": lacking(Order.number, OrderLine.order_id == Order.id, OrderLine),
        "order_without_city": number.where(Order.city == ""),
        "order_from_the_future": number.where(Order.created_at > shop.clock()),
        "quantity_outlier": number.join(OrderLine, OrderLine.order_id == Order.id).where(
            OrderLine.quantity > OUTLIER * mean
        ),
        "cost_above_price": select(Sku.code).join(SupplierSku, SupplierSku.sku_id == Sku.id).where(
            SupplierSku.cost_fen > Sku.price_fen
        ),
    }  # fmt: skip
    with shop.database.read() as session:
        return [
            Finding(
                name,
                int(session.execute(select(func.count()).select_from(query.subquery())).scalar_one()),
                tuple(str(one) for one in session.execute(query.limit(SHOWN)).scalars()),
            )
            for name, query in checks.items()
        ]


def lacking(column: Any, joined: Any, other: Any) -> Any:
    """Rows of a column's table to which no row of another belongs."""
    return select(column).where(~select(other.id).where(joined).exists())
