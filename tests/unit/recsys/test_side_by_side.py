"""Two models answer at the same time, each its own customers, and the log tells them apart."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from recsys.ask import Ask
from recsys.offpolicy import report
from recsys.recommender import Recommender
from shop.front import Shop
from shop.models import Customer
from tests.demo_shops import columns, copied


@pytest.fixture
def tested(taught_shop: Shop, tmp_path: Path) -> Shop:
    shop = copied(taught_shop, tmp_path, taught_shop.clock)
    shutil.copytree(taught_shop.settings.data_dir / "recsys", tmp_path / "recsys")
    shop.settings = replace(shop.settings, recommend_variants="als+ease:50,popularity:50", recommend_explore=0.0)
    yield shop
    shop.database.dispose()


def test_each_customer_has_one_model_and_its_name_stands_in_the_log(tested: Shop):
    recommender = Recommender(tested)
    given: dict[str, int] = {}
    for customer in columns(tested, Customer.id, where=Customer.consent.is_(True))[:40]:
        picks = recommender.recommend(Ask(customer_id=customer, count=3))
        (variant,) = {one.variant for one in picks}
        given[variant] = given.get(variant, 0) + 1
        again = recommender.recommend(Ask(customer_id=customer, count=3))
        assert [(one.code, one.variant) for one in again] == [(one.code, one.variant) for one in picks]
        if variant == "popularity":
            assert not any(why.cause for one in picks for why in one.reasons)
        list_id = recommender.log(customer, "chat", picks)
        if variant == "popularity":
            tested.impressions.click(list_id, picks[1].product_id)
    logs = tested.impressions.outcomes(tested.clock() - timedelta(minutes=1))
    assert {one.version for one in logs} == {recommender.version}
    told = report(logs)
    assert {name: one.lists for name, one in told.items()} == given
    assert set(given) == {"als+ease", "popularity"}
    assert told["popularity"].by_position[2] == 1.0
    assert told["als+ease"].clicks == 0.0
