"""After-sale cases: what is offered, opened, stepped and paid back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shop.errors import AlreadyOpen, BadQuantity, CannotReturn, CaseNotFound, NotFound, OutOfStock, WrongState
from shop.front import Shop
from shop.models import AfterSaleCase, CaseEvent, CaseProof, Invoice, Order, Payment, Stock, StockMovement, Upload
from shop.states import CaseKind, CaseReason, CaseState, OrderState
from tests.builders import Builder
from tests.conftest import Clock

DELIVERED = OrderState.DELIVERED


def _all(shop: Shop, model: Any) -> list[Any]:
    with shop.database.read() as session:
        return list(session.query(model).order_by(model.id))


def _order(build: Builder, state: OrderState = DELIVERED, days: float = 1, **columns: Any) -> Any:
    product = build.product(options=[("红色", "M"), ("黑色", "L")], price_fen=[10000, 5000])
    return build.order(build.customer(), *product.skus, state=state, ago=timedelta(days=days), **columns)


def _step(shop: Shop, number: str, *states: str) -> Any:
    for state in states:
        view = shop.aftersale.step(number, state, "agent")
    return view


# Offers


def test_a_return_in_the_window_offers_what_was_paid_for_the_line(shop: Shop, build: Builder) -> None:
    order = _order(build, quantity=2, discount_fen=3000)
    offer = shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted", line_id=order.lines[0].id)
    assert (offer.kind, offer.amount_fen) == (CaseKind.RETURN, 18000)  # 20,000 of 30,000 goods, less 2,000 discount
    assert (offer.line.id, offer.shop_pays_return, offer.needs_person) == (order.lines[0].id, False, False)
    assert offer.until == order.delivered_at + timedelta(days=7)
    one = shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted", quantity=1)
    assert one.amount_fen == 9000


def test_an_offer_changes_nothing(shop: Shop, build: Builder) -> None:
    order = _order(build)
    before = shop.orders.get(order.customer_id, order.number)
    shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted")
    assert shop.orders.get(order.customer_id, order.number) == before
    assert _all(shop, AfterSaleCase) == []


@pytest.mark.parametrize(
    ("state", "days", "kind", "why", "window"),
    [
        (OrderState.PENDING_PAYMENT, 1, "return", "unpaid", None),
        (OrderState.CANCELLED, 1, "refund", "cancelled", None),
        (OrderState.PAID, 1, "return", "not_delivered", None),
        (OrderState.SHIPPED, 1, "refund", "not_delivered", None),
        (OrderState.DELIVERED, 7.01, "return", "window_over", 7),
        (OrderState.COMPLETED, 15.01, "exchange", "window_over", 15),
        (OrderState.COMPLETED, 366, "repair", "window_over", 365),
    ],
)
def test_what_cannot_be_returned_says_why(
    shop: Shop, build: Builder, state: OrderState, days: float, kind: str, why: str, window: int | None
) -> None:
    order = _order(build, state, days)
    for ask in (shop.aftersale.offer, lambda *args: shop.aftersale.open(*args, key="k")):
        with pytest.raises(CannotReturn) as caught:
            ask(order.customer_id, order.number, kind, "quality")
        assert (caught.value.facts["why"], caught.value.facts["days"]) == (why, window)
    assert _all(shop, AfterSaleCase) == []


def test_a_refund_of_delivered_goods_needs_a_fault_or_becomes_a_return(shop: Shop, build: Builder) -> None:
    order = _order(build)
    offers = {
        reason: shop.aftersale.offer(order.customer_id, order.number, "refund", reason)
        for reason in ("quality", "unwanted")
    }
    assert (offers["quality"].kind, offers["quality"].shop_pays_return) == (CaseKind.REFUND, True)
    assert (offers["unwanted"].kind, offers["unwanted"].shop_pays_return) == (CaseKind.RETURN, False)


@pytest.mark.parametrize("kind", ["exchange", "repair", "resend"])
def test_without_a_refund_no_money_is_offered(shop: Shop, build: Builder, kind: str) -> None:
    order = _order(build, days=8)
    offer = shop.aftersale.offer(order.customer_id, order.number, kind, "quality")
    assert (offer.kind.value, offer.amount_fen) == (kind, 0)


def test_a_large_refund_is_checked_by_a_person(shop: Shop, build: Builder) -> None:
    sku = build.product(price_fen=shop.settings.large_refund_fen).skus[0]
    order = build.order(build.customer(), sku, state=DELIVERED)
    assert shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted").needs_person


@pytest.mark.parametrize("quantity", [0, 3, -1, True, "1"])
def test_no_more_goes_back_than_was_bought(shop: Shop, build: Builder, quantity: Any) -> None:
    order = _order(build, quantity=2)
    with pytest.raises(BadQuantity):
        shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted", quantity=quantity)


def test_a_line_that_the_order_does_not_have_is_not_found(shop: Shop, build: Builder) -> None:
    order, other = _order(build), _order(build)
    with pytest.raises(NotFound):
        shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted", line_id=other.lines[0].id)


# Opening


def test_an_opened_case_has_its_number_its_trail_and_sealed_words(shop: Shop, build: Builder) -> None:
    order = _order(build)
    upload = {"sha256": "0" * 64, "sender_id": "s", "width": 1, "height": 1, "bytes": 1, "expires_at": shop.clock()}
    build.add(Upload(id="a" * 32, **upload))
    case = shop.aftersale.open(
        order.customer_id, order.number, "return", "quality",
        line_id=order.lines[1].id, quantity=1, description="拉链坏了", proofs=["a" * 32, "a" * 32], key="k",
    )  # fmt: skip
    assert case.number.startswith("AS")
    assert (len(case.number), case.number[2:].isdigit()) == (16, True)
    assert (case.state, case.reason, case.amount_fen) == (CaseState.SUBMITTED, CaseReason.QUALITY, 5000)
    assert (case.order_number, case.product_name, case.refund_due_at) == (order.number, order.lines[1].name, None)
    stored = _all(shop, AfterSaleCase)[0]
    assert "拉链" not in stored.description_sealed
    assert shop.cipher.open(stored.description_sealed) == "拉链坏了"
    assert [row.upload_id for row in _all(shop, CaseProof)] == ["a" * 32]
    assert [row.state for row in _all(shop, CaseEvent)] == ["submitted"]


def test_a_proof_that_was_never_uploaded_is_refused(shop: Shop, build: Builder) -> None:
    order = _order(build)
    with pytest.raises(NotFound):
        shop.aftersale.open(order.customer_id, order.number, "return", "quality", proofs=["nothing"], key="k")
    assert _all(shop, AfterSaleCase) == []


def test_the_same_key_opens_one_case(shop: Shop, build: Builder) -> None:
    order = _order(build)
    first, again = (
        shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="k") for _ in range(2)
    )
    assert first == again
    assert len(_all(shop, AfterSaleCase)) == 1


def test_a_line_has_one_open_case_and_another_line_may_have_its_own(shop: Shop, build: Builder) -> None:
    order = _order(build)
    who, number, line = order.customer_id, order.number, order.lines[0].id
    case = shop.aftersale.open(who, number, "return", "unwanted", line_id=line, key="a")
    with pytest.raises(AlreadyOpen) as caught:
        shop.aftersale.open(who, number, "exchange", "wrong_size", line_id=line, key="b")
    assert caught.value.facts["number"] == case.number
    assert shop.aftersale.offer(who, number, "return", "unwanted").line.id == order.lines[1].id
    shop.aftersale.withdraw(who, case.number, key="c")
    assert shop.aftersale.offer(who, number, "return", "unwanted").line.id == line


def test_what_went_back_already_cannot_go_back_again(shop: Shop, build: Builder) -> None:
    sku = build.product(price_fen=1000).skus[0]
    order = build.order(build.customer(), sku, state=DELIVERED, quantity=3, discount_fen=1)
    amounts = []
    for key, quantity in (("a", 2), ("b", None)):
        case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", quantity=quantity, key=key)
        _step(shop, case.number, "approved", "done")
        amounts.append((case.quantity, case.amount_fen))
    assert amounts == [(2, 1999), (1, 1000)]  # 2,999 were paid: to the last fen
    with pytest.raises(AlreadyOpen):
        shop.aftersale.offer(order.customer_id, order.number, "return", "unwanted")
    assert [(row.refunded_fen, row.amount_fen) for row in _all(shop, Payment)] == [(2999, 2999)]


@pytest.mark.parametrize(("wanted", "fine"), [("黑色 L", True), ("白色", False), ("XL", False), ("大一码的", True)])
def test_an_exchange_needs_the_wanted_units_and_keeps_other_words(
    shop: Shop, build: Builder, wanted: str, fine: bool
) -> None:
    product = build.product(options=[("红色", "M"), ("黑色", "L"), ("白色", "XL")], stock=[5, 5, 0])
    order = build.order(build.customer(), product.skus[0], state=DELIVERED)

    def ask() -> Any:
        return shop.aftersale.open(
            order.customer_id, order.number, "exchange", "wrong_size", wanted_spec=wanted, key="k"
        )

    if fine:
        assert ask().kind is CaseKind.EXCHANGE
        assert _all(shop, AfterSaleCase)[0].wanted_spec == wanted
    else:
        with pytest.raises(OutOfStock):
            ask()


# A refund before the parcel has left is a cancellation


def test_refunding_a_paid_order_that_has_not_left_cancels_it_whole(shop: Shop, build: Builder) -> None:
    order = _order(build, OrderState.PAID, shipping_fen=1000)
    offer = shop.aftersale.offer(order.customer_id, order.number, "refund", "unwanted")
    assert (offer.amount_fen, offer.until, offer.needs_person) == (16000, None, False)
    case = shop.aftersale.open(order.customer_id, order.number, "refund", "unwanted", key="k")
    assert (case.kind, case.state, case.amount_fen) == (CaseKind.REFUND, CaseState.DONE, 16000)
    assert shop.orders.get(order.customer_id, order.number).state is OrderState.CANCELLED
    assert [row.refunded_fen for row in _all(shop, Payment)] == [16000]
    assert [row.reserved for row in _all(shop, Stock)] == [0, 0]
    assert [row.state for row in _all(shop, CaseEvent)] == ["submitted", "approved", "refunding", "done"]


# Steps


def test_the_money_of_a_return_goes_back_when_it_is_done_and_not_before(shop: Shop, build: Builder) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="k")
    view = _step(shop, case.number, "approved", "goods_on_way", "goods_received", "refunding")
    assert [row.refunded_fen for row in _all(shop, Payment)] == [0]
    assert view.refund_due_at == shop.clock() + timedelta(days=7)  # five working days from a Wednesday
    assert _step(shop, case.number, "done").refund_due_at is None
    assert [row.refunded_fen for row in _all(shop, Payment)] == [10000]
    assert _all(shop, Order)[0].state == "delivered"


@pytest.mark.parametrize("kind", ["exchange", "repair", "resend"])
def test_a_case_without_a_refund_moves_no_money(shop: Shop, build: Builder, kind: str) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, kind, "quality", key="k")
    _step(shop, case.number, "approved", "done")
    assert [row.refunded_fen for row in _all(shop, Payment)] == [0]


@pytest.mark.parametrize(("reason", "back"), [("unwanted", 1), ("quality", 0)])
def test_returned_goods_go_back_on_the_shelf_unless_something_is_wrong_with_them(
    shop: Shop, build: Builder, reason: str, back: int
) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, "return", reason, key="k")
    before = [row.on_hand for row in _all(shop, Stock)]
    _step(shop, case.number, "approved", "goods_on_way", "goods_received")
    assert [row.on_hand for row in _all(shop, Stock)] == [before[0] + back, before[1]]
    assert [(row.kind, row.reference) for row in _all(shop, StockMovement)] == [("return", case.number)] * back


def test_steps_that_the_states_do_not_allow_are_refused(shop: Shop, build: Builder) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="k")
    for state in CaseState:
        if state not in {CaseState.APPROVED, CaseState.REJECTED, CaseState.WITHDRAWN}:
            with pytest.raises(WrongState):
                shop.aftersale.step(case.number, state, "agent")
    with pytest.raises(CaseNotFound):
        shop.aftersale.step("AS00000000000000", "approved", "agent")
    assert [row.state for row in _all(shop, CaseEvent)] == ["submitted"]


# The customer's own view


def test_a_customer_withdraws_a_case_until_the_goods_are_on_their_way(shop: Shop, build: Builder) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="a")
    _step(shop, case.number, "approved", "goods_on_way")
    with pytest.raises(WrongState) as caught:
        shop.aftersale.withdraw(order.customer_id, case.number, key="b")
    assert caught.value.facts["why"] == "goods_on_way"
    other = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="c")
    views = [shop.aftersale.withdraw(order.customer_id, other.number.lower(), key="d") for _ in range(2)]
    assert views[0] == views[1]
    assert views[0].state is CaseState.WITHDRAWN


def test_another_customers_case_reads_like_an_unknown_one(shop: Shop, build: Builder) -> None:
    order = _order(build)
    case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", key="a")
    stranger = build.customer(phone="13900000000").id
    said = []
    for number in (case.number, "AS00000000000000"):
        with pytest.raises(CaseNotFound) as caught:
            shop.aftersale.withdraw(stranger, number, key="b")
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert shop.aftersale.list(stranger) == []
    assert shop.aftersale.list(order.customer_id) == [case]


def test_cases_come_newest_first_and_by_order_kind_and_openness(shop: Shop, build: Builder, clock: Clock) -> None:
    first, made = _order(build), []
    second = _order(build)
    for at, kind in enumerate(("return", "exchange")):
        clock.on(minutes=1)
        line = first.lines[at].id
        made.append(shop.aftersale.open(first.customer_id, first.number, kind, "quality", line_id=line, key=kind))
    shop.aftersale.step(made[0].number, "rejected", "agent")
    who = first.customer_id
    assert [one.number for one in shop.aftersale.list(who)] == [made[1].number, made[0].number]
    assert [one.number for one in shop.aftersale.list(who, open_only=True)] == [made[1].number]
    assert [one.number for one in shop.aftersale.list(who, kinds=["return"])] == [made[0].number]
    assert len(shop.aftersale.list(who, order_number=f" {first.number} ")) == 2
    assert shop.aftersale.list(who, order_number=second.number) == []
    assert shop.aftersale.list(second.customer_id) == []


def test_a_requested_invoice_shrinks_with_what_goes_back_and_is_void_when_nothing_is_left(
    shop: Shop, build: Builder
) -> None:
    order = _order(build)
    who, number = order.customer_id, order.number
    shop.invoices.request(who, number, "personal", "王小明", key="i")
    left = []
    for line in order.lines:
        case = shop.aftersale.open(who, number, "return", "unwanted", line_id=line.id, key=f"k{line.id}")
        _step(shop, case.number, "approved", "goods_on_way", "goods_received", "refunding", "done")
        left += [(one.amount_fen, one.state) for one in _all(shop, Invoice)]
    assert left == [(5000, "requested"), (5000, "void")]


def test_a_phone_in_the_words_for_a_wanted_spec_is_masked(shop: Shop, build: Builder) -> None:
    order = _order(build)
    who, number = order.customer_id, order.number
    shop.aftersale.open(who, number, "exchange", "wrong_size", wanted_spec="大一号，打 13912345678", key="k")
    assert _all(shop, AfterSaleCase)[0].wanted_spec == "大一号，打 139****5678"
