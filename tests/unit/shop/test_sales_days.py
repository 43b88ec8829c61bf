"""Figures by day stand ready after an import, a round of housekeeping and a product's move; on both databases."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from shop import sales_days
from shop.front import Shop
from shop.housekeeping import tidy
from shop.importer import Importer, Sources
from shop.models import Category, GoodsDay, OrderDay, Product, SalesTouch
from tests.builders import Builder

PRODUCTS = "product_code,sku_code,name,category,brand,price,stock\nT1,T1-W,Shirt,{category},Hill,89.00,120\n"
CUSTOMERS = "customer_code,name,phone\nC1,Wang,13800001234\n"
ORDERS = (
    "order_number,customer_code,created_at,state,sku_code,quantity,price,receiver_name,receiver_phone,"
    "province,city,district,street,delivered_at\n"
    "2025030100000001,C1,2025-03-01 10:00,completed,T1-W,2,89,Wang,13800001234,Z,H,X,Road 1,2025-03-04\n"
)


def imported(shop: Shop, folder: Path, category: str = "Shirts", **more: str) -> None:
    files = {"products": PRODUCTS.format(category=category), **more}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    reports = Importer(shop, quiet=True).run(Sources(**{name: folder / f"{name}.csv" for name in files}))
    assert not any(one.rejects for one in reports), [one.lines("en") for one in reports]


def units_by_category(shop: Shop) -> dict[str, int]:
    """What the table of days says, as it stands."""
    query = select(Category.name, func.sum(GoodsDay.units)).join(Category, Category.id == GoodsDay.key_id)
    with shop.database.read() as session:
        return dict(session.execute(query.where(GoodsDay.kind == "category").group_by(Category.name)).all())


def waiting(shop: Shop) -> int:
    with shop.database.read() as session:
        return int(session.execute(select(func.count(SalesTouch.id))).scalar_one())


def test_after_an_import_the_days_are_reckoned_already(shop: Shop, tmp_path: Path) -> None:
    imported(shop, tmp_path, customers=CUSTOMERS, orders=ORDERS)
    assert (units_by_category(shop), waiting(shop)) == ({"Shirts": 2}, 0)


def test_a_product_that_an_import_moves_takes_its_sales_with_it(shop: Shop, tmp_path: Path) -> None:
    imported(shop, tmp_path, customers=CUSTOMERS, orders=ORDERS)
    imported(shop, tmp_path, category="Summer")
    assert units_by_category(shop) == {"Summer": 2}


def test_a_change_that_moves_no_product_touches_no_day(shop: Shop, tmp_path: Path) -> None:
    imported(shop, tmp_path, customers=CUSTOMERS, orders=ORDERS)
    with shop.database.change() as session:
        session.query(Product).update({"description": "new words"})
    assert waiting(shop) == 0


def test_housekeeping_reckons_what_was_sold_since(shop: Shop, build: Builder) -> None:
    build.order(build.customer())
    assert waiting(shop) > 0
    assert tidy(shop)["days of sales"] == 1
    assert waiting(shop) == 0
    with shop.database.read() as session:
        assert session.execute(select(func.sum(OrderDay.orders))).scalar() == 1
    assert sales_days.refresh(shop) == 0
