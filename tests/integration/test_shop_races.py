"""Two requests at the same moment, on both databases: one wins, and the rows add up."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, Callable

from shop.errors import CannotCancel, ShopError, WrongState
from shop.front import Shop
from shop.models import (
    AfterSaleCase,
    Coupon,
    CustomerCoupon,
    IdempotencyKey,
    OrderChange,
    Payment,
    Stock,
    StockMovement,
)
from shop.states import OrderState
from tests.builders import Builder

ROUNDS = 8


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run all calls in threads that start together; each result, or the ShopError it raised."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(at: int) -> None:
        barrier.wait()
        try:
            results[at] = calls[at]()
        except ShopError as error:
            results[at] = error
        except Exception as error:  # noqa: BLE001 - shown by the assertions
            results[at] = AssertionError(f"an error of no kind: {error!r}")

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def _kinds(results: list[Any]) -> Counter[str]:
    return Counter(type(one).__name__ for one in results)


def _rows(shop: Shop, model: Any, **where: Any) -> list[Any]:
    with shop.database.read() as session:
        return list(session.query(model).filter_by(**where).order_by(*model.__table__.primary_key))


def test_an_order_is_either_cancelled_or_shipped(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product(stock=ROUNDS).skus[0]
    shipped = 0
    for at in range(ROUNDS):
        order = build.order(customer, sku)
        parcel = {"courier": "顺丰速运", "tracking_number": f"SF{at}"}

        def ship(number: str = order.number, parcel: dict[str, str] = parcel) -> str:
            shop.orders.advance(number, OrderState.SHIPPED, by="shop", **parcel)
            return "shipped"

        cancelled, sent = at_once(lambda n=order.number: shop.orders.cancel(customer.id, n, "unwanted", key="k"), ship)
        view = shop.orders.get(customer.id, order.number)
        refunded = _rows(shop, Payment, order_id=order.id)[0].refunded_fen
        if sent == "shipped":
            shipped += 1
            assert isinstance(cancelled, CannotCancel)
            assert (view.state, len(view.shipments), refunded) == (OrderState.SHIPPED, 1, 0)
        else:
            assert isinstance(sent, WrongState)
            assert (view.state, len(view.shipments), refunded) == (OrderState.CANCELLED, 0, order.total_fen)
    stock = _rows(shop, Stock)[0]
    assert (stock.on_hand, stock.reserved) == (ROUNDS - shipped, 0)


def test_the_last_unit_is_sold_once(shop: Shop, build: Builder) -> None:
    for at in range(ROUNDS):
        sku = build.product(stock=1).skus[0]

        def buy(who: int, sku: Any = sku, at: int = at) -> str:
            with shop.database.change() as session:
                shop.stock.reserve(session, sku.id, 1, f"{at}-{who}")
            return "bought"

        results = at_once(lambda: buy(1), lambda: buy(2))
        assert sorted(map(str, [one if one == "bought" else type(one).__name__ for one in results])) == [
            "OutOfStock", "bought",
        ]  # fmt: skip
        assert _rows(shop, Stock, sku_id=sku.id)[0].reserved == 1
    assert len(_rows(shop, StockMovement)) == ROUNDS


def test_two_admins_who_demote_each_other_leave_one(shop: Shop) -> None:
    one, other = (shop.agents.add(login, login, "correct horse", "admin").id for login in ("one", "other"))
    for _ in range(ROUNDS):
        results = at_once(
            lambda: shop.agents.change(one, role="agent"), lambda: shop.agents.change(other, role="agent")
        )
        assert _kinds(results) == {"AgentView": 1, "LastAdmin": 1}
        for agent_id in (one, other):
            shop.agents.change(agent_id, role="admin")


def test_two_orders_that_grow_into_the_last_units_do_not_both_get_them(shop: Shop, build: Builder) -> None:
    sku = build.product(stock=5).skus[0]
    orders = [build.order(build.customer(), sku, state=OrderState.PENDING_PAYMENT) for _ in range(2)]

    def grow(order: Any) -> Any:
        return shop.orders.modify_line(order.customer_id, order.number, order.lines[0].id, quantity=4, key="k")

    results = at_once(*(lambda order=order: grow(order) for order in orders))
    assert _kinds(results) == {"ModifyResult": 1, "OutOfStock": 1}
    assert _rows(shop, Stock)[0].reserved == 5


def test_orders_that_swap_skus_both_ways_never_block_each_other(shop: Shop, build: Builder) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "M")], stock=50)
    orders = [build.order(build.customer(), product.skus[at % 2], state=OrderState.PENDING_PAYMENT) for at in range(6)]

    def swap(at: int) -> None:
        order, colors = orders[at], ["黑色", "红色"] if at % 2 == 0 else ["红色", "黑色"]
        for turn in range(ROUNDS):
            shop.orders.modify_line(
                order.customer_id, order.number, order.lines[0].id, color=colors[turn % 2], key=f"{at}-{turn}"
            )

    assert at_once(*(lambda at=at: swap(at) for at in range(6))) == [None] * 6
    assert sum(row.reserved for row in _rows(shop, Stock)) == 6


def test_the_same_key_twice_at_once_changes_once_and_answers_the_same(shop: Shop, build: Builder) -> None:
    customer, sku = build.customer(), build.product(stock=ROUNDS).skus[0]
    for _ in range(ROUNDS):
        order = build.order(customer, sku)
        results = at_once(*[lambda n=order.number: shop.orders.cancel(customer.id, n, "unwanted", key="k")] * 3)
        assert results[0] == results[1] == results[2]
        assert results[0].refund_fen == order.total_fen
        assert len(_rows(shop, OrderChange, order_id=order.id, kind="cancel")) == 1
    assert len(_rows(shop, IdempotencyKey)) == ROUNDS
    assert _rows(shop, Stock)[0].reserved == 0


def test_two_keys_at_once_cancel_once_and_refund_once(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    results = at_once(
        *(lambda key=key: shop.orders.cancel(order.customer_id, order.number, "unwanted", key=key) for key in "abcd")
    )
    assert _kinds(results) == {"CancelResult": 1, "CannotCancel": 3}
    assert [row.refunded_fen for row in _rows(shop, Payment)] == [order.total_fen]


def test_no_more_coupons_are_claimed_than_there_are(shop: Shop, build: Builder) -> None:
    coupon = build.coupon(code="few", total=3)
    customers = [build.customer() for _ in range(8)]
    results = at_once(*(lambda who=who: shop.membership.claim(who.id, code="few", key="k") for who in customers))
    assert _kinds(results) == {"list": 3, "OutOfStock": 5}
    assert _rows(shop, Coupon)[0].claimed == len(_rows(shop, CustomerCoupon, coupon_id=coupon.id)) == 3


def test_a_customer_who_claims_twice_at_once_holds_it_once(shop: Shop, build: Builder) -> None:
    customer = build.customer()
    for at in range(ROUNDS):
        build.coupon(code=f"c{at}")
        keys = (f"{at}a", f"{at}b")
        results = at_once(*(lambda key=key: shop.membership.claim(customer.id, key=key) for key in keys))
        assert sorted(map(len, results)) == [0, 1]
    assert [row.claimed for row in _rows(shop, Coupon)] == [1] * ROUNDS


def test_a_line_gets_one_case_however_many_ask_at_once(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=OrderState.DELIVERED)
    results = at_once(
        *(
            lambda key=key: shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key=key)
            for key in "abc"
        )
    )
    assert _kinds(results) == {"CaseView": 1, "AlreadyOpen": 2}
    assert len(_rows(shop, AfterSaleCase)) == 1


def test_an_order_gets_one_invoice_however_many_ask_at_once(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    results = at_once(
        *(
            lambda key=key: shop.invoices.request(order.customer_id, order.number, "personal", "王", key=key)
            for key in "abc"
        )
    )
    assert _kinds(results) == {"InvoiceView": 1, "AlreadyOpen": 2}


def test_an_agent_and_a_customer_do_not_both_move_a_case(shop: Shop, build: Builder) -> None:
    for at in range(ROUNDS):
        order = build.order(build.customer(), build.product().skus[0], state=OrderState.DELIVERED)
        case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="k")
        shop.aftersale.step(case.number, "approved", "agent")
        results = at_once(
            lambda c=case, o=order: shop.aftersale.withdraw(o.customer_id, c.number, key="w"),
            lambda c=case: shop.aftersale.step(c.number, "done", "agent"),
        )
        assert _kinds(results) == {"CaseView": 1, "WrongState": 1}, at
        done = isinstance(results[0], WrongState)
        refunded = _rows(shop, Payment, order_id=order.id)[0].refunded_fen
        assert refunded == (order.total_fen if done else 0)
