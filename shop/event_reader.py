"""What recommenders read: behaviour, purchases and the shelf, as plain rows without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple

from sqlalchemy import func, select

from shop.ages import made_for
from shop.catalogue_views import price_spans
from shop.models import BehaviourEvent, Brand, Category, Customer, Order, OrderLine, Product, Review, Sku
from shop.states import OrderState

if TYPE_CHECKING:
    from shop.front import Shop

BATCH = 20_000


class EventRow(NamedTuple):
    """One thing that was done with a product; ``customer`` is 0 for a guest, ``at`` seconds since 1970."""

    customer: int
    product: int
    kind: str
    rating: float | None
    session: str
    at: float


@dataclass(frozen=True)
class ShelfItem:
    """A product on sale as filters need it; prices in fen, ``opened_at`` seconds since 1970."""

    id: int
    code: str
    name: str
    shelves: tuple[int, ...]  # ids of its category and of all above
    brand: int
    price_min_fen: int
    price_max_fen: int
    available: int
    stars: float
    reviews: int
    opened_at: float
    colors: frozenset[str] = frozenset()
    ages: tuple[float, float] | None = None  # years, from and to: for whom it is made


def baskets(shop: Shop, since: datetime) -> Iterator[tuple[int, int, int]]:
    """(order id, product id, category id) of the lines of orders since a moment that were not cancelled."""
    query = (
        select(OrderLine.order_id, Sku.product_id, Product.category_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Order.created_at >= since, Order.state != OrderState.CANCELLED.value)
        .order_by(OrderLine.order_id)
    )
    with shop.database.read() as session:
        yield from (tuple(row) for row in session.execute(query))


def read_events(shop: Shop, since: datetime | None = None) -> Iterator[EventRow]:
    """All behaviour that names a product, in the order of its ids; of customers who consent still."""
    kept = Customer.consent.is_(True) & Customer.erased_at.is_(None)
    query = (
        select(
            BehaviourEvent.id, BehaviourEvent.customer_id, BehaviourEvent.product_id, BehaviourEvent.kind,
            BehaviourEvent.rating, BehaviourEvent.session, BehaviourEvent.at,
        )
        .outerjoin(Customer, Customer.id == BehaviourEvent.customer_id)
        .where(BehaviourEvent.product_id.is_not(None), BehaviourEvent.customer_id.is_(None) | kept)
        .order_by(BehaviourEvent.id)
        .limit(BATCH)
    )  # fmt: skip
    if since is not None:
        query = query.where(BehaviourEvent.at >= since)
    last = 0
    with shop.database.read() as session:
        while rows := session.execute(query.where(BehaviourEvent.id > last)).all():
            for _, customer, product, kind, rating, visit, at in rows:
                yield EventRow(customer or 0, product, kind, rating, visit, at.timestamp())
            last = rows[-1][0]


def refusing(shop: Shop) -> list[int]:
    """Ids of customers whose behaviour must not be used: no consent, or erased."""
    query = select(Customer.id).where(Customer.consent.is_not(True) | Customer.erased_at.is_not(None))
    with shop.database.read() as session:
        return list(session.execute(query).scalars())


def event_mark(shop: Shop) -> tuple[int, int]:
    """A mark that moves with each hundredth of behaviour that comes in, and with each product put up."""
    with shop.database.read() as session:
        newest = session.execute(select(func.max(BehaviourEvent.id))).scalar() or 0
        products = session.execute(select(func.count()).select_from(Product).where(Product.on_sale == 1)).scalar()
    step = max(100, 10 ** max(0, len(str(newest)) - 3) * 10)
    return newest // step, int(products or 0)


def history_of(shop: Shop, customer_id: int, limit: int = 120) -> list[EventRow]:
    """The newest behaviour of a customer who consents, newest first; empty for one who does not."""
    query = (
        select(
            BehaviourEvent.product_id, BehaviourEvent.kind, BehaviourEvent.rating, BehaviourEvent.session,
            BehaviourEvent.at,
        )
        .join(Customer, Customer.id == BehaviourEvent.customer_id)
        .where(
            BehaviourEvent.customer_id == customer_id, BehaviourEvent.product_id.is_not(None),
            Customer.consent.is_(True), Customer.erased_at.is_(None),
        )
        .order_by(BehaviourEvent.at.desc(), BehaviourEvent.id.desc())
        .limit(limit)
    )  # fmt: skip
    with shop.database.read() as session:
        rows = session.execute(query).all()
    return [
        EventRow(customer_id, product, kind, rating, visit, at.timestamp()) for product, kind, rating, visit, at in rows
    ]


def bought_by(shop: Shop, customer_id: int) -> set[int]:
    """Ids of the products in a customer's orders that were not cancelled."""
    query = (
        select(Sku.product_id)
        .join(OrderLine, OrderLine.sku_id == Sku.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.customer_id == customer_id, Order.state != OrderState.CANCELLED.value)
        .distinct()
    )
    with shop.database.read() as session:
        return set(session.execute(query).scalars())


_SHELF_COLUMNS = (
    Product.id, Product.code, Product.name, Product.category_id, Product.brand_id, Product.created_at,
    Product.attributes,
)  # fmt: skip


def read_shelf(shop: Shop, ids: Iterable[int] | None = None) -> list[ShelfItem]:
    """Products on sale with live prices and units; of all, or of these ids."""
    wanted = None if ids is None else list(ids)
    products = select(*_SHELF_COLUMNS)
    products = products.where(Product.on_sale == 1).order_by(Product.id)
    stars = select(Review.product_id, func.avg(Review.stars), func.count()).group_by(Review.product_id)
    if wanted is not None:
        products, stars = products.where(Product.id.in_(wanted)), stars.where(Review.product_id.in_(wanted))
    with shop.database.read() as session:
        parents = dict(session.execute(select(Category.id, Category.parent_id)).all())
        spans = price_spans(session, wanted)
        colored = select(Sku.product_id, Sku.color).where(Sku.color != "").distinct()
        colors: dict[int, set[str]] = {}
        for product, color in session.execute(colored):
            colors.setdefault(product, set()).add(color)
        rated = {product: (float(mean), count) for product, mean, count in session.execute(stars)}
        rows = session.execute(products).all()
    found = []
    for product, code, name, category, brand, opened, attributes in rows:
        low, high, units = spans.get(product, (0, 0, 0))
        mean, count = rated.get(product, (0.0, 0))
        above = _above(parents, category)
        found.append(
            ShelfItem(
                product,
                code,
                name,
                above,
                brand,
                low,
                high,
                units,
                mean,
                count,
                opened.timestamp(),
                frozenset(colors.get(product, ())),
                made_for(attributes),
            )
        )
    return found


def read_codes(shop: Shop) -> tuple[dict[str, int], dict[str, int]]:
    """({category code: id}, {brand code: id})."""
    with shop.database.read() as session:
        categories = dict(session.execute(select(Category.code, Category.id)).all())
        return categories, dict(session.execute(select(Brand.code, Brand.id)).all())


def _above(parents: dict[int, int | None], category: int | None) -> tuple[int, ...]:
    found: list[int] = []
    while category is not None and category not in found:
        found.append(category)
        category = parents.get(category)
    return tuple(found)
