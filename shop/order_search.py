"""Finding a customer's orders by state, time and words, and adding up what they spent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from shop.entities import BoughtLine
from shop.models import Brand, Category, Order, OrderLine, Payment, Product, Sku
from shop.states import OrderState
from shop.text_match import clean, fold, overlap

_ALIKE = 0.5
"""Part of the words' grams that a line's text must hold to be meant."""

_NEAR_BEST = 0.7
"""Orders below this part of the best order's score are not meant."""

_PAID = Order.state.not_in([OrderState.PENDING_PAYMENT.value, OrderState.CANCELLED.value])


def find(
    session: Session,
    customer_id: int,
    states: Iterable[OrderState | str] | None,
    since: datetime | None,
    until: datetime | None,
    words: str | None,
    limit: int | None,
) -> list[int]:
    """Ids of a customer's orders, newest first.

    Reads the index (customer, time); with words also the customer's lines, so
    that it grows with the orders of one customer, not with those of the shop.
    """
    query = select(Order.id).where(*_theirs(customer_id, since, until))
    if states is not None:
        query = query.where(Order.state.in_([OrderState(state).value for state in states]))
    query = query.order_by(Order.created_at.desc(), Order.id.desc())
    said = fold(clean(words, 100))
    if not said:
        return list(session.execute(query if limit is None else query.limit(max(0, limit))).scalars())
    meant = _meant(session, customer_id, said)
    found = [one for one in session.execute(query).scalars() if one in meant]
    return found if limit is None else found[: max(0, limit)]


def bought(session: Session, customer_id: int, limit: int) -> list[BoughtLine]:
    """The lines of a customer's orders, newest first: one query along the index (customer, time)."""
    query = (
        select(Order.number, Order.state, Order.created_at, Product.code, Category.code, OrderLine.name, OrderLine.spec)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Category, Category.id == Product.category_id)
        .where(Order.customer_id == customer_id)
        .order_by(Order.created_at.desc(), Order.id.desc(), OrderLine.id)
        .limit(limit)
    )
    return [BoughtLine(row[0], OrderState(row[1]), *row[2:]) for row in session.execute(query)]


def spent(session: Session, customer_id: int, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """(number of paid orders, what they cost less what went back, in fen)."""
    kept = (
        select(func.sum(Payment.amount_fen - Payment.refunded_fen))
        .where(Payment.order_id == Order.id)
        .correlate(Order)
        .scalar_subquery()
    )
    query = select(func.count(), func.coalesce(func.sum(func.coalesce(kept, Order.total_fen)), 0))
    count, total = session.execute(query.where(*_theirs(customer_id, since, until), _PAID)).one()
    return int(count), int(total)


def priciest(session: Session, customer_id: int, since: datetime | None, until: datetime | None) -> list[int]:
    """The id of the dearest paid order, the latest of equals; empty without any."""
    query = (
        select(Order.id)
        .where(*_theirs(customer_id, since, until), _PAID)
        .order_by(Order.total_fen.desc(), Order.id.desc())
        .limit(1)
    )
    return list(session.execute(query).scalars())


def _theirs(customer_id: int, since: datetime | None, until: datetime | None) -> list[Any]:
    conditions = [Order.customer_id == customer_id]
    if since is not None:
        conditions.append(Order.created_at >= since)
    if until is not None:
        conditions.append(Order.created_at < until)
    return conditions


def _meant(session: Session, customer_id: int, said: str) -> set[int]:
    """Orders with a line that the words mean: by its name, colour, category, the two above that, or brand."""
    above, top = aliased(Category), aliased(Category)
    columns = (OrderLine.order_id, OrderLine.name, OrderLine.spec, Category.name, Category.aliases)
    query = (
        select(*columns, above.name, above.aliases, top.name, top.aliases, Brand.name, Brand.aliases)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Category, Category.id == Product.category_id)
        .join(Brand, Brand.id == Product.brand_id)
        .outerjoin(above, above.id == Category.parent_id)
        .outerjoin(top, top.id == above.parent_id)
        .where(Order.customer_id == customer_id)
    )
    scores: dict[int, float] = {}
    for order_id, name, spec, *named in session.execute(query):
        shelf, above_it, at_top, maker = [_words(*one) for one in zip(named[::2], named[1::2])]
        text = " ".join((fold(name), fold(spec), *shelf, *maker))
        score = max(overlap(said, text), float(said in text))
        score += _said([*shelf, *above_it, *at_top], said) + _said(maker, said)
        scores[order_id] = max(score, scores.get(order_id, 0.0))
    best = max(scores.values(), default=0.0)
    return {one for one, score in scores.items() if score >= max(_ALIKE, _NEAR_BEST * best)}


def _words(name: str | None, aliases: list[str] | None) -> list[str]:
    return [fold(word) for word in (name, *(aliases or [])) if word]


def _said(words: list[str], said: str) -> float:
    return _ALIKE if any(len(word) > 1 and word in said for word in words) else 0.0
