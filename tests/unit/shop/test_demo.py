"""The demo shop: the same for a seed, sound in all its sums, and true to the tastes behind it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from shop.demo.check import CHECKS, find_faults
from shop.demo.content import FOLDER, load_content
from shop.demo.world import FULL, SMALL
from shop.front import Shop
from shop.models import (
    AfterSaleCase,
    BehaviourEvent,
    Category,
    Customer,
    CustomerCoupon,
    Incoming,
    Invoice,
    Order,
    OrderLine,
    Picture,
    PriceChange,
    Product,
    Review,
    Shipment,
    Sku,
    Stock,
    StockMovement,
    Supplier,
    TrackingEvent,
    Warehouse,
)  # fmt: skip
from shop.policy import SHANGHAI
from shop.states import CaseState, OrderState, ShipmentState
from tests.demo_shops import DEMO_NOW, columns, count_rows, demo_shop_in

# Volumes


def test_the_full_shop_is_as_large_as_promised():
    content = load_content()
    assert len(content.products) >= 400
    assert len({row["category_code"] for row in content.products}) >= 14
    assert FULL.customers >= 3000
    assert FULL.orders >= 90_000
    assert FULL.events >= 700_000
    assert FULL.days >= 18 * 30


def test_the_small_shop_has_its_share_of_everything(demo_shop: Shop):
    assert count_rows(demo_shop, Product) == SMALL.products
    assert count_rows(demo_shop, Customer) == SMALL.customers
    assert count_rows(demo_shop, Order) >= SMALL.orders
    assert count_rows(demo_shop, BehaviourEvent) >= 0.9 * SMALL.events
    assert count_rows(demo_shop, Warehouse) >= 3
    assert len(set(columns(demo_shop, Product.category_id))) >= 14
    for model in (Review, Supplier, StockMovement, TrackingEvent, CustomerCoupon, Incoming, Invoice, AfterSaleCase):
        assert count_rows(demo_shop, model) > 0, model


def test_every_product_has_a_picture_of_its_own(demo_shop: Shop):
    rows = columns(demo_shop, Picture.product_id, Picture.path, Picture.sha256)
    assert {row[0] for row in rows} == set(columns(demo_shop, Product.id))
    assert len({row[2] for row in rows}) == len(rows)
    picture = Image.open(demo_shop.settings.data_dir / "pictures" / rows[0][1])
    assert picture.size == (480, 480)
    assert len(set(picture.convert("RGB").resize((48, 48)).getdata())) > 50


def test_every_product_names_an_icon_that_is_there():
    content = load_content()
    assert {row["icon"] for row in content.products} <= set(content.icons)


def test_the_icons_are_those_whose_licence_the_data_page_names():
    digest = hashlib.sha256((FOLDER / "icons.json").read_bytes()).hexdigest()
    assert digest in (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in json.loads((FOLDER / "icons.json").read_text(encoding="utf-8"))["notice"]


# Soundness


@pytest.mark.parametrize("rule", CHECKS)
def test_the_rows_agree(demo_shop: Shop, rule: str):
    with demo_shop.database.read() as session:
        assert rule not in find_faults(session, DEMO_NOW)


@pytest.mark.parametrize(
    ("table", "change", "rule"),
    [
        ("orders", "total_fen = total_fen + 1", "goods less discount plus shipping is the total"),
        ("stock", "on_hand = on_hand + 1", "the movements explain what is on the shelves and what is kept"),
        ("payment", "amount_fen = amount_fen + 1", "a cancelled order keeps no money"),
        ("review", "sentiment = 'neg'", "a review's stars and sentiment agree"),
        ("orders", "created_at = '2100-01-01 00:00:00.000000'", "the moments of an order rise and none lies ahead"),
    ],
)
def test_the_check_finds_what_is_wrong(own_demo_shop: Shop, table: str, change: str, rule: str):
    with own_demo_shop.database.change() as session:
        session.connection().exec_driver_sql(f"UPDATE {table} SET {change}")
    with own_demo_shop.database.read() as session:
        assert rule in find_faults(session, DEMO_NOW)


def test_no_foreign_key_dangles(demo_shop: Shop):
    with demo_shop.database.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_every_state_is_there(demo_shop: Shop):
    assert set(columns(demo_shop, Order.state)) == {state.value for state in OrderState}
    assert set(columns(demo_shop, AfterSaleCase.state)) == {state.value for state in CaseState}
    assert set(columns(demo_shop, Invoice.state)) == {"requested", "issued", "void"}
    states = set(columns(demo_shop, Shipment.state))
    assert states >= {state.value for state in ShipmentState if state is not ShipmentState.PACKED}


def test_some_parcels_are_stuck_and_some_came_within_hours(demo_shop: Shop):
    now = DEMO_NOW
    limit = now - timedelta(hours=demo_shop.settings.stuck_after_hours)
    with demo_shop.database.read() as session:
        last = select(func.max(TrackingEvent.at)).where(TrackingEvent.shipment_id == Shipment.id).scalar_subquery()
        stuck = session.execute(select(func.count()).where(Shipment.state == "in_transit", last < limit)).scalar()
    came = [at for at in columns(demo_shop, Shipment.delivered_at) if at and at > now - timedelta(hours=9)]
    assert stuck >= 3
    assert came


def test_some_things_are_sold_out_and_some_of_them_are_coming(demo_shop: Shop):
    with demo_shop.database.read() as session:
        free = func.sum(Stock.on_hand - Stock.reserved)
        empty = set(session.execute(select(Stock.sku_id).group_by(Stock.sku_id).having(free == 0)).scalars())
    coming = set(columns(demo_shop, Incoming.sku_id, where=Incoming.received_at.is_(None)))
    assert empty & coming
    assert empty - coming
    assert len(empty) < 0.3 * count_rows(demo_shop, Sku)


def test_personal_data_is_sealed(demo_shop: Shop):
    phones = [demo_shop.cipher.open(sealed) for sealed in columns(demo_shop, Customer.phone_sealed)]
    assert len(set(phones)) == len(phones)
    raw = (demo_shop.settings.data_dir / "shop.db").read_bytes()
    assert not [phone for phone in phones if phone.encode() in raw]


# Time


def test_last_month_always_has_orders(demo_shop: Shop):
    first = DEMO_NOW.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (first - timedelta(days=1)).replace(day=1)
    made = columns(demo_shop, Order.id, where=(Order.created_at >= before) & (Order.created_at < first))
    assert len(made) >= 30
    assert demo_shop.orders.list(1, since=before, until=first)


def test_an_unpaid_order_is_minutes_old_and_may_still_be_paid(own_demo_shop: Shop, clock):
    clock.now = datetime.fromisoformat(
        json.loads((own_demo_shop.settings.data_dir / "demo.json").read_text())["built_at"]
    )
    unpaid = columns(own_demo_shop, Order.customer_id, Order.number, where=Order.state == "pending_payment")
    assert len(unpaid) >= 3
    assert all(own_demo_shop.orders.get(*row).pay_by > clock.now for row in unpaid)


def test_double_eleven_and_weekends_sell_more(demo_shop: Shop):
    days = Counter(at.astimezone(SHANGHAI).date() for at in columns(demo_shop, Order.created_at))
    peak = sum(count for day, count in days.items() if day.month == 11 and 9 <= day.day <= 12 and day.year == 2026)
    calm = sum(count for day, count in days.items() if day.month == 10 and 9 <= day.day <= 12 and day.year == 2026)
    assert peak > 2 * calm
    week = Counter()
    for day, count in days.items():
        week[day.weekday() >= 5] += count
    assert week[True] / 2 > week[False] / 5


def _sold(shop: Shop) -> list:
    """(category code, product, when, how many) of every line."""
    query = select(Category.code, Product.id, Order.created_at, OrderLine.quantity)
    query = query.join(Product, Product.category_id == Category.id).join(Sku, Sku.product_id == Product.id)
    with shop.database.read() as session:
        return session.execute(
            query.join(OrderLine, OrderLine.sku_id == Sku.id).join(Order, Order.id == OrderLine.order_id)
        ).all()


def test_summer_goods_sell_in_summer_and_winter_goods_in_winter(demo_shop: Shop):
    season = {row["code"]: row["season"] for row in load_content().categories}
    units: Counter = Counter()
    for code, _, at, _ in _sold(demo_shop):
        units[season[code], at.astimezone(SHANGHAI).month] += 1
    summer, winter = (6, 7, 8), (12, 1, 2)
    share = {
        (kind, months): sum(units[kind, month] for month in months)
        / sum(count for (_, month), count in units.items() if month in months)
        for kind in ("summer", "winter")
        for months in (summer, winter)
    }
    assert share["summer", summer] > 1.8 * share["summer", winter]
    assert share["winter", winter] > 1.8 * share["winter", summer]


def _days_cheaper(shop: Shop) -> tuple[dict, dict]:
    """By product: its days with a price below that of the day before and of after, within a week; all its days."""
    changes: dict = defaultdict(list)
    query = select(Sku.product_id, PriceChange.sku_id, PriceChange.at, PriceChange.price_fen)
    with shop.database.read() as session:
        for product, sku, at, price in session.execute(
            query.join(Sku, Sku.id == PriceChange.sku_id).order_by(PriceChange.at)
        ):
            changes[product, sku].append((at.astimezone(SHANGHAI).date(), price))
    cheap: dict = defaultdict(set)
    first = {}
    for (product, _), known in changes.items():
        first[product] = min(known[0][0], first.get(product, known[0][0]))
        for (_, before), (begin, low), (end, after) in zip(known, known[1:], known[2:]):
            if low < before and low < after and (end - begin).days <= 7:
                cheap[product] |= {begin + timedelta(days=at) for at in range((end - begin).days)}
    return cheap, first


def test_promotions_are_planned_for_the_coming_weeks_and_sell_more_while_they_last(demo_shop: Shop):
    cheap, first = _days_cheaper(demo_shop)
    today = DEMO_NOW.astimezone(SHANGHAI).date()
    for week in range(1, 7):
        days = {today + timedelta(days=7 * week + at) for at in range(7)}
        assert any(days & planned for planned in cheap.values()), f"week {week} has a promotion"
    sold = Counter((product, at.astimezone(SHANGHAI).date()) for _, product, at, _ in _sold(demo_shop))
    festival = {(6, day) for day in range(13, 22)} | {(11, day) for day in range(6, 15)}
    told = {True: [0, 0], False: [0, 0]}
    for product, begin in first.items():
        for at in range((today - begin).days):
            day = begin + timedelta(days=at)
            if (day.month, day.day) not in festival:
                kind = told[day in cheap[product]]
                kind[0] += sold[product, day]
                kind[1] += 1
    promoted, usual = (one[0] / one[1] for one in (told[True], told[False]))
    assert promoted > 1.6 * usual
    assert 0.03 < told[True][1] / (told[True][1] + told[False][1]) < 0.15


def test_some_products_sell_in_rare_lumps(demo_shop: Shop):
    lumps: dict = defaultdict(list)
    for _, product, _, quantity in _sold(demo_shop):
        lumps[product].append(quantity)
    rare = [quantities for quantities in lumps.values() if len(quantities) < 12 and min(quantities) >= 4]
    assert rare


def test_the_same_seed_makes_the_same_shop_and_another_another(demo_shop: Shop, tmp_path: Path):
    def told(shop: Shop) -> list:
        orders = columns(shop, Order.number, Order.state, Order.total_fen, Order.created_at, Order.city)
        lines = columns(shop, OrderLine.order_id, OrderLine.sku_id, OrderLine.quantity, OrderLine.price_fen)
        events = columns(shop, BehaviourEvent.customer_id, BehaviourEvent.kind, BehaviourEvent.product_id)
        names = [shop.cipher.open(sealed) for sealed in columns(shop, Customer.name_sealed)]
        pictures = columns(shop, Picture.path, Picture.sha256)
        return [orders, lines, events, names, columns(shop, Review.text, Review.stars), pictures]

    first = told(demo_shop)
    again = told(demo_shop_in(tmp_path / "again", lambda: DEMO_NOW))
    other = told(demo_shop_in(tmp_path / "other", lambda: DEMO_NOW, seed=21))
    assert first == again
    assert all(one != two for one, two in zip(first[:5], other[:5], strict=True))


# Behaviour


def test_stars_words_and_sentiment_agree(demo_shop: Shop):
    texts = defaultdict(set)
    for row in load_content().reviews:
        texts[row["text"]].add(int(row["stars"]))
    for stars, text, sentiment in columns(demo_shop, Review.stars, Review.text, Review.sentiment):
        assert sentiment == {1: "neg", 2: "neg", 3: "neu", 4: "pos", 5: "pos"}[stars]
        known = [one for one in texts if one in text]
        assert any(stars in texts[one] for one in known), text


def test_a_taste_can_be_found_in_what_people_did(demo_shop: Shop):
    """What goes together in others' baskets foretells a customer's next new product better than popularity."""
    rows = columns(demo_shop, BehaviourEvent.at, BehaviourEvent.customer_id, BehaviourEvent.product_id,
                   BehaviourEvent.kind, where=BehaviourEvent.customer_id.is_not(None) & BehaviourEvent.product_id.is_not(None))  # fmt: skip
    cut = sorted(row[0] for row in rows)[int(0.9 * len(rows))]
    seen, bought, later = (np.zeros((SMALL.customers + 1, SMALL.products + 1)) for _ in range(3))
    for at, customer, product, kind in rows:
        if at < cut:
            seen[customer, product] = 1
            bought[customer, product] = max(bought[customer, product], kind == "buy")
        elif kind == "buy":
            later[customer, product] = 1
    later[bought > 0] = 0
    together = seen.T @ seen
    size = np.sqrt(np.diag(together)) + 10
    alike = together / size / size[:, None]
    np.fill_diagonal(alike, 0)

    def ranked(score: np.ndarray) -> float:
        """The mean part of the products not bought before that a later purchase stands above."""
        above = []
        for customer, product in zip(*np.nonzero(later)):
            others = score[customer, (bought[customer] == 0) & (np.arange(len(later[0])) > 0)]
            level = score[customer, product]
            above.append(((others < level).sum() + 0.5 * ((others == level).sum() - 1)) / (len(others) - 1))
        return float(np.mean(above))

    assert ranked(seen @ alike) > 0.02 + ranked(np.tile(seen.sum(0), (len(seen), 1)))


def test_a_way_leads_to_each_purchase(demo_shop: Shop):
    kinds = Counter(columns(demo_shop, BehaviourEvent.kind))
    assert set(kinds) == {"view", "search", "cart", "favourite", "buy", "rate"}
    assert kinds["view"] > kinds["cart"] > kinds["buy"] > kinds["favourite"]
