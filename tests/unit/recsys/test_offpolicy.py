"""Logs of shown lists: outcomes, variants, and what another policy would have brought."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from recsys.offpolicy import estimate, greedy, report
from recsys.variants import variant_for, variants_of
from shop.errors import BadSetting
from shop.impressions import Outcome, Shown
from shop.settings import Settings


def outcome(product: int, propensity: float, clicked: bool, **more) -> Outcome:
    given = {"list_id": "l", "product_id": product, "position": 1, "propensity": propensity, "variant": "blend",
             "version": "v", "clicked": clicked, "bought": False}  # fmt: skip
    return Outcome(**{**given, **more})


def test_the_estimate_finds_the_value_of_a_policy_that_was_never_run():
    """A logging policy shows two products by chance; the target always shows the better one."""
    rng = np.random.default_rng(1)
    clicks = {1: 0.05, 2: 0.25}
    logs = []
    for _ in range(20_000):
        product = int(rng.choice([1, 2], p=[0.8, 0.2]))
        logs.append(outcome(product, {1: 0.8, 2: 0.2}[product], rng.random() < clicks[product]))
    found = estimate(logs, lambda one: float(one.product_id == 2))
    assert found.ips == pytest.approx(0.25, abs=0.02)
    assert found.snips == pytest.approx(0.25, abs=0.02)
    assert found.error < 0.01
    assert found.effective < found.logged


def test_no_logs_and_impossible_chances_are_no_numbers_that_run_away():
    assert estimate([], greedy).logged == 0
    assert estimate([outcome(1, 0.0, True)], lambda _: 1.0).ips == 100.0


def test_the_report_counts_clicks_and_purchases_by_variant():
    logs = [
        outcome(1, 1.0, True),
        outcome(2, 1.0, False, position=2),
        outcome(3, 1.0, True, variant="als", bought=True),
    ]
    found = report(logs)
    assert (found["blend"].clicks, found["blend"].by_position) == (0.5, {1: 1.0, 2: 0.0})
    assert (found["als"].purchases, found["als"].lists) == (1.0, 1)


def test_a_purchase_within_a_week_counts_for_what_was_shown_before(shop, build, clock):
    customer, product = build.customer(consent=True), build.product()
    other = build.product()
    shop.impressions.record(customer.id, "chat", [Shown(one.id, 1.0, "blend", "v", "") for one in (product, other)])
    begin = shop.clock()
    clock.on(days=2)
    for _ in range(2):
        shop.events.record(customer.id, "s", "buy", product.id)
    clock.on(days=20)
    shop.events.record(customer.id, "s", "buy", other.id)
    assert [one.bought for one in shop.impressions.outcomes(begin - timedelta(days=1))] == [True, False]


def test_whoever_does_not_consent_leaves_no_name(shop, build):
    silent, product = build.customer(consent=False), build.product()
    from shop.models import Impression

    shop.impressions.record(silent.id, "chat", [Shown(product.id, 1.0, "blend", "v", "")])
    with shop.database.read() as session:
        assert session.query(Impression.customer_id).scalar() is None


def test_a_click_counts_once_and_not_days_later(shop, build, clock):
    product = build.product()
    shown = shop.impressions.record(None, "page", [Shown(product.id, 1.0, "blend", "v", "")])
    assert shop.impressions.click(shown, product.id)
    assert not shop.impressions.click(shown, product.id)
    assert not shop.impressions.click("another", product.id)
    late = shop.impressions.record(None, "page", [Shown(product.id, 1.0, "blend", "v", "")])
    clock.on(days=1)
    assert not shop.impressions.click(late, product.id)


def test_a_customer_keeps_his_variant_and_shares_are_kept():
    variants = variants_of(Settings(recommend_variants="blend:75,als+popularity:25"))
    given = Counter(variant_for(variants, f"customer {one}") for one in range(4000))
    assert given["blend"] == pytest.approx(3000, rel=0.06)
    assert variant_for(variants, "customer 5") == variant_for(variants, "customer 5")


@pytest.mark.parametrize("text", ["", "blend:0", "magic:1", "blend:x", "als+magic:1"])
def test_variants_that_cannot_be_read_are_named(text: str):
    with pytest.raises(BadSetting, match="RECOMMEND_VARIANTS"):
        variants_of(Settings(recommend_variants=text))
