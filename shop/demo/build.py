"""Everything in its order: make, then write in one transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from shop import models
from shop.demo import cases, catalogue, coupons, customers, invoices, orders, stock
from shop.demo.behaviour import event_rows
from shop.demo.demand import make_sales, season_table
from shop.demo.parcels import parcel_rows
from shop.demo.pictures import make_pictures
from shop.demo.reviews import make_reviews
from shop.demo.world import NEVER, World
from shop.demo.writer import Writer


def write_shop(world: World, session: Any, quiet: bool = False) -> dict[str, int]:
    """Make a whole shop and write it into an empty database; returns the rows of each table."""
    goods = catalogue.make_goods(world)
    writer = Writer(session, quiet)
    with ThreadPoolExecutor(1, "pictures") as artist:  # Pillow and resvg draw while we reckon
        pictures = artist.submit(make_pictures, goods, world.content.icons, world.settings.data_dir / "pictures")
        _write_all(world, goods, writer)
        writer.add(models.Picture, pictures.result())
    writer.finish()
    return writer.counts


def _write_all(world: World, goods: catalogue.Goods, writer: Writer) -> None:
    people = customers.make_people(world)
    chance = customers.tastes(world, goods, people)
    sales = make_sales(world, goods, people, chance, season_table(world, goods))
    campaigns = coupons.make_campaigns(world, goods)
    ledger = orders.make_orders(world, goods, people, sales, campaigns)
    made_cases = cases.make_cases(world, ledger)
    shelves = stock.make_shelves(world, goods, ledger)
    levels = _levels(world, orders.year_spend(world, ledger, len(people.names)))
    coupons.hold_coupons(world, campaigns, levels, people.joined)
    _write_goods(world, goods, writer)
    points, balances = _points(world, ledger, people)
    writer.add(models.Customer, customers.customer_rows(world, people, levels, points, balances))
    writer.add(models.Address, customers.address_rows(world, people))
    _write_orders(world, goods, ledger, writer)
    writer.add(models.Coupon, coupons.coupon_rows(campaigns))
    writer.add(models.CustomerCoupon, coupons.held_rows(campaigns, ledger.created))
    writer.add(models.AfterSaleCase, made_cases.rows)
    writer.add(models.CaseEvent, made_cases.events)
    writer.add(models.Invoice, invoices.invoice_rows(world, people, ledger))
    writer.add(models.Stock, shelves.rows())
    writer.add(models.Incoming, shelves.incoming)
    writer.add(models.StockMovement, stock.movement_rows(world, goods, ledger, shelves, made_cases.returned))
    reviews, rated = make_reviews(world, goods, ledger)
    writer.add(models.Review, reviews)
    writer.add(models.BehaviourEvent, event_rows(world, goods, people, ledger, chance, rated), world.size.events)


def _write_goods(world: World, goods: catalogue.Goods, writer: Writer) -> None:
    writer.add(models.Category, sorted(goods.categories, key=lambda row: (row["parent_id"] or 0, row["id"])))
    writer.add(models.Brand, goods.brands)
    writer.add(models.Product, goods.products)
    writer.add(models.Sku, [{key: row[key] for key in row if key != "base_fen"} for row in goods.skus])
    writer.add(models.PriceChange, catalogue.price_changes(world, goods))
    writer.add(models.Warehouse, goods.warehouses)
    writer.add(models.Supplier, goods.suppliers)
    writer.add(models.SupplierSku, catalogue.supplier_skus(goods, world.rng("suppliers")))


def _write_orders(world: World, goods: catalogue.Goods, ledger: orders.Ledger, writer: Writer) -> None:
    writer.add(models.Order, orders.order_rows(world, ledger), len(ledger.number))
    writer.add(models.OrderLine, orders.line_rows(goods, ledger), len(ledger.line_sku))
    writer.add(models.Payment, orders.payment_rows(ledger))
    parcels, scans = parcel_rows(world, goods, ledger)
    writer.add(models.Shipment, parcels)
    writer.add(models.TrackingEvent, scans)


def _levels(world: World, spend: np.ndarray) -> np.ndarray:
    return np.asarray(np.searchsorted(world.settings.level_thresholds, spend, side="right"))


def _points(world: World, ledger: orders.Ledger, people: customers.People) -> tuple[np.ndarray, np.ndarray]:
    """Points of completed orders, of which some were spent; balances, of which most are nothing."""
    rng = world.rng("points")
    count = len(people.names)
    kept = (ledger.total_fen - ledger.refunded_fen) // 100 * (ledger.completed < NEVER)
    earned = np.bincount(ledger.customer, kept * world.settings.points_per_yuan, count)
    points = (earned * rng.choice([1.0, 0.8, 0.5, 0.2], count, p=[0.4, 0.3, 0.2, 0.1])).astype(int)
    balances = np.where(rng.random(count) < 0.15, rng.integers(1, 200, count) * 100, 0)
    return points, balances
