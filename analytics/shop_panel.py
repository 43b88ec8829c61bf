"""The shop's own sales as a panel, in units a day: one series of all of it or of a part, or every SKU."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.empty_days import empty_days
from analytics.order_stats import resolved
from analytics.panel import Array, Panel, corrected, relative
from analytics.query import SHANGHAI, Filters
from shop.errors import NotFound
from shop.front import Shop
from shop.models import Category, GoodsDay, PriceChange, Product, Sku
from shop.sales_days import refresh

MODELS: dict[str, Any] = {"category": Category, "product": Product, "sku": Sku}


def series(shop: Shop, kind: str = "category", code: str | None = None, days: int = 540) -> Panel:
    """One series of daily units up to yesterday: a category with everything below it; without a code all goods.

    Raises:
        NotFound: nothing has this code, or nothing was ever sold.
    """
    refresh(shop)
    today = shop.clock().astimezone(SHANGHAI).date()
    query = select(GoodsDay.day, func.sum(GoodsDay.units)).where(
        GoodsDay.kind == kind, GoodsDay.day < today.isoformat(), GoodsDay.day >= str(today - timedelta(days=days))
    )
    with shop.database.read() as session:
        if code:
            query = query.where(GoodsDay.key_id.in_(_keys(session, kind, code)))
        rows = {row[0]: float(row[1]) for row in session.execute(query.group_by(GoodsDay.day))}
    if not rows:
        raise NotFound("nothing of this was sold", code=code or "")
    first = date.fromisoformat(min(rows))
    length = (today - first).days
    values = np.array([[rows.get(str(first + timedelta(days=at)), 0.0) for at in range(length)]])
    names = np.datetime64(first.isoformat()) + np.arange(length)
    return Panel([code or "all"], names, "day", values)


def every_sku(shop: Shop, days: int = 548) -> Panel:
    """All SKUs that ever sold, in units a day up to yesterday (days without stock filled), with categories and prices.

    Prices go on from today as far as some are planned.

    Raises:
        NotFound: nothing was ever sold.
    """
    refresh(shop)
    today = shop.clock().astimezone(SHANGHAI).date()
    sold = select(GoodsDay.key_id, GoodsDay.day, GoodsDay.units).where(
        GoodsDay.kind == "sku", GoodsDay.day < today.isoformat(), GoodsDay.day >= str(today - timedelta(days=days))
    )
    names = select(Sku.id, Sku.code, Category.name).join(Product, Product.id == Sku.product_id)
    with shop.database.read() as session:
        cells = session.execute(sold).all()
        named = {row[0]: row for row in session.execute(names.join(Category, Category.id == Product.category_id))}
    if not cells:
        raise NotFound("nothing was sold yet")
    keys = sorted({row[0] for row in cells})
    at = {key: place for place, key in enumerate(keys)}
    first = date.fromisoformat(min(row[1] for row in cells))
    values = np.zeros((len(keys), (today - first).days))
    for key, day, units in cells:
        values[at[key], (date.fromisoformat(day) - first).days] = units
    days_of = np.datetime64(first.isoformat()) + np.arange(values.shape[1])
    codes, categories = [str(named[key][1]) for key in keys], [str(named[key][2]) for key in keys]
    quality: list[str] = []
    values = corrected(values, np.where(empty_days(shop, at, first, values.shape[1]), 0.0, 1.0), quality)
    price = relative(_prices(shop, at, first))[:, :, None]
    return Panel(codes, days_of, "day", values, price, categories, quality, known=("price",))


def _prices(shop: Shop, at: dict[int, int], first: date) -> Array:
    """SKUs × days, up to yesterday or the last change that is planned: the price at the end of each day (fen).

    Before the first one that is known a SKU costs that one.
    """
    query = select(PriceChange.sku_id, PriceChange.at, PriceChange.price_fen).order_by(PriceChange.at, PriceChange.id)
    with shop.database.read() as session:
        changes = [(sku, _day(moment, first), price) for sku, moment, price in session.execute(query) if sku in at]
    days = max([_day(shop.clock(), first), *(day + 1 for _, day, _ in changes[-1:])])
    prices = np.full((len(at), days), np.nan)
    for sku, day, price in changes:
        row = prices[at[sku]]
        row[0 if np.isnan(row[0]) else max(0, day) :] = price
    return prices


def _day(moment: datetime, first: date) -> int:
    return (moment.astimezone(SHANGHAI).date() - first).days


def _keys(session: Session, kind: str, code: str) -> list[int]:
    if kind == "category":
        return list(resolved(session, Filters(category=code))["category"])
    return list(session.execute(select(MODELS[kind].id).where(MODELS[kind].code == code)).scalars())
