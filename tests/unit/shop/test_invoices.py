"""Invoices: who may have one, over how much, with which tax number."""

from __future__ import annotations

from typing import Any

import pytest

from shop.errors import AlreadyOpen, BadTaxNumber, BadValue, CannotInvoice
from shop.front import Shop
from shop.invoices import tax_code
from shop.models import Invoice
from shop.states import OrderState
from tests.builders import Builder

COMPANY = "91110000600037341L"  # the example of GB 32100 libraries, with a right check digit


def _stored(shop: Shop) -> list[Any]:
    with shop.database.read() as session:
        return list(session.query(Invoice).order_by(Invoice.id))


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED])
def test_a_paid_order_gets_a_personal_invoice_over_what_was_paid(shop: Shop, build: Builder, state: OrderState) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=state, shipping_fen=1000)
    view = shop.invoices.request(order.customer_id, order.number, "personal", "王小明", key="k")
    assert (view.kind, view.title, view.amount_fen, view.state) == ("personal", "王小明", order.total_fen, "requested")
    assert (view.order_number, view.requested_at, view.number) == (order.number, shop.clock(), None)
    assert "invoice" not in shop.orders.get(order.customer_id, order.number).can


@pytest.mark.parametrize("state", [OrderState.PENDING_PAYMENT, OrderState.CANCELLED])
def test_an_unpaid_or_cancelled_order_gets_none(shop: Shop, build: Builder, state: OrderState) -> None:
    order = build.order(build.customer(), build.product().skus[0], state=state)
    with pytest.raises(CannotInvoice) as caught:
        shop.invoices.request(order.customer_id, order.number, "personal", "王小明", key="k")
    assert caught.value.facts["why"] == state.value


def test_money_that_went_back_is_not_invoiced(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product(price_fen=1000).skus[0], state=OrderState.DELIVERED, quantity=2)
    for key, amount in (("a", 1000), ("b", 0)):
        case = shop.aftersale.open(order.customer_id, order.number, "return", "unwanted", quantity=1, key=key)
        for step in ("approved", "done"):
            shop.aftersale.step(case.number, step, "agent")
        if amount:
            view = shop.invoices.request(order.customer_id, order.number, "personal", "王小明", key="i")
            assert view.amount_fen == amount
            with shop.database.change() as session:
                session.query(Invoice).update({"state": "void"})
    with pytest.raises(CannotInvoice) as caught:
        shop.invoices.request(order.customer_id, order.number, "personal", "王小明", key="j")
    assert caught.value.facts["why"] == "refunded"


def test_a_company_gives_its_tax_number_and_both_are_sealed(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    shop.invoices.request(
        order.customer_id, order.number, "company", " 杭州某某有限公司 ", tax_number="9111 0000 6000 37341l",
        email="a@b.cn", key="k",
    )  # fmt: skip
    row = _stored(shop)[0]
    opened = [shop.cipher.open(one) for one in (row.title_sealed, row.tax_number_sealed, row.email_sealed)]
    assert opened == ["杭州某某有限公司", COMPANY, "a@b.cn"]
    assert not any(one in repr(vars(row)) for one in ("杭州", COMPANY, "a@b.cn"))


def test_a_company_without_a_tax_number_gets_none(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    with pytest.raises(BadTaxNumber):
        shop.invoices.request(order.customer_id, order.number, "company", "某某公司", key="k")
    assert _stored(shop) == []


@pytest.mark.parametrize(
    ("field", "wish"),
    [
        ("kind", {"kind": "paper"}),
        ("title", {"title": " \x00 "}),
        ("email", {"email": "nobody"}),
        ("email", {"email": "a@b"}),
    ],
)
def test_a_value_of_the_wrong_form_is_named(shop: Shop, build: Builder, field: str, wish: dict[str, str]) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    given = {"kind": "personal", "title": "王小明", **wish}
    with pytest.raises(BadValue) as caught:
        shop.invoices.request(order.customer_id, order.number, key="k", **given)
    assert caught.value.facts["field"] == field


def test_an_order_has_one_invoice_unless_it_is_void(shop: Shop, build: Builder) -> None:
    order = build.order(build.customer(), build.product().skus[0])
    ask = ("personal", "王小明")
    first = shop.invoices.request(order.customer_id, order.number, *ask, key="a")
    assert shop.invoices.request(order.customer_id, order.number, *ask, key="a") == first
    for state, fine in (("requested", False), ("issued", False), ("void", True)):
        with shop.database.change() as session:
            session.query(Invoice).update({"state": state})
        if fine:
            shop.invoices.request(order.customer_id, order.number, *ask, key=state)
        else:
            with pytest.raises(AlreadyOpen) as caught:
                shop.invoices.request(order.customer_id, order.number, *ask, key=state)
            assert caught.value.facts["state"] == state
    assert len(_stored(shop)) == 2


def test_invoices_are_listed_for_their_owner_only(shop: Shop, build: Builder) -> None:
    customer, other, sku = build.customer(), build.customer(), build.product().skus[0]
    orders = [build.order(customer, sku) for _ in range(3)]
    for at, order in enumerate(orders):
        shop.invoices.request(customer.id, order.number, "personal", "王小明", key=str(at))
    assert len(shop.invoices.list(customer.id)) == 3
    assert len(shop.invoices.list(customer.id, limit=2)) == 2
    assert [one.order_number for one in shop.invoices.list(customer.id, order_number=orders[1].number)] == [
        orders[1].number
    ]
    assert shop.invoices.list(other.id, order_number=orders[1].number) == []


@pytest.mark.parametrize("text", [COMPANY, "９１１１" + COMPANY[4:], "1" * 15, "2" * 20])
def test_a_tax_number_in_any_of_its_forms_is_taken(text: str) -> None:
    assert len(tax_code(text)) in {15, 18, 20}


@pytest.mark.parametrize(
    ("text", "why"),
    [("91110000600037341M", "check"), ("91110000600037342L", "check"), ("IOZSV0000000000000", "check"),
     ("12345678901234567", "length"), ("", "length"), ("1234567890ABCDE", "length"), ("税号", "length")],
)  # fmt: skip
def test_a_tax_number_that_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadTaxNumber) as caught:
        tax_code(text)
    assert caught.value.facts["why"] == why
