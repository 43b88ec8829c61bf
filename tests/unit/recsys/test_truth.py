"""Beside the tastes that a demo shop's behaviour was drawn from: nearer to them than to popularity, never above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys.blend import Blend
from recsys.evaluate import measure, measured
from recsys.evaluate_shop import TRUTH, evaluate_shop
from recsys.interactions import Interactions, gather
from recsys.splits import split
from recsys.train import parts_for, shop_interactions
from recsys.truth import chances_of, ranking, true_chances
from recsys.two_tower import TwoTower, TwoTowerConfig
from shop.demo.content import load_content
from shop.demo.stamp import read_stamp, write_stamp
from shop.demo.world import FULL, World
from shop.errors import BadValue
from shop.feature_store import FeatureStore
from shop.front import Shop
from shop.product_features import KINDS, feature_folder, mood_keys, picture_keys, product_features, text_key
from shop.product_texts import product_texts
from tests.demo_shops import DEMO_NOW, copied


def behaviour_of(chances: np.ndarray, each: int) -> Interactions:
    """What customers do who touch ``each`` products on average, busy ones more, by their chances."""
    rng = np.random.default_rng(5)
    counts = 4 + rng.poisson(each * rng.gamma(0.9, 1.0, len(chances)))
    who = np.repeat(np.arange(len(chances)), counts)
    heap = np.cumsum(chances / chances.sum(1, keepdims=True), axis=1)
    what = np.minimum((heap[who] < rng.random(len(who))[:, None]).sum(1), chances.shape[1] - 1)
    every = np.arange(1, chances.shape[1] + 1)
    return gather(who + 1, what + 1, np.ones(len(who)), rng.random(len(who)) * 1e7, all_items=every)


def test_the_served_blend_is_three_times_as_good_as_popularity_and_below_the_truth(demo_shop: Shop):
    size = replace(FULL, customers=900)
    chances = chances_of(World(demo_shop.settings, demo_shop.cipher, load_content(), size, 20, DEMO_NOW))
    data = behaviour_of(chances, 90)
    parts = split(data)
    singles = parts_for(np.zeros((data.shape[1], 1), np.float32))  # nothing is known of the products
    found = measure(parts, singles, Blend(parts=singles))
    true = ranking(data, chances)
    best = measured(lambda rows: true[rows], parts, 0.0, None)
    assert 3 * found["popularity"]["ndcg@10"] < found["blend"]["ndcg@10"] < best["ndcg@10"]


def test_the_table_of_a_demo_shop_holds_the_truth_and_the_towers_with_and_without_features(taught_shop: Shop):
    found = evaluate_shop(taught_shop, epochs=2)
    assert found["popularity"]["ndcg@10"] < found["blend"]["ndcg@10"] < found[TRUTH]["ndcg@10"]
    assert "two_tower" in found


@pytest.mark.parametrize(("customers", "items"), [([1, 4], [1, 2]), ([1, 2], [1, 3])])
def test_of_what_came_after_the_shop_was_made_no_truth_is_known(customers: list[int], items: list[int]):
    data = gather(np.array(customers), np.array(items), np.ones(2), np.zeros(2))
    with pytest.raises(BadValue, match="has grown"):
        ranking(data, np.ones((3, 2)))
    assert ranking(data, np.ones((4, 3))).shape == (2, 2)


def test_of_a_shop_that_the_demo_did_not_make_no_truth_is_known(taught_shop: Shop, tmp_path):
    shop = copied(taught_shop, tmp_path, taught_shop.clock)
    stamp = read_stamp(shop.settings)
    assert stamp is not None
    assert true_chances(shop).shape == (200, 60)
    write_stamp(shop.settings, replace(stamp, digest="another making"))
    with pytest.raises(BadValue, match="no demo shop"):
        true_chances(shop)
    shop.database.dispose()


def test_what_others_left_of_the_products_reaches_the_towers_kind_by_kind(taught_shop: Shop, tmp_path):
    shop = copied(taught_shop, tmp_path, taught_shop.clock)
    products = product_texts(shop)
    keys = {
        "text": {one.id: text_key(one) for one in products},
        "picture": picture_keys(shop, products),
        "mood": mood_keys(shop, products),
    }
    rng = np.random.default_rng(2)
    for kind in KINDS:  # as nlp.product_vectors and vision.index do
        known = sorted(set(keys[kind].values()))
        FeatureStore(feature_folder(shop, kind)).add(known, rng.standard_normal((len(known), 6)).astype(np.float32))
    features = product_features(shop, products)
    assert set(features) == set(KINDS)
    data, _ = shop_interactions(shop, products)
    rows = data.matrix[:20]
    whole, *less = (
        TwoTower(TwoTowerConfig(epochs=2, factors=8), {one: features[one] for one in KINDS if one != left_out})
        .fit(data)
        .score_histories(rows)
        for left_out in ("", *KINDS)
    )
    assert all(not np.allclose(whole, one, atol=1e-3) for one in less)
    shop.database.dispose()
