"""Changing a customer's orders: each rule, and that only the rows meant change."""

from __future__ import annotations

from typing import Any

import pytest

from shop.entities import NewAddress
from shop.errors import (
    BadAddress,
    BadQuantity,
    BadValue,
    CannotCancel,
    CannotChange,
    NotFound,
    OrderNotFound,
    OutOfStock,
    WrongState,
)
from shop.front import Shop
from shop.models import Base, Customer, CustomerCoupon, Invoice, Order, OrderChange, Payment, Stock
from shop.states import OrderState
from tests.builders import Builder
from tests.conftest import Clock

TOO_LATE = [OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED, OrderState.CANCELLED]


def _all(shop: Shop, model: Any, **where: Any) -> list[Any]:
    with shop.database.read() as session:
        return list(session.query(model).filter_by(**where).order_by(model.id))


def _reserved(shop: Shop) -> list[int]:
    return [row.reserved for row in _all(shop, Stock)]


def _snapshot(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    with shop.database.read() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


# Cancelling


def test_a_pending_order_is_cancelled_at_once_and_its_units_are_free_again(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=OrderState.PENDING_PAYMENT)
    result = shop.orders.cancel(order.customer_id, order.number, "unwanted", key="k")
    assert (result.refund_fen, result.order.state) == (0, OrderState.CANCELLED)
    assert (result.order.cancel_reason, result.order.cancelled_at, result.order.can) == (
        "unwanted", shop.clock(), frozenset(),
    )  # fmt: skip
    assert _reserved(shop) == [0]


def test_a_paid_order_can_be_cancelled_before_it_ships_and_the_money_goes_back(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红", "M"), ("黑", "M")])
    order = build.order(build.customer(), *product.skus, quantity=2)
    result = shop.orders.cancel(order.customer_id, order.number, "unwanted", key="k")
    assert result.refund_fen == order.total_fen
    assert [(row.refunded_fen, row.amount_fen) for row in _all(shop, Payment)] == [(order.total_fen, order.total_fen)]
    assert _reserved(shop) == [0, 0]
    assert [row.kind for row in _all(shop, OrderChange)] == ["cancel"]


@pytest.mark.parametrize("state", TOO_LATE)
def test_what_has_left_or_is_cancelled_cannot_be_cancelled(shop: Shop, build: Builder, state: OrderState) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=state)
    before = _snapshot(shop)
    with pytest.raises(CannotCancel) as caught:
        shop.orders.cancel(order.customer_id, order.number, "unwanted", key="k")
    assert caught.value.facts["state"] == state.value
    assert _snapshot(shop) == before


def test_cancelling_changes_no_row_of_any_other_order(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    mine, other = build.order(customer, sku, quantity=2), build.order(customer, sku, quantity=3)
    before = shop.orders.get(customer.id, other.number)
    shop.orders.cancel(customer.id, mine.number, "unwanted", key="k")
    assert shop.orders.get(customer.id, other.number) == before
    assert [row.refunded_fen for row in _all(shop, Payment, order_id=other.id)] == [0]
    assert _reserved(shop) == [3]


def test_a_balance_payment_goes_back_to_the_balance(shop: Shop, build: Builder) -> None:
    customer = build.customer(balance_fen=500)
    order = build.order(customer, build.product(price_fen=10000).skus[0], method="balance")
    shop.orders.cancel(customer.id, order.number, "unwanted", key="k")
    assert [row.balance_fen for row in _all(shop, Customer)] == [10500]


def test_cancelling_gives_the_coupon_back_and_voids_a_requested_invoice_only(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    order, coupon = build.order(customer, sku), build.coupon()
    used = {"coupon_id": coupon.id, "used_at": shop.clock(), "order_id": order.id}
    build.add(CustomerCoupon(customer_id=customer.id, **used))
    for state in ("issued", "requested"):
        build.add(Invoice(order_id=order.id, kind="personal", title_sealed="x", amount_fen=1, state=state))
    shop.orders.cancel(customer.id, order.number, "unwanted", key="k")
    assert [(row.used_at, row.order_id) for row in _all(shop, CustomerCoupon)] == [(None, None)]
    assert [row.state for row in _all(shop, Invoice)] == ["issued", "void"]


def test_the_same_key_cancels_once_and_answers_the_same(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    first = shop.orders.cancel(order.customer_id, order.number, "unwanted", key="k")
    before = _snapshot(shop)
    assert shop.orders.cancel(order.customer_id, f" {order.number} ", "other words", key="k") == first
    assert _snapshot(shop) == before
    with pytest.raises(CannotCancel):
        shop.orders.cancel(order.customer_id, order.number, "unwanted", key="another key")


# Address


def test_an_address_is_changed_and_name_and_phone_stay(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    new = NewAddress("广东省", "广州市", "天河区", "体育西路 5 号")
    view = shop.orders.change_address(order.customer_id, order.number, new, key="k")
    assert (view.receiver.province, view.receiver.city, view.receiver.district) == ("广东省", "广州市", "天河区")
    assert (view.receiver.name, view.receiver.phone) == ("王**", "138****5678")
    stored = _all(shop, Order)[0]
    assert shop.cipher.open_json(stored.receiver_sealed) == {
        "name": "王小明", "phone": "13812345678", "street": "体育西路 5 号",
    }  # fmt: skip
    assert "体育西路" not in repr(stored.receiver_sealed)


def test_a_new_person_and_phone_may_come_with_the_address(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    new = NewAddress("广东省", "广州市", "天河区", "体育西路5号", full_name="李雷", full_phone="+86 139-8765-4321")
    view = shop.orders.change_address(order.customer_id, order.number, new, key="k")
    assert (view.receiver.name, view.receiver.phone) == ("李*", "139****4321")


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        (("", "广州市", "天河区", "路1号"), ["province"]),
        (("广东省", " ", "天河区", "\x00"), ["city", "street"]),
        (("广东省", "广州市", "", "路1号"), ["district"]),
    ],
)
def test_an_address_that_lacks_a_part_is_refused_by_name(
    shop: Shop, build: Builder, parts: tuple[str, str, str, str], missing: list[str]
) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    with pytest.raises(BadAddress) as caught:
        shop.orders.change_address(order.customer_id, order.number, NewAddress(*parts), key="k")
    assert caught.value.facts["missing"] == missing


@pytest.mark.parametrize("phone", ["123", "abc", "1" * 40])
def test_a_phone_that_is_none_is_refused_and_not_repeated(shop: Shop, build: Builder, phone: str) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    new = NewAddress("广东省", "广州市", "天河区", "路1号", full_phone=phone)
    with pytest.raises(BadAddress) as caught:
        shop.orders.change_address(order.customer_id, order.number, new, key="k")
    assert phone not in str(caught.value)


# Lines


def _bought(build: Builder, state: OrderState = OrderState.PAID, **order: Any) -> Any:
    options = [("红色", "M"), ("红色", "L"), ("黑色", "M"), ("白色", "M")]
    product = build.product(options=options, price_fen=[10000, 12000, 8000, 10000], stock=[10, 10, 10, 0])
    return build.order(build.customer(), product.skus[0], state=state, **order)


def _modify(shop: Shop, order: Any, key: str = "k", **wish: Any) -> Any:
    return shop.orders.modify_line(order.customer_id, order.number, order.lines[0].id, key=key, **wish)


def test_a_pending_order_may_take_a_dearer_size_and_pays_the_difference(shop: Shop, build: Builder) -> None:
    order = _bought(build, OrderState.PENDING_PAYMENT)
    result = _modify(shop, order, size="L")
    assert (result.difference_fen, result.order.total_fen, result.order.lines[0].spec) == (2000, 12000, "红色 L")
    assert _reserved(shop) == [0, 1, 0, 0]


def test_a_paid_order_takes_a_cheaper_colour_and_gets_the_difference_back(shop: Shop, build: Builder) -> None:
    order = _bought(build, quantity=2)
    result = _modify(shop, order, color="黑色")
    assert (result.difference_fen, result.order.total_fen, result.order.lines[0].spec) == (-4000, 16000, "黑色 M")
    assert [row.refunded_fen for row in _all(shop, Payment)] == [4000]
    assert _reserved(shop) == [0, 0, 2, 0]


@pytest.mark.parametrize("wish", [{"size": "L"}, {"quantity": 2}])
def test_a_paid_order_cannot_become_dearer(shop: Shop, build: Builder, wish: dict[str, Any]) -> None:
    order = _bought(build)
    before = _snapshot(shop)
    with pytest.raises(CannotChange) as caught:
        _modify(shop, order, **wish)
    assert caught.value.facts["why"] == "price"
    assert _snapshot(shop) == before


def test_a_smaller_quantity_frees_units_and_a_larger_one_takes_more(shop: Shop, build: Builder) -> None:
    order = _bought(build, OrderState.PENDING_PAYMENT, quantity=3)
    assert _modify(shop, order, "a", quantity=1).difference_fen == -20000
    assert _reserved(shop) == [1, 0, 0, 0]
    assert _modify(shop, order, "b", quantity=10).order.lines[0].quantity == 10
    assert _reserved(shop) == [10, 0, 0, 0]


@pytest.mark.parametrize(("wish", "available"), [({"color": "白色"}, 0), ({"quantity": 12}, 9), ({"color": "绿色"}, 0)])
def test_what_is_not_there_is_refused_and_the_order_keeps_its_units(
    shop: Shop, build: Builder, wish: dict[str, Any], available: int
) -> None:
    order = _bought(build, OrderState.PENDING_PAYMENT)
    before = _snapshot(shop)
    with pytest.raises(OutOfStock) as caught:
        _modify(shop, order, **wish)
    assert caught.value.facts["available"] == available
    assert _snapshot(shop) == before


def test_a_size_is_never_taken_in_another_colour_than_the_ordered_one(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "L")])
    order = build.order(build.customer(), product.skus[0], state=OrderState.PENDING_PAYMENT)
    with pytest.raises(OutOfStock) as caught:
        _modify(shop, order, size="L")
    assert caught.value.facts["specs"] == ["红色 M", "黑色 L"]


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**12, True, "2", 1.5])
def test_a_quantity_that_is_none_is_refused(shop: Shop, build: Builder, quantity: Any) -> None:
    with pytest.raises(BadQuantity):
        _modify(shop, _bought(build), quantity=quantity)


def test_a_wish_for_what_is_ordered_already_changes_nothing(shop: Shop, build: Builder) -> None:
    order = _bought(build)
    result = _modify(shop, order, color="红", size="M", quantity=1)
    assert result.difference_fen == 0
    assert _all(shop, OrderChange) == []


def test_a_line_of_another_order_is_not_found(shop: Shop, build: Builder) -> None:
    mine, other = _bought(build), _bought(build)
    with pytest.raises(NotFound):
        shop.orders.modify_line(mine.customer_id, mine.number, other.lines[0].id, quantity=2, key="k")


def test_a_changed_total_reaches_the_invoice_that_waits(shop: Shop, build: Builder) -> None:
    order = _bought(build)
    shop.invoices.request(order.customer_id, order.number, "personal", "王小明", key="i")
    _modify(shop, order, color="黑色")
    assert [row.amount_fen for row in _all(shop, Invoice)] == [8000]


# Notes, days, urges


def test_notes_are_appended_and_sealed_up_to_the_limit(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    shop.orders.add_note(order.customer_id, order.number, "请放门口", key="a")
    view = shop.orders.add_note(order.customer_id, order.number, " 不要\n按门铃 ", key="b")
    assert view.note == "请放门口\n不要 按门铃"
    assert "门口" not in _all(shop, Order)[0].note_sealed
    for note, key in (("", "c"), ("长" * 190, "d")):
        with pytest.raises(BadValue) as caught:
            shop.orders.add_note(order.customer_id, order.number, note, key=key)
    assert caught.value.facts["left"] == 200 - len("请放门口\n不要 按门铃") - 1
    left = caught.value.facts["left"]
    assert len(shop.orders.add_note(order.customer_id, order.number, "长" * left, key="e").note or "") == 200


def test_a_phone_in_a_wished_time_is_masked(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    view = shop.orders.schedule(order.customer_id, order.number, "周六下午，到了打13912345678", key="k")
    assert view.deliver_on == "周六下午，到了打139****5678"


def test_the_wished_day_is_kept(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    view = shop.orders.schedule(order.customer_id, order.number, " 2025-03-15 上午", key="k")
    assert view.deliver_on == "2025-03-15 上午"
    with pytest.raises(BadValue):
        shop.orders.schedule(order.customer_id, order.number, "  ", key="k2")


@pytest.mark.parametrize("state", TOO_LATE)
def test_nothing_about_an_order_changes_once_it_has_left(shop: Shop, build: Builder, state: OrderState) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=state)
    who, number, before = order.customer_id, order.number, _snapshot(shop)
    changes = (
        lambda: shop.orders.change_address(who, number, NewAddress("a", "b", "c", "d"), key="k"),
        lambda: _modify(shop, order, quantity=2),
        lambda: shop.orders.add_note(who, number, "快", key="k"),
        lambda: shop.orders.schedule(who, number, "明天", key="k"),
    )
    for change in changes:
        with pytest.raises(CannotChange) as caught:
            change()
        assert caught.value.facts["state"] == state.value
    assert _snapshot(shop) == before


def test_an_urge_is_passed_on_once_a_day(shop: Shop, build: Builder, clock: Clock) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    said = []
    for key, hours in (("a", 0), ("b", 1), ("c", 24)):
        clock.on(hours=hours)
        said.append(shop.orders.urge(order.customer_id, order.number, key=key).again)
    assert said == [False, True, False]
    assert [row.kind for row in _all(shop, OrderChange)] == ["urge", "urge"]


def test_the_same_key_does_not_urge_again(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    answers = [shop.orders.urge(order.customer_id, order.number, key="k").again for _ in range(2)]
    assert answers == [False, False]


@pytest.mark.parametrize(
    ("state", "urge", "investigate"),
    [
        (OrderState.PENDING_PAYMENT, False, False),
        (OrderState.PAID, True, False),
        (OrderState.SHIPPED, True, True),
        (OrderState.DELIVERED, False, True),
        (OrderState.COMPLETED, False, True),
        (OrderState.CANCELLED, False, False),
    ],
)
def test_urging_and_looking_for_a_parcel_have_their_states(
    shop: Shop, build: Builder, state: OrderState, urge: bool, investigate: bool
) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=state)
    for ask, allowed in ((shop.orders.urge, urge), (shop.orders.investigate, investigate)):
        if allowed:
            assert not ask(order.customer_id, order.number, key="k").again
        else:
            with pytest.raises(CannotChange):
                ask(order.customer_id, order.number, key="k")
    assert len(_all(shop, OrderChange)) == urge + investigate


# The shop's own steps


def test_an_order_walks_from_payment_to_completion_with_all_its_rows(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=OrderState.PENDING_PAYMENT, quantity=2)
    shop.orders.advance(order.number, OrderState.PAID, by="shop", method="alipay")
    shop.orders.advance(order.number, OrderState.SHIPPED, by="shop", courier="顺丰速运", tracking_number="SF1")
    shop.orders.advance(order.number, OrderState.DELIVERED, by="courier")
    shop.orders.advance(order.number, OrderState.COMPLETED, by="system")
    view = shop.orders.get(order.customer_id, order.number)
    now = shop.clock()
    assert (view.paid_at, view.shipped_at, view.delivered_at, view.completed_at) == (now, now, now, now)
    assert [(one.tracking_number, one.state.value) for one in view.shipments] == [("SF1", "delivered")]
    assert [(row.on_hand, row.reserved) for row in _all(shop, Stock)] == [(8, 0)]
    assert [row.amount_fen for row in _all(shop, Payment)] == [order.total_fen]
    assert len(_all(shop, OrderChange, kind="state")) == 4


@pytest.mark.parametrize("state", [OrderState.SHIPPED, OrderState.DELIVERED, OrderState.PENDING_PAYMENT])
def test_a_step_that_is_not_allowed_is_refused(shop: Shop, build: Builder, state: OrderState) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=OrderState.CANCELLED)
    with pytest.raises(WrongState):
        shop.orders.advance(order.number, state, by="shop")
    with pytest.raises(OrderNotFound):
        shop.orders.advance("nothing", state, by="shop")


def test_orders_whose_time_to_pay_is_over_are_cancelled_and_no_others(shop: Shop, build: Builder, clock: Clock) -> None:
    customer, sku = build.customer(), build.product().skus[0]
    old = build.order(customer, sku, state=OrderState.PENDING_PAYMENT)
    paid = build.order(customer, sku)
    clock.on(minutes=1)
    new = build.order(customer, sku, state=OrderState.PENDING_PAYMENT, ago=clock() - clock())
    assert shop.orders.expire_unpaid() == 1
    states = {one.number: one.state for one in shop.orders.list(customer.id)}
    assert states == {
        old.number: OrderState.CANCELLED, paid.number: OrderState.PAID, new.number: OrderState.PENDING_PAYMENT,
    }  # fmt: skip
    assert shop.orders.expire_unpaid() == 0
