"""Products that came after the training are scored, searched and recommended at once; those that left are not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from recsys.artefact import Artefact
from recsys.ask import Ask
from recsys.content_space import learn_space, space_of
from recsys.newcomers import extended, likes_of
from recsys.recommender import Recommender
from recsys.scoring import Scorer
from shop.front import Shop
from shop.models import Product
from shop.product_features import feature_folder, product_features
from shop.product_texts import product_texts
from tests.demo_shops import columns, copied
from tests.unit.recsys.small import small_artefact


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    return small_artefact()


def test_a_newcomer_scores_like_its_like(artefact: Artefact):
    content = np.eye(4, dtype=np.float32)[[1, 2]]  # one of the second taste, one of the third
    more = extended(artefact, np.array([900, 901]), content)
    fan = Scorer(more, dict.fromkeys(range(1, 24, 4), 1.0))
    first, second = fan.scores(more.columns(np.array([900, 901])))
    assert first > second + 1
    trained = fan.scores(np.arange(len(artefact.ids)))
    assert trained[1::4].min() - 0.5 < first < trained[1::4].max() + 0.5
    assert np.allclose(Scorer(artefact, fan.history).scores(), trained, atol=0.15)  # the others stay where they were


def test_a_newcomer_is_found_in_the_index_and_the_old_artefact_stays_as_it_was(artefact: Artefact):
    more = extended(artefact, np.array([900]), np.eye(4, dtype=np.float32)[[1]], gone=artefact.ids[:2])
    query = Scorer(more, {1: 1.0, 5: 1.0}).vector()
    assert 900 in more.index.search(query, 30).ids
    assert not np.isin(artefact.ids[:2], more.index.search(query, 100).ids).any()
    assert 900 not in artefact.index.search(query, 100).ids
    assert artefact.ids[0] in artefact.index.search(query, 100).ids


def test_ids_need_not_rise(artefact: Artefact):
    more = extended(artefact, np.array([3]), np.eye(4, dtype=np.float32)[[1]])
    assert more.columns(np.array([3, int(artefact.ids[0]), 77777])).tolist() == [len(artefact.ids), 0, -1]


def test_what_nothing_is_like_is_left_where_ordinary_products_stand(artefact: Artefact):
    assert likes_of(artefact, np.zeros((1, 4), np.float32))[0].size == 0
    assert len(extended(artefact, np.array([900]), np.zeros((1, 4), np.float32)).ids) == len(artefact.ids)


def test_the_drop_of_a_newcomer_is_what_it_loses_without_the_cause(artefact: Artefact):
    more = extended(artefact, np.array([900, 901]), np.eye(4, dtype=np.float32)[[1, 2]])
    scorer = Scorer(more, {1: 1.0, 5: 2.0, 2: 0.5, len(artefact.ids): 1.0})
    wanted = np.arange(len(more.ids))
    together = scorer.drops(scorer.columns, wanted)
    alone = np.stack([scorer.scores(wanted) - scorer.without(int(one)).scores(wanted) for one in scorer.columns])
    assert np.allclose(together, alone, atol=2e-3)


def test_a_space_that_was_stored_places_as_before():
    texts, tags = ["蓝牙耳机 黑色", "头戴耳机", "纯棉上衣", "短袖上衣"], [["audio"], ["audio"], ["top"], ["top"]]
    others = {"text": np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)}
    space = learn_space(texts, tags, others)
    again = space_of(space.arrays())
    assert np.allclose(again.vectors(texts, tags, others), space.vectors(texts, tags, others), atol=1e-6)
    assert space.vectors(texts, tags, others).shape == (4, space.words.shape[1] + space.turns["text"].shape[1])
    assert np.isfinite(space.vectors(["新"], [[]])).all()  # nothing known of it


@pytest.fixture
def own_shop(taught_shop: Shop, tmp_path: Path) -> Shop:
    shop = copied(taught_shop, tmp_path, taught_shop.clock)
    shutil.copytree(taught_shop.settings.data_dir / "recsys", tmp_path / "recsys")
    yield shop
    shop.database.dispose()


def set_on_sale(shop: Shop, product: int, on: int) -> None:
    with shop.database.change() as session:
        session.execute(update(Product).where(Product.id == product).values(on_sale=on))


def test_a_new_product_is_recommended_beside_its_like_without_training_and_one_that_left_is_not(own_shop: Shop):
    recommender = Recommender(own_shop)
    trained = recommender.artefact()
    assert trained is not None
    stocked = [int(one) for one, units in zip(recommender.shelf().ids, recommender.shelf().units) if units > 0]
    known = next(one for one in stocked if one in trained.column_of)
    with own_shop.database.change() as session:
        old = session.get(Product, known)
        new = Product(
            code="NEW-TWIN", name=old.name, subtitle=old.subtitle, description=old.description,
            attributes=old.attributes, category_id=old.category_id, brand_id=old.brand_id, on_sale=1,
        )  # fmt: skip
        session.add(new)
        session.flush()
        twin = new.id
    recommender.refresh()
    serving = recommender.serving()
    assert serving is not None
    assert twin in serving.column_of
    fan = Scorer(serving, {trained.column_of[known]: 3.0})
    pair = np.array([serving.column_of[known], serving.column_of[twin]])
    scores = np.stack([Scorer(serving, {one: 1.0}).scores(pair) for one in range(len(trained.ids)) if one != pair[0]])
    assert np.corrcoef(scores.T)[0, 1] > 0.6  # whoever would like the one would like the other
    assert twin in serving.index.search(fan.vector(), len(serving.ids)).ids
    set_on_sale(own_shop, known, 0)
    recommender.refresh()
    picks = recommender.recommend(Ask(count=10_000, explore=0.0))
    assert known not in [one.product_id for one in picks]
    assert known not in recommender.serving().index.search(fan.vector(), 10_000).ids
    set_on_sale(own_shop, known, 1)
    recommender.refresh()
    assert known in recommender.serving().index.search(fan.vector(), 10_000).ids


def test_what_others_left_of_the_products_is_read_and_zero_where_nothing_is_known(own_shop: Shop):
    from shop.feature_store import FeatureStore
    from shop.product_features import text_key

    products = product_texts(own_shop)[:5]
    assert "text" not in product_features(own_shop, products)
    store = FeatureStore(feature_folder(own_shop, "text"))
    store.add([text_key(one) for one in products[:2]], np.ones((2, 3), np.float32))
    found = product_features(own_shop, products)["text"]
    assert found.tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    changed = [products[0]._replace(text="another text")]
    assert "text" not in product_features(own_shop, changed)


def test_products_that_nobody_touched_are_newcomers_to_the_trained_model(own_shop: Shop):
    untouched = set(columns(own_shop, Product.id, where=Product.on_sale == 1)) - set(
        Recommender(own_shop).artefact().ids.tolist()
    )
    serving = Recommender(own_shop).serving()
    assert all(one in serving.column_of or not np.any(serving.content) for one in untouched)
    assert replace(serving, likes=None).ids.size >= len(untouched)
