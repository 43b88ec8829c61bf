"""Whatever is asked in whatever sequence, the shop's books stay right."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func

from shop.database import Database
from shop.errors import ShopError
from shop.front import Shop
from shop.models import AfterSaleCase, Order, Payment, Stock
from shop.privacy import Cipher
from shop.settings import Settings
from shop.states import CaseState, OrderState
from tests.builders import Builder
from tests.conftest import SECRET, Clock

KEYS = some.sampled_from(["k1", "k2", "k3"])
STEPS = some.one_of(
    some.tuples(some.just("cancel"), KEYS),
    some.tuples(some.just("modify"), KEYS, some.sampled_from(["红色", "黑色", None]), some.integers(1, 4)),
    some.tuples(some.just("advance"), some.sampled_from(OrderState)),
    some.tuples(some.just("case"), KEYS, some.sampled_from(["return", "refund", "exchange"]), some.integers(1, 3)),
    some.tuples(some.just("step"), some.sampled_from(CaseState)),
    some.tuples(some.just("later"), some.integers(1, 5)),
)
WALKS = some.lists(some.tuples(some.integers(0, 1), STEPS), min_size=3, max_size=14)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(walk=WALKS)
def test_units_and_money_add_up_after_any_sequence_of_requests(sqlite_template: Path, walk: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, f"{folder}/shop.db")
        database, clock = Database(f"sqlite:///{folder}/shop.db"), Clock()
        shop = Shop(Settings(data_dir=Path(folder), secret_key=SECRET), database, Cipher(SECRET), clock)
        build = Builder(shop)
        product = build.product(options=[("红色", "M"), ("黑色", "M")], price_fen=[9999, 7001], stock=6)
        orders = [
            build.order(build.customer(), product.skus[0], state=state, quantity=2, discount_fen=333, shipping_fen=1000)
            for state in (OrderState.PAID, OrderState.PENDING_PAYMENT)
        ]
        for at, step in walk:
            _take(shop, clock, orders[at], *step)
            _check_books(shop)
        database.dispose()


def _take(shop: Shop, clock: Clock, order: Any, what: str, *how: Any) -> None:
    who, number, line = order.customer_id, order.number, order.lines[0].id
    try:
        if what == "cancel":
            shop.orders.cancel(who, number, "unwanted", key=how[0])
        elif what == "modify":
            shop.orders.modify_line(who, number, line, color=how[1], quantity=how[2], key=how[0])
        elif what == "advance":
            shop.orders.advance(
                number, how[0], by="shop",
                **({"courier": "顺丰速运", "tracking_number": number} if how[0] is OrderState.SHIPPED else {}),
            )  # fmt: skip
        elif what == "case":
            shop.aftersale.open(who, number, how[1], "unwanted", quantity=how[2], key=how[0])
        elif what == "step":
            for case in shop.aftersale.list(who, order_number=number)[:1]:
                shop.aftersale.step(case.number, how[0], "agent")
        else:
            clock.on(days=how[0])
    except ShopError:
        pass  # refused: then nothing may have changed, which the books show


def _check_books(shop: Shop) -> None:
    with shop.database.read() as session:
        waiting = [OrderState.PENDING_PAYMENT.value, OrderState.PAID.value]
        orders = session.query(Order).all()
        wanted = sum(line.quantity for order in orders if order.state in waiting for line in order.lines)
        left = sum(line.quantity for order in orders if order.shipped_at for line in order.lines)
        back = session.query(func.coalesce(func.sum(AfterSaleCase.quantity), 0)).filter(
            AfterSaleCase.id.in_(_received(session))
        )
        on_hand, reserved = session.query(func.sum(Stock.on_hand), func.sum(Stock.reserved)).one()
        assert reserved == wanted
        assert on_hand == 12 - left + back.scalar()
        for order in orders:
            assert order.total_fen == order.goods_fen - order.discount_fen + order.shipping_fen
            assert order.goods_fen == sum(line.quantity * line.price_fen for line in order.lines)
            payments = session.query(Payment).filter_by(order_id=order.id).all()
            kept = sum(one.amount_fen - one.refunded_fen for one in payments)
            done = session.query(AfterSaleCase).filter_by(order_id=order.id, state="done").all()
            given_back = sum(case.amount_fen for case in done if case.kind in ("return", "refund"))
            if order.state == OrderState.CANCELLED.value or not order.paid_at:
                assert kept == 0
            else:
                assert kept == order.total_fen - given_back
            assert sum(case.quantity for case in done if case.kind == "return") <= 4


def _received(session: Any) -> list[int]:
    from shop.models import CaseEvent

    return [row.case_id for row in session.query(CaseEvent).filter_by(state="goods_received")]
