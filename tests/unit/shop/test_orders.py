"""Reading a customer's orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable

import pytest
from sqlalchemy import event

from shop.entities import NewAddress
from shop.errors import OrderNotFound
from shop.front import Shop
from shop.models import AfterSaleCase, Invoice
from shop.states import OrderState
from tests.builders import Builder
from tests.conftest import Clock

HERE = NewAddress("浙江省", "杭州市", "西湖区", "文三路1号")
EVERY_CALL: dict[str, Callable[[Shop, int, str], Any]] = {
    "get": lambda shop, who, number: shop.orders.get(who, number),
    "cancel": lambda shop, who, number: shop.orders.cancel(who, number, "unwanted", key="k"),
    "address": lambda shop, who, number: shop.orders.change_address(who, number, HERE, key="k"),
    "modify": lambda shop, who, number: shop.orders.modify_line(who, number, 1, quantity=2, key="k"),
    "note": lambda shop, who, number: shop.orders.add_note(who, number, "请放门口", key="k"),
    "schedule": lambda shop, who, number: shop.orders.schedule(who, number, "2025-03-15", key="k"),
    "urge": lambda shop, who, number: shop.orders.urge(who, number, key="k"),
    "investigate": lambda shop, who, number: shop.orders.investigate(who, number, key="k"),
    "offer": lambda shop, who, number: shop.aftersale.offer(who, number, "refund", "unwanted"),
    "open": lambda shop, who, number: shop.aftersale.open(who, number, "refund", "unwanted", key="k"),
    "invoice": lambda shop, who, number: shop.invoices.request(who, number, "personal", "王小明", key="k"),
}


@pytest.mark.parametrize("call", EVERY_CALL)
def test_another_customers_order_reads_exactly_like_an_unknown_one(shop: Shop, build: Builder, call: str) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    stranger = build.customer(phone="13900000000").id
    before = shop.orders.get(order.customer_id, order.number)
    said = []
    for number in (order.number, "2099010100000000"):
        with pytest.raises(OrderNotFound) as caught:
            EVERY_CALL[call](shop, stranger, number)
        said.append((str(caught.value), set(caught.value.facts)))
    assert said[0] == said[1]
    assert shop.orders.get(order.customer_id, order.number) == before


@pytest.mark.parametrize("number", ["", "\x00", "1" * 10_000, "😀", "' OR 1=1 --", "%", "订单"])
def test_nonsense_is_no_order(shop: Shop, build: Builder, number: str) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    with pytest.raises(OrderNotFound):
        shop.orders.get(order.customer_id, number)


def test_a_number_is_read_through_blanks_and_full_width(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    wide = "".join(chr(ord(one) + 0xFEE0) for one in order.number)
    for text in (f" {order.number[:8]} {order.number[8:]}\n", wide):
        assert shop.orders.get(order.customer_id, text).number == order.number


def test_an_order_tells_its_lines_money_receiver_and_deadline(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "L")], price_fen=[10000, 20000])
    order = build.order(build.customer(), *product.skus, quantity=2, discount_fen=500, shipping_fen=1000)
    view = shop.orders.get(order.customer_id, order.number)
    assert [(line.spec, line.quantity, line.price_fen) for line in view.lines] == [
        ("红色 M", 2, 10000),
        ("黑色 L", 2, 20000),
    ]
    assert (view.goods_fen, view.discount_fen, view.shipping_fen, view.total_fen) == (60000, 500, 1000, 60500)
    assert (view.title, view.lines[0].product_code) == (product.name, product.code)
    assert (view.receiver.name, view.receiver.phone) == ("王**", "138****5678")
    assert (view.pay_by, view.ship_by) == (None, order.paid_at + timedelta(hours=48))


def test_no_personal_data_stands_in_an_order_as_it_is_printed(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    printed = repr(shop.orders.get(order.customer_id, order.number))
    assert not any(secret in printed for secret in ("13812345678", "王小明"))


def test_a_parcel_without_a_scan_for_two_days_is_stuck(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    shipped = {"state": OrderState.SHIPPED, "ago": timedelta(days=3)}
    stuck = build.order(customer, sku, stuck=True, **shipped)
    moving = build.order(customer, sku, **shipped)
    assert shop.orders.get(customer.id, stuck.number).shipments[0].stuck
    assert not shop.orders.get(customer.id, moving.number).shipments[0].stuck
    assert shop.orders.get(customer.id, moving.number).shipments[0].events[-1].place == "杭州"


def test_orders_come_newest_first_and_only_the_customers_own(shop: Shop, build: Builder) -> None:
    customer, other, sku = build.customer(), build.customer(), build.product().skus[0]
    numbers = [build.order(customer, sku, ago=timedelta(days=days)).number for days in (3, 1, 2)]
    build.order(other, sku)
    assert [one.number for one in shop.orders.list(customer.id)] == [numbers[1], numbers[2], numbers[0]]
    assert [one.number for one in shop.orders.list(customer.id, limit=1)] == [numbers[1]]


def test_orders_are_filtered_by_state_and_by_time_with_the_end_left_out(
    shop: Shop, build: Builder, clock: Clock
) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    paid = build.order(customer, sku, ago=timedelta(days=2))
    gone = build.order(customer, sku, ago=timedelta(days=1), state=OrderState.CANCELLED)
    assert [one.number for one in shop.orders.list(customer.id, states=["paid"])] == [paid.number]
    assert [one.number for one in shop.orders.list(customer.id, states=[OrderState.CANCELLED])] == [gone.number]
    assert shop.orders.list(customer.id, states=[]) == []
    since, until = clock() - timedelta(days=2), clock() - timedelta(days=1)
    assert [one.number for one in shop.orders.list(customer.id, since=since, until=until)] == [paid.number]


@pytest.mark.parametrize(
    ("words", "found"),
    zip(
        ("连衣裙", "那件红色的裙子", "衣服", "屿客手机", "手机", "Yuke", "冰箱", "  "),
        ([0], [0], [0], [1], [1], [1], [], [0, 1]),
        strict=True,
    ),
)
def test_orders_are_found_by_what_was_bought(shop: Shop, build: Builder, words: str, found: list[int]) -> None:
    customer = build.customer()
    clothes = build.category("服饰", ["衣服"])
    dress = build.product(category=build.category("连衣裙", ["裙子"], above=clothes))
    phone = build.product("Note 12", category=build.category("手机"), brand=build.brand("屿客", ["Yuke"]))
    numbers = [build.order(customer, dress.skus[0]).number, build.order(customer, phone.skus[0]).number]
    assert {one.number for one in shop.orders.list(customer.id, words=words)} == {numbers[at] for at in found}


def test_what_may_be_done_is_narrowed_by_an_open_case_and_an_invoice(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=OrderState.DELIVERED)
    assert shop.orders.get(order.customer_id, order.number).can == {"return", "exchange", "refund", "invoice"}
    build.add(Invoice(order_id=order.id, kind="personal", title_sealed=shop.cipher.seal("王"), amount_fen=1))
    case = {"customer_id": order.customer_id, "order_id": order.id, "order_line_id": order.lines[0].id}
    build.add(AfterSaleCase(number="AS00000000000001", kind="return", reason="unwanted", state="approved", **case))
    assert shop.orders.get(order.customer_id, order.number).can == set()


def test_a_longer_list_asks_the_database_no_more_often(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    for state in OrderState:
        build.order(customer, sku, state=state)
    asked: list[str] = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for limit in (1, 6):
        asked.clear()
        assert len(shop.orders.list(customer.id, limit=limit)) == limit
        counts.append(len([one for one in asked if one.lstrip().upper().startswith("SELECT")]))
    assert counts[0] <= counts[1] <= 8
    assert counts[1] - counts[0] <= 1  # the scans of parcels, of which the newest order has none


def test_spending_counts_paid_orders_less_what_went_back(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product(price_fen=10000).skus[0]
    assert (shop.orders.spend(customer.id).orders, shop.orders.spend(customer.id).priciest) == (0, None)
    for state in (OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.PAID):
        build.order(customer, sku, state=state)
    dear = build.order(customer, sku, state=OrderState.COMPLETED, quantity=3, ago=timedelta(days=2))
    case = shop.aftersale.open(customer.id, dear.number, "return", "unwanted", quantity=1, key="k")
    for step in ("approved", "done"):
        shop.aftersale.step(case.number, step, "agent")
    view = shop.orders.spend(customer.id)
    assert (view.orders, view.total_fen, view.average_fen) == (2, 30000, 15000)
    assert view.priciest is not None
    assert view.priciest.number == dear.number
    late = shop.orders.spend(customer.id, since=shop.clock() - timedelta(days=1))
    assert (late.orders, late.total_fen) == (1, 10000)
