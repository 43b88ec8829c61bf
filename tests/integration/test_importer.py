"""A shop's own files, imported into both databases."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from shop.front import Shop
from shop.importer import Importer, Sources
from shop.importing.report import FileReport
from shop.importing.words import columns_page
from shop.models import (
    AfterSaleCase,
    Base,
    BehaviourEvent,
    Customer,
    Order,
    OrderLine,
    Payment,
    Picture,
    PriceChange,
    Product,
    Shipment,
    Sku,
    Stock,
    StockMovement,
)
from shop.sales_days import refresh
from shop.settings import ROOT
from shop.states import OrderState
from tests.conftest import Clock

PRODUCTS = """商品编码,规格编码,商品名称,类目,品牌,价格（元）,颜色,尺码,库存,属性,图片
TS001,TS-W-L,纯棉T恤,服装/上衣/T恤,山岚,¥89.00,白色,L,120,材质=纯棉;产地=新疆,front.png
TS001,TS-W-XL,纯棉T恤,服装/上衣/T恤,山岚,99元,白色,XL,30件,,
CUP01,,保温杯,家居,,"1,299",,,5,,
"""
CUSTOMERS = """会员编号,姓名,手机号,会员等级,积分,省,市,区,地址,同意行为数据,注册时间
C1,王小明,138-0000-1234,金卡,"1,200",浙江省,杭州市,西湖区,文三路99号,是,2024年3月8日
C2,李四,13900005678,,,,,,,否,2024/3/8
"""
ORDERS = """订单号,会员编号,下单时间,订单状态,SKU编码,数量,单价,优惠,运费,实付,收货人,收货人手机,省,市,区,收货地址,备注,付款时间,发货时间,快递公司,快递单号,签收时间
2025030100000001,C1,2025/3/1 10:00,已完成,TS-W-L,2,89元,10,0,168,王小明,13800001234,浙江省,杭州市,西湖区,文三路99号,放门口,2025/3/1 10:05,2025/3/2,顺丰速运,SF100,2025/3/4 9:00
2025030100000002,C1,20250305,待发货,TS-W-XL,1,99,,10,,王小明,13800001234,浙江省,杭州市,西湖区,文三路99号,,,,,,
2025030100000002,C1,20250305,待发货,CUP01,1,1299,,,,王小明,13800001234,浙江省,杭州市,西湖区,文三路99号,,,,,,
2025030100000003,C2,2025-03-06,已取消,CUP01,1,1299,,,,李四,13900005678,上海市,上海市,徐汇区,漕溪路1号,,2025-03-06,,,,
"""
EVENTS = """用户ID,行为,商品ID,搜索词,评分,时间
C1,浏览,TS001,,,2025-03-01 09:50:00
C1,搜索,,白T恤,,2025-03-01 09:49:00
C1,评分,TS001,,5,2025-03-05 12:00:00
C2,浏览,CUP01,,,2025-03-05 12:00:00
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in (("p", PRODUCTS), ("c", CUSTOMERS), ("o", ORDERS), ("e", EVENTS)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    pictures = folder / "pictures"
    pictures.mkdir()
    for name, color in (
        ("front.png", "red"),
        ("CUP01.jpg", "blue"),
        ("CUP01_2.jpg", "green"),
        ("stranger.png", "black"),
    ):
        Image.new("RGB", (60, 40), color).save(pictures / name)
    return folder


def sources(files: Path) -> Sources:
    return Sources(files / "p.csv", files / "c.csv", files / "o.csv", files / "e.csv", files / "pictures")


def run(shop: Shop, given: Sources, **options: Any) -> list[FileReport]:
    return Importer(shop, quiet=True).run(given, **options)


def orders(shop: Shop, files: Path, text: str) -> FileReport:
    (files / "o.csv").write_text(text, encoding="utf-8")
    return run(shop, Sources(orders=files / "o.csv"))[0]


def everything(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with shop.database.read() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def count(shop: Shop, model: Any, *where: Any) -> int:
    with shop.database.read() as session:
        return int(session.execute(select(func.count()).select_from(model).where(*where)).scalar())


def one(shop: Shop, model: Any, **where: Any) -> Any:
    with shop.database.read() as session:
        return session.execute(select(model).filter_by(**where)).scalar_one()


def tell(reports: list[FileReport]) -> list[str]:
    return [line for report in reports for line in report.lines("zh")]


def test_a_whole_shop_is_imported(shop: Shop, files: Path):
    reports = run(shop, sources(files))
    assert [(one.path.name, one.rows, one.new, one.refused) for one in reports] == [
        ("p.csv", 3, 3, 0), ("c.csv", 2, 2, 0), ("o.csv", 4, 4, 0), ("e.csv", 4, 3, 0), ("pictures", 3, 3, 0),
    ], tell(reports)  # fmt: skip
    counts = {Product: 2, Sku: 3, Stock: 3, StockMovement: 3, PriceChange: 3, Customer: 2, Order: 3, OrderLine: 4}
    counts |= {Payment: 3, Shipment: 1, BehaviourEvent: 3, Picture: 3}
    assert {model: count(shop, model) for model in counts} == counts


def test_the_bot_answers_from_what_was_imported(shop: Shop, files: Path):
    run(shop, sources(files))
    customer = one(shop, Customer, code="C1")
    done, paid = (shop.orders.get(customer.id, f"202503010000000{n}") for n in (1, 2))
    assert (done.state, done.total_fen, done.note, done.receiver.name) == (
        OrderState.COMPLETED,
        16800,
        "放门口",
        "王**",
    )
    assert done.shipments[0].tracking_number == "SF100"
    assert {line.name: line.spec for line in paid.lines} == {"纯棉T恤": "白色 XL", "保温杯": ""}
    assert paid.total_fen == 99_00 + 1299_00 + 10_00
    assert shop.stock.availability("TS001", size="L").available == 120
    cancelled = shop.orders.cancel(customer.id, paid.number, "unwanted", key="k1")
    assert cancelled.refund_fen == paid.total_fen
    assert shop.stock.availability("CUP01").available == 5


def test_running_an_import_twice_changes_nothing(shop: Shop, files: Path):
    run(shop, sources(files))
    before = everything(shop)
    reports = run(shop, sources(files))
    assert [(one.new, one.changed) for one in reports] == [(0, 0)] * 5, tell(reports)
    assert [one.same for one in reports] == [3, 2, 4, 3, 3]
    assert everything(shop) == before


def test_a_dry_run_reports_the_same_and_changes_nothing(shop: Shop, files: Path):
    (files / "o.csv").write_text(ORDERS + ORDERS.splitlines()[2].replace("99,", "x,") + "\n", encoding="utf-8")
    before = everything(shop)
    reports = run(shop, sources(files), dry_run=True)
    assert [(one.new, one.refused) for one in reports] == [(3, 0), (2, 0), (2, 3), (3, 0), (3, 0)]
    assert everything(shop) == before
    assert not (files / "o.rejects.csv").exists()
    assert not (shop.settings.data_dir / "pictures").exists()


def test_personal_data_is_sealed_in_the_store(shop: Shop, files: Path):
    run(shop, sources(files))
    stored = repr(everything(shop))
    for secret in ("王小明", "13800001234", "文三路99号", "放门口", "漕溪路"):
        assert secret not in stored


def test_behaviour_without_consent_is_left_out_and_said(shop: Shop, files: Path):
    reports = run(shop, sources(files))
    assert count(shop, BehaviourEvent, BehaviourEvent.customer_id == one(shop, Customer, code="C2").id) == 0
    assert any("1 行未导入" in line for line in reports[3].lines("zh"))


def test_bad_rows_go_to_the_reject_file_with_place_and_mend_and_good_rows_are_loaded(shop: Shop, files: Path):
    bad = PRODUCTS + "TS009,,坏的,服装,,便宜,,,-3,,\n"
    (files / "p.csv").write_text(bad, encoding="utf-8")
    report = run(shop, Sources(products=files / "p.csv"))[0]
    assert count(shop, Product) == 2
    lines = report.lines("zh")
    assert "p.csv 第 5 行 price：'便宜' 不是价格，请写成 12.5、¥12.50、1,299元 或 1.2万" in lines[1]
    assert "第 5 行 stock：'-3'" in lines[2]
    rejected = list(csv.reader((files / "p.rejects.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rejected[0][:2] == ["商品编码", "规格编码"]
    assert len(rejected) == 2
    assert rejected[1][0] == "TS009"
    assert "price: " in rejected[1][-1]


def test_a_mended_reject_file_is_imported_and_its_rejects_are_gone(shop: Shop, files: Path):
    (files / "p.csv").write_text(PRODUCTS + "TS009,,好了,服装,,便宜,,,=3,,\n", encoding="utf-8")
    run(shop, Sources(products=files / "p.csv"))
    rejects = files / "p.rejects.csv"
    text = rejects.read_text(encoding="utf-8-sig")
    assert "'=3" in text
    rejects.write_text(text.replace("便宜", "19.9").replace("'=3", "'3"), encoding="utf-8-sig")
    report = run(shop, Sources(products=rejects))[0]
    assert (report.new, report.refused, report.warnings) == (1, 0, []), report.lines("zh")
    assert one(shop, Sku, code="TS009").price_fen == 1990


def test_an_order_with_one_bad_row_is_refused_whole(shop: Shop, files: Path):
    run(shop, Sources(files / "p.csv", files / "c.csv"))
    report = orders(shop, files, ORDERS.replace("CUP01,1,1299,,,,王", "NOPE,1,1299,,,,王"))
    assert count(shop, Order) == 2
    assert report.refused == 2
    report = orders(shop, files, ORDERS.replace("待发货,CUP01,1", "待发货,CUP01,zero"))
    assert report.refused == 2


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        (",0,168,", ",0,170,", "total"),
        ("2025/3/4 9:00", "2025/3/1 9:00", "delivered_at"),
        ("2025/3/4 9:00", "", "delivered_at"),
        ("2025/3/4 9:00", "2027/3/4", "delivered_at"),
        ("顺丰速运", "", "courier"),
        ("89元,10", "89元,300", "discount"),
        ("0001,C1", "0001,C9", "customer_code"),
        ("已完成", "在路上", "state"),
        ("TS-W-L,2", "TS001,2", "sku_code"),
        ("TS-W-L,2", "TS-W-L,0", "quantity"),
    ],
)
def test_an_order_that_does_not_agree_with_itself_is_refused(shop: Shop, files: Path, old: str, new: str, column: str):
    run(shop, Sources(files / "p.csv", files / "c.csv"))
    report = orders(shop, files, ORDERS.replace(old, new, 1))
    assert [one.column for one in report.problems] == [column]
    assert count(shop, Order) == 2


def test_a_newer_export_moves_orders_on(shop: Shop, files: Path):
    run(shop, sources(files))
    newer = ORDERS.replace("待发货", "已发货").replace("文三路99号,,,,,,", "文三路99号,,,2025/3/7,中通,ZT200,")
    report = orders(shop, files, newer)
    assert (report.new, report.changed, report.same) == (0, 2, 2), report.lines("zh")
    order = shop.orders.get(one(shop, Customer, code="C1").id, "2025030100000002")
    assert (order.state, order.shipments[0].courier) == (OrderState.SHIPPED, "中通")


def test_an_older_export_takes_nothing_back_that_the_customer_did(shop: Shop, files: Path):
    run(shop, sources(files))
    customer = one(shop, Customer, code="C1").id
    shop.orders.add_note(customer, "2025030100000002", "周末送", key="n")
    shop.orders.cancel(customer, "2025030100000002", "unwanted", key="c")
    refresh(shop)  # the days of sales, which an import brings up to date
    before = everything(shop)
    report = orders(shop, files, ORDERS)
    assert everything(shop) == before
    assert "保留系统里的状态" in "".join(report.lines("zh"))


def test_lines_follow_the_file_unless_a_case_rests_on_them(shop: Shop, files: Path):
    run(shop, sources(files))
    report = orders(shop, files, ORDERS.replace("待发货,CUP01,1,1299", "待发货,TS-W-L,3,89"))
    assert (report.changed, report.refused) == (2, 0), report.lines("zh")
    order = one(shop, Order, number="2025030100000002")
    assert order.total_fen == 99_00 + 3 * 89_00 + 10_00
    line = next(x for x in shop.orders.get(order.customer_id, order.number).lines if x.quantity == 3)
    facts = {"kind": "refund", "reason": "other", "state": "submitted", "quantity": 1, "amount_fen": 1}
    with shop.database.change() as session:
        row = AfterSaleCase(
            number="A1", customer_id=order.customer_id, order_id=order.id, order_line_id=line.id, **facts
        )
        session.add(row)
    report = orders(shop, files, ORDERS)
    assert [one.error.facts["text"] for one in report.problems][0] == "used_lines"
    assert one(shop, OrderLine, id=line.id).quantity == 3


def test_another_customers_order_is_never_taken_over(shop: Shop, files: Path):
    run(shop, sources(files))
    report = orders(shop, files, ORDERS.replace("0001,C1", "0001,C2"))
    assert [one.column for one in report.problems] == ["order_number"]


def test_a_parcel_shared_by_two_orders_stays_with_the_first(shop: Shop, files: Path):
    run(shop, Sources(files / "p.csv", files / "c.csv"))
    extra = ORDERS.splitlines()[1].replace("0000001,C1", "0000009,C1")
    report = orders(shop, files, ORDERS + extra + "\n")
    assert (report.new, count(shop, Shipment)) == (5, 1)
    assert "包裹" in "".join(report.lines("zh"))


def test_fewer_units_than_open_orders_keep_are_refused(shop: Shop, files: Path):
    run(shop, Sources(files / "p.csv"))
    with shop.database.change() as session:
        shop.stock.reserve(session, one(shop, Sku, code="CUP01").id, 4, "x")
    (files / "p.csv").write_text(PRODUCTS.replace('"1,299",,,5', '"1,299",,,3'), encoding="utf-8")
    report = run(shop, Sources(products=files / "p.csv"))[0]
    assert [(one.column, one.error.facts["reserved"]) for one in report.problems] == [("stock", 4)]


def test_a_changed_price_is_remembered_with_its_day(shop: Shop, files: Path, clock: Clock):
    run(shop, Sources(files / "p.csv"))
    clock.on(days=3)
    (files / "p.csv").write_text(PRODUCTS.replace("¥89.00", "¥79.00"), encoding="utf-8")
    report = run(shop, Sources(products=files / "p.csv"))[0]
    assert (report.changed, report.same) == (1, 2)
    sku = one(shop, Sku, code="TS-W-L")
    assert sku.price_fen == 7900
    assert count(shop, PriceChange, PriceChange.sku_id == sku.id) == 2


def test_an_empty_cell_keeps_what_is_stored(shop: Shop, files: Path):
    run(shop, sources(files))
    (files / "c.csv").write_text("会员编号,手机号,会员等级\nC1,,\n", encoding="utf-8")
    report = run(shop, Sources(customers=files / "c.csv"))[0]
    assert (report.changed, report.same) == (0, 1)
    customer = one(shop, Customer, code="C1")
    assert (shop.cipher.open(customer.phone_sealed), customer.level) == ("13800001234", 2)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("TS001,TS-W-L,又来,服装,,1,,,,,", "sku_code"),
        ("OTHER,TS-W-L,别的,服装,,1,,,,,", "sku_code"),
        ("X1,,名字,服装//T恤,,1,,,,,", "category"),
        ("X1,,名字,服装,,1,,,,,../../etc/passwd", "picture"),
        ("X1,,,服装,,1,,,,,", "name"),
        ("X1,,名字,服装,,1,,,,只有名,", "attributes"),
        (f"X1,,{'长' * 201},服装,,1,,,,,", "name"),
        ("X1,,名字,服装", ""),
        (",".join(["X1"] * 10_000), ""),
    ],
)
def test_a_product_row_that_cannot_be_taken_is_refused(shop: Shop, files: Path, row: str, column: str):
    (files / "p.csv").write_text(PRODUCTS + row + "\n", encoding="utf-8")
    report = run(shop, Sources(products=files / "p.csv"))[0]
    assert ([one.column for one in report.problems], report.new) == ([column], 3)


def test_formulas_and_scripts_are_stored_as_plain_text(shop: Shop, files: Path):
    evil = 'X1,,"=HYPERLINK(""http://x"")<script>alert(1)</script>\'; DROP TABLE product;--",服装,,1,,,,,\n'
    (files / "p.csv").write_text(PRODUCTS + evil, encoding="utf-8")
    run(shop, Sources(products=files / "p.csv"))
    assert one(shop, Product, code="X1").name.startswith("=HYPERLINK")
    assert count(shop, Product) == 3


def test_a_file_that_breaks_midway_leaves_nothing_behind(shop: Shop, files: Path):
    class Broken(type(shop.cipher)):  # type: ignore[misc]
        def seal_json(self, value: Any) -> str:
            raise RuntimeError("the power went out")

    run(shop, Sources(files / "p.csv", files / "c.csv"))
    before = everything(shop)
    broken = Shop(shop.settings, shop.database, Broken("a secret for tests only"), shop.clock)
    with pytest.raises(RuntimeError):
        run(broken, Sources(orders=files / "o.csv"))
    assert everything(shop) == before


def test_pictures_are_cleaned_named_by_the_file_or_by_the_product(shop: Shop, files: Path):
    (files / "pictures" / "CUP01_3.jpg").write_bytes(b"no picture at all")
    reports = run(shop, sources(files))
    with shop.database.read() as session:
        query = select(Product.code, Picture.position, Picture.path).join(Product, Product.id == Picture.product_id)
        found = {(code, position): path for code, position, path in session.execute(query)}
    assert sorted(found) == [("CUP01", 0), ("CUP01", 1), ("TS001", 0)]
    stored = (shop.settings.data_dir / "pictures" / found[("TS001", 0)]).read_bytes()
    assert Image.open(io.BytesIO(stored)).format == "JPEG"
    assert "CUP01_3.jpg" in "".join(reports[4].lines("zh"))
    assert any("1 个文件不属于任何商品" in line for line in reports[4].lines("zh"))


def test_a_gb18030_file_of_semicolons_gives_the_same_shop(shop: Shop, files: Path):
    text = "\n".join(";".join(row) for row in csv.reader(CUSTOMERS.splitlines())) + "\n"
    (files / "c.csv").write_bytes(text.encode("gb18030"))
    report = run(shop, Sources(customers=files / "c.csv"))[0]
    assert (report.new, report.refused) == (2, 0)
    assert shop.cipher.open(one(shop, Customer, code="C1").name_sealed) == "王小明"


def test_a_report_shows_no_whole_phone_number(shop: Shop, files: Path):
    (files / "c.csv").write_text("会员编号,手机号\nC1,13811112222 13800001235\n", encoding="utf-8")
    lines = run(shop, Sources(customers=files / "c.csv"))[0].lines("zh")
    assert "13811112222" not in "".join(lines)


def test_the_page_of_columns_is_the_one_in_the_data_folder():
    page = (ROOT / "data" / "shop" / "import-columns.md").read_text(encoding="utf-8")
    assert page == columns_page(), "python -m shop.importer --columns > data/shop/import-columns.md"
