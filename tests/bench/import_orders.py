"""How long 100,000 orders take to import into an empty SQLite shop: `python -m tests.bench.import_orders`."""

from __future__ import annotations

import csv
import random
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from shop.database import Database
from shop.front import Shop
from shop.importer import Importer, Sources
from shop.privacy import Cipher
from shop.settings import Settings

HEADINGS = (
    "订单号 客户编号 下单时间 订单状态 SKU 数量 单价 收货人 手机 省 市 区 地址 备注 付款时间 快递公司 快递单号 签收时间"
).split()


def write_products(path: Path, count: int) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["商品编码", "规格编码", "商品名称", "类目", "品牌", "价格", "尺码", "库存"])
        for at in range(count):
            for size in "SML":
                shelf = f"大类{at % 10}/小类{at % 40}"
                writer.writerow(
                    [f"P{at}", f"P{at}-{size}", f"商品{at}", shelf, f"牌{at % 30}", f"¥{100 + at}", size, 99]
                )


def write_customers(path: Path, count: int) -> None:
    with open(path, "w", newline="", encoding="gb18030") as file:
        writer = csv.writer(file)
        writer.writerow(["客户编号", "姓名", "手机号", "省", "市", "区", "地址"])
        for at in range(count):
            writer.writerow([f"C{at}", "王小明", f"138{at:08d}", "浙江省", "杭州市", "西湖区", f"文三路{at}号"])


def write_orders(path: Path, count: int, products: int, customers: int) -> int:
    """Orders of one or two rows each; returns how many rows."""
    rng = random.Random(1)
    rows = 0
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for at in range(count):
            made = datetime(2025, 1, 1) + timedelta(minutes=4 * at)
            customer = f"C{rng.randrange(customers)}"
            for _line in range(rng.choice((1, 1, 2))):
                product = rng.randrange(products)
                writer.writerow([
                    *(f"{2025 * 10**12 + at}", customer, f"{made:%Y/%m/%d %H:%M}", "交易成功"),
                    *(f"P{product}-{rng.choice('SML')}", rng.randrange(1, 4), f"{100 + product}元"),
                    *("王小明", "13800001234", "浙江省", "杭州市", "西湖区", f"文三路{at}号", "放门口" if at % 10 == 0 else ""),
                    *(f"{made:%Y/%m/%d %H:%M}", "顺丰速运", f"SF{at:013d}", f"{made + timedelta(days=3):%Y-%m-%d}"),
                ])  # fmt: skip
                rows += 1
    return rows


def main(orders: int = 100_000) -> int:
    """Write the files, import them, and import the orders once more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_products(folder / "p.csv", 500)
        write_customers(folder / "c.csv", 10_000)
        rows = write_orders(folder / "o.csv", orders, 500, 10_000)
        settings = Settings(data_dir=folder, secret_key="a secret for the benchmark")
        database = Database(settings.database_address)
        database.create_all()
        importer = Importer(Shop(settings, database, Cipher(settings.secret_key)))
        importer.run(Sources(products=folder / "p.csv", customers=folder / "c.csv"))
        for words in ("imported", "imported again, unchanged"):
            started = time.monotonic()
            report = importer.run(Sources(orders=folder / "o.csv"))[0]
            print(f"{orders} orders of {rows} rows {words}: {time.monotonic() - started:.1f} s")
            print("  " + report.lines("en")[0])
        database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
