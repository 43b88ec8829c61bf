"""What a script must know to talk as a customer: their orders, cases, coupons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.entities import OrderView
from shop.front import Shop
from shop.models import Category, Coupon, Customer, Incoming, Order, PriceChange, Product, Shipment, Sku, Stock


def customer_facts(shop: Shop, customer_id: int) -> dict[str, Any]:
    """Everything about a customer that the bot may be asked, newest first; the phone's tail is for scripts only.

    Raises:
        NotFound: there is no such customer.
    """
    view = shop.customers.facts(customer_id)
    card = shop.membership.card(customer_id)
    with shop.database.read() as session:
        sealed = session.execute(select(Customer.phone_sealed).where(Customer.id == customer_id)).scalar()
    return {
        "id": view.id,
        "code": view.code,
        "name": view.name,
        "level": card.level,
        "points": card.points,
        "phone_tail": (shop.cipher.open(sealed) or "")[-4:],
        "orders": [_order(order) for order in shop.orders.list(customer_id, limit=None)],
        "cases": [
            {"number": case.number, "order": case.order_number, "kind": case.kind.value, "state": case.state.value}
            for case in shop.aftersale.list(customer_id)
        ],
        "invoices": [
            {"order": one.order_number, "state": one.state, "number": one.number}
            for one in shop.invoices.list(customer_id, limit=None)
        ],
        "coupons": [
            {"code": one.code, "name": one.name, "used": one.used, "ends_at": one.ends_at.isoformat()}
            for one in shop.membership.coupons(customer_id)
        ],
    }


def _order(order: OrderView) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state.value,
        "title": order.title,
        "lines": [
            {"id": line.id, "name": line.name, "spec": line.spec, "quantity": line.quantity} for line in order.lines
        ],
        "total_fen": order.total_fen,
        "created_at": order.created_at.isoformat(),
        "parcels": [
            {"state": parcel.state.value, "courier": parcel.courier, "tracking_number": parcel.tracking_number,
             "stuck": parcel.stuck}
            for parcel in order.shipments
        ],
        "can": sorted(order.can),
    }  # fmt: skip


def shop_facts(shop: Shop) -> dict[str, Any]:
    """Examples of everything that a product question may meet, and how many orders stand where."""
    now = shop.clock()
    with shop.database.read() as session:
        coming = select(Incoming.sku_id).where(Incoming.received_at.is_(None))
        empty = _free() == 0
        cheaper = select(PriceChange.sku_id).where(PriceChange.at > now - timedelta(days=7), PriceChange.at <= now)
        return {
            "sold_out": _products(session, having=empty, where=Sku.id.not_in(coming)),
            "sold_out_and_coming": _products(session, having=empty, where=Sku.id.in_(coming)),
            "scarce": _products(session, having=_free().between(1, 3)),
            "plenty": _products(session, having=_free() > 20),
            "price_changed_this_week": _products(session, where=Sku.id.in_(cheaper)),
            "off_sale": _products(session, on_sale=0),
            "best_of_category": _best(session),
            "orders": dict(session.execute(select(Order.state, func.count()).group_by(Order.state)).all()),
            "parcels": dict(session.execute(select(Shipment.state, func.count()).group_by(Shipment.state)).all()),
            "coupons": [
                {"code": code, "name": name, "level": level, "left": total - claimed, "running": starts <= now < ends}
                for code, name, level, total, claimed, starts, ends in session.execute(
                    select(
                        Coupon.code, Coupon.name, Coupon.min_level, Coupon.total, Coupon.claimed,
                        Coupon.starts_at, Coupon.ends_at,
                    ).order_by(Coupon.id)
                )
            ],
        }  # fmt: skip


def _free() -> Any:
    return func.sum(Stock.on_hand - Stock.reserved)


def _products(session: Session, *, having: Any = None, where: Any = None, on_sale: int = 1) -> list[dict[str, Any]]:
    """Up to five SKUs, the most wanted first."""
    query = (
        select(Product.code, Product.name, Sku.code, Sku.color, Sku.size, Sku.price_fen, _free())
        .join(Sku, Sku.product_id == Product.id)
        .join(Stock, Stock.sku_id == Sku.id)
        .where(Product.on_sale == on_sale)
        .group_by(Product.id, Sku.id)
        .order_by(Product.popularity.desc(), Sku.id)
        .limit(5)
    )
    query = query if where is None else query.where(where)
    query = query if having is None else query.having(having)
    keys = ("product", "name", "sku", "color", "size", "price_fen", "free")
    return [dict(zip(keys, row)) for row in session.execute(query)]


def _best(session: Session) -> dict[str, str]:
    """The most wanted product of each category: category code to product code."""
    query = (
        select(Category.code, Product.code)
        .join(Product, Product.category_id == Category.id)
        .where(Product.on_sale == 1)
        .order_by(Product.popularity, Product.id.desc())
    )
    return dict(sorted((shelf, product) for shelf, product in dict(session.execute(query).all()).items()))
