"""Standing and coupons."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shop.errors import AlreadyOpen, BadSetting, NotFound, OutOfStock
from shop.front import Shop
from shop.models import Coupon, Customer, CustomerCoupon
from shop.settings import Settings
from shop.states import OrderState
from tests.builders import Builder
from tests.conftest import Clock


def test_a_card_tells_level_points_balance_and_the_way_to_the_next_level(shop: Shop, build: Builder) -> None:
    customer = build.customer(level=1, points=120, balance_fen=500)
    sku = build.product(price_fen=10000).skus[0]
    build.order(customer, sku, state=OrderState.COMPLETED, ago=timedelta(days=300))
    build.order(customer, sku, state=OrderState.COMPLETED, ago=timedelta(days=400))
    build.order(customer, sku, state=OrderState.CANCELLED)
    card = shop.membership.card(customer.id)
    assert (card.level, card.points, card.balance_fen) == (1, 120, 500)
    assert (card.year_spend_fen, card.next_level_fen) == (10000, 200000)


def test_the_top_level_has_no_next_one(shop: Shop, build: Builder) -> None:
    assert shop.membership.card(build.customer(level=4).id).next_level_fen is None


def test_only_coupons_that_can_be_used_now_are_counted(shop: Shop, build: Builder, clock: Clock) -> None:
    customer = build.customer()
    for columns, used in (({"days": 1}, None), ({"days": 5}, None), ({"days": 5}, clock())):
        coupon = build.coupon(**columns)
        build.add(CustomerCoupon(customer_id=customer.id, coupon_id=coupon.id, used_at=used))
    assert shop.membership.card(customer.id).coupons == 2
    clock.on(days=2)
    assert shop.membership.card(customer.id).coupons == 1
    assert [(one.held, one.used) for one in shop.membership.coupons(customer.id)] == [(True, False), (True, True)]


def test_only_coupons_that_run_are_left_and_fit_the_level_can_be_claimed(
    shop: Shop, build: Builder, clock: Clock
) -> None:
    customer = build.customer(level=1)
    later = clock() + timedelta(days=1)
    good, high = build.coupon(code="good"), build.coupon(code="high", min_level=1)
    build.coupon(code="top", min_level=2)
    build.coupon(code="gone", total=5, claimed=5)
    build.coupon(code="early", starts_at=later)
    build.coupon(code="over", ends_at=clock())
    assert [one.code for one in shop.membership.claimable(customer.id)] == [good.code, high.code]
    assert [one.code for one in shop.membership.claimable(None)] == [good.code]


def test_all_that_can_be_claimed_are_claimed_at_once_and_only_once(shop: Shop, build: Builder) -> None:
    customer = build.customer()
    category = build.category("手机")
    build.coupon(code="a", days=9, category_id=category.id, threshold_fen=100)
    build.coupon(code="b", days=3)
    first = shop.membership.claim(customer.id, key="k")
    assert [(one.code, one.held, one.used, one.category) for one in first] == [
        ("b", True, False, None), ("a", True, False, "手机"),
    ]  # fmt: skip
    assert shop.membership.claim(customer.id, key="k") == first
    assert shop.membership.claim(customer.id, key="another key") == []
    assert shop.membership.claimable(customer.id) == []
    with shop.database.read() as session:
        assert [row.claimed for row in session.query(Coupon)] == [1, 1]


def test_a_coupon_is_claimed_by_its_code(shop: Shop, build: Builder) -> None:
    customer = build.customer()
    build.coupon(code="a")
    build.coupon(code="b")
    assert [one.code for one in shop.membership.claim(customer.id, code="a", key="k")] == ["a"]
    with pytest.raises(AlreadyOpen):
        shop.membership.claim(customer.id, code="a", key="k2")


@pytest.mark.parametrize(
    ("columns", "error"),
    [({"total": 1, "claimed": 1}, OutOfStock), ({"min_level": 1}, NotFound), ({"days": -1}, NotFound)],
)
def test_a_coupon_that_is_not_to_be_had_says_why(
    shop: Shop, build: Builder, columns: dict[str, int], error: type[Exception]
) -> None:
    customer = build.customer()
    build.coupon(code="a", **columns)
    with pytest.raises(error):
        shop.membership.claim(customer.id, code="a", key="k")
    with pytest.raises(NotFound):
        shop.membership.claim(customer.id, code="nothing", key="k")
    with shop.database.read() as session:
        assert session.query(CustomerCoupon).count() == 0


def test_an_unknown_or_erased_customer_has_no_card(shop: Shop, build: Builder) -> None:
    gone = build.customer(erased_at=shop.clock())
    for customer_id in (gone.id, 10**9):
        for ask in (shop.membership.card, shop.membership.claimable, shop.customers.facts):
            with pytest.raises(NotFound):
                ask(customer_id)


@pytest.mark.parametrize("text", ["", "a,b", "1,1", "5,3"])
def test_levels_that_do_not_rise_stop_the_start(text: str) -> None:
    with pytest.raises(BadSetting, match="LEVEL_SPEND_FEN"):
        _ = Settings(level_spend_fen=text).level_thresholds


# Customers


def test_a_customer_is_told_masked_and_found_by_phone_in_any_writing(shop: Shop, build: Builder) -> None:
    customer = build.customer(phone="13800001111", level=2, consent=True)
    view = shop.customers.facts(customer.id)
    assert (view.name, view.phone, view.level, view.consent, view.marketing) == ("王**", "138****1111", 2, True, False)
    for phone in ("13800001111", "+86 138-0000-1111", "１３８００００１１１１"):
        assert shop.customers.find_by_phone(phone) == view
    assert shop.customers.find_by_phone("13800001112") is None
    build.customer(phone="13800001113", erased_at=shop.clock())
    assert shop.customers.find_by_phone("13800001113") is None


def test_marketing_is_switched_off_and_on(shop: Shop, build: Builder) -> None:
    one, other = build.customer(marketing=True), build.customer(marketing=True)
    assert not shop.customers.set_marketing(one.id, False, key="a").marketing
    assert shop.customers.facts(other.id).marketing
    assert shop.customers.set_marketing(one.id, True, key="b").marketing
    assert shop.customers.set_marketing(one.id, False, key="b").marketing  # the same request twice
    with shop.database.read() as session:
        assert session.query(Customer).filter_by(marketing=True).count() == 2
