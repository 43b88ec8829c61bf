"""What every model keeps to, whatever it is: one suite that runs on all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.als import Als, AlsConfig
from recsys.blend import Blend
from recsys.content import Content
from recsys.content_space import learn_space
from recsys.ease import Ease
from recsys.interactions import Interactions, gather
from recsys.measures import ndcg_at
from recsys.model import Model
from recsys.popularity import Popularity
from recsys.registry import MODELS
from recsys.sgd_factors import SgdFactors, SgdFactorsConfig
from recsys.splits import split
from recsys.two_tower import TwoTower, TwoTowerConfig, scaled_features
from shop.errors import BadIndex, BadValue
from shop.product_features import KINDS

NAMES = sorted(MODELS)
LIVELY = sorted(set(NAMES) - {"popularity", "sgd_factors"})  # the latter predicts ratings, not what is done next


def made(name: str, data: Interactions) -> Model:
    """An unfitted model; the content one is told what the items are: their taste and a little noise."""
    if name == "content":
        kinds = np.eye(4)[np.arange(data.shape[1]) % 4] + np.random.default_rng(1).normal(0, 0.1, (data.shape[1], 4))
        return Content(vectors=(kinds / np.linalg.norm(kinds, axis=1, keepdims=True)).astype(np.float32))
    if name == "blend":
        return Blend(parts=[Als(), Ease(), Popularity()])
    if name == "two_tower":
        return TwoTower(TwoTowerConfig(factors=16, hidden=32, epochs=40, batch=80, correction=1.0, temperature=0.2))
    if name == "sgd_factors":
        return SgdFactors(SgdFactorsConfig(factors=8, epochs=4))
    return MODELS[name]()


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, behaviour: Interactions) -> Model:
    return made(request.param, behaviour).fit(behaviour)


@pytest.fixture(scope="session")
def parts(behaviour: Interactions):
    return split(behaviour, "random", seed=3)


@pytest.mark.parametrize("name", LIVELY)
def test_a_model_finds_what_customers_did_besides_better_than_popularity(name: str, parts):
    found = {}
    for one in (name, "popularity"):
        fitted = made(one, parts.train).fit(parts.train)
        scores = fitted.score_histories(parts.train.matrix)
        found[one] = ndcg_at(scores, parts.test.seen, parts.train.seen.nonzero())
    assert found[name] > 1.3 * found["popularity"]


def test_recommendations_are_new_ordered_and_as_many_as_asked(model: Model, behaviour: Interactions):
    seen = set(behaviour.matrix[0].indices)
    picks = model.recommend("c000", 10)
    assert len({one.column for one in picks}) == 10
    assert not seen & {one.column for one in picks}
    assert [one.score for one in picks] == sorted((one.score for one in picks), reverse=True)


def test_all_unseen_items_come_when_more_are_asked_for_than_there_are(model: Model, behaviour: Interactions):
    assert len(model.recommend("c000", 10_000)) == behaviour.shape[1] - len(behaviour.matrix[0].indices)
    assert len(model.recommend("c000", 10_000, seen_too=True)) == behaviour.shape[1]


def test_an_unknown_customer_gets_what_an_empty_history_gets(model: Model):
    assert len(model.recommend("nobody", 5)) == 5
    assert np.isfinite(model.score("nobody", ["i00", "i01"])).all()


def test_an_unknown_item_is_named_in_the_error(model: Model):
    with pytest.raises(BadValue, match="no-such-item"):
        model.score("c000", ["no-such-item"])
    with pytest.raises(BadValue, match="no-such-item"):
        model.similar("no-such-item")


def test_scores_of_some_items_agree_with_the_ranking(model: Model, behaviour: Interactions):
    picks = model.recommend("c001", 3)
    ids = [behaviour.items[one.column] for one in picks]
    assert np.allclose(model.score("c001", ids), [one.score for one in picks], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", LIVELY)
def test_similar_items_are_of_the_same_taste(name: str, behaviour: Interactions):
    model = made(name, behaviour).fit(behaviour)
    near = model.similar("i08", 5)
    assert 8 not in [one.column for one in near]
    assert sum(one.column % 4 == 0 for one in near) >= 3


def test_a_stored_model_scores_as_before(model: Model, behaviour: Interactions, tmp_path: Path):
    model.save(tmp_path / "model.npz")
    again = type(model).load(tmp_path / "model.npz").attach(behaviour)
    rows = behaviour.matrix[:20]
    assert np.allclose(again.score_histories(rows), model.score_histories(rows), rtol=1e-4, atol=1e-5)


def test_a_damaged_or_foreign_file_is_refused(model: Model, tmp_path: Path):
    path = tmp_path / "model.npz"
    model.save(path)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"no model"):
        path.write_bytes(broken)
        with pytest.raises(BadIndex, match="train it again"):
            type(model).load(path)
    other = Popularity if not isinstance(model, Popularity) else Ease
    path.write_bytes(whole)
    with pytest.raises(BadIndex, match=other.name):
        other.load(path)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_learn_from_is_an_error(name: str, behaviour: Interactions):
    with pytest.raises(BadValue, match="no interaction"):
        made(name, behaviour).fit(behaviour.part(np.zeros(len(behaviour), bool)))


def test_training_twice_gives_the_same_model(model: Model, behaviour: Interactions):
    again = made(model.name, behaviour).fit(behaviour)
    rows = behaviour.matrix[:10]
    assert np.allclose(again.score_histories(rows), model.score_histories(rows), rtol=1e-3, atol=1e-4)


def test_popularity_leans_to_what_is_liked_lately():
    day = 86400.0
    old = ["old"] * 6 + ["new"] * 5
    data = gather(
        np.array([f"c{at}" for at in range(11)]), np.array(old), np.ones(11), np.array([0.0] * 6 + [300 * day] * 5)
    )
    assert data.items[Popularity().fit(data).recommend("x", 1)[0].column] == "new"


def test_als_solves_the_normal_equations_of_the_paper(behaviour: Interactions):
    model = Als().fit(behaviour)
    assert isinstance(model, Als)
    row = behaviour.matrix[3]
    vector, (alpha, ridge) = model.vectors(row)[0], (model.config.alpha, model.config.regularisation)
    seen = model.items[row.indices]
    left = model.items.T @ model.items + ridge * np.eye(len(vector)) + alpha * seen.T @ seen
    assert np.allclose(vector, np.linalg.solve(left, (1 + alpha) * seen.sum(0)), atol=2e-3)


def test_als_of_many_customers_is_held_more_strongly_in_training_and_for_histories(behaviour: Interactions):
    many, few = Als(AlsConfig(share=1.0)), Als(AlsConfig(share=1e-6))
    many.fit(behaviour)
    few.fit(behaviour)
    assert many.config.regularisation == behaviour.shape[0]
    assert few.config.regularisation == AlsConfig().regularisation
    assert np.linalg.norm(many.vectors(behaviour.matrix)) < np.linalg.norm(few.vectors(behaviour.matrix))


def test_ease_is_the_closed_form_of_the_paper(behaviour: Interactions):
    model = Ease().fit(behaviour)
    assert isinstance(model, Ease)
    gram = (behaviour.seen.T @ behaviour.seen).toarray() + model.config.regularisation * np.eye(behaviour.shape[1])
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)[None]
    np.fill_diagonal(expected, 0)
    assert np.allclose(model.weights, expected, atol=1e-4)


def test_words_and_shelves_make_like_products_neighbours():
    texts = ["降噪蓝牙耳机 黑", "头戴蓝牙耳机", "纯棉短袖上衣", "长袖纯棉上衣", "保温水杯"]
    tags = [["audio"], ["audio"], ["top"], ["top"], ["cup"]]
    vectors = learn_space(texts, tags).vectors(texts, tags)
    near = vectors @ vectors.T
    assert near[0, 1] > 0.5 > near[0, 2]
    assert near[2, 3] > 0.5 > near[2, 4]


@pytest.mark.parametrize("kind", KINDS)
def test_the_towers_place_an_item_that_nobody_touched_by_any_kind_of_feature(behaviour: Interactions, kind: str):
    kinds = np.eye(4, dtype=np.float32)[np.arange(behaviour.shape[1]) % 4]
    known = behaviour.part(behaviour.columns != 8)  # nobody has item 8, of the first taste
    config = TwoTowerConfig(factors=16, hidden=32, epochs=20, batch=80, correction=1.0, temperature=0.2)
    fans, others = np.arange(0, behaviour.shape[0], 4), np.arange(1, behaviour.shape[0], 4)
    lead = []
    for features in ({kind: kinds}, {}):
        scores = TwoTower(config, features).fit(known).score_histories(known.matrix)
        lead.append(scores[fans, 8].mean() - scores[others, 8].mean())
    assert lead[0] > 1
    assert lead[0] > 2 * abs(lead[1])


def test_features_of_all_kinds_stand_side_by_side_and_what_is_unknown_is_nothing():
    text = np.array([[1.0, 3.0], [3.0, 1.0], [0.0, 0.0]])
    found = scaled_features({"text": text, "mood": np.ones((3, 1)), "picture": np.zeros((3, 4))}, 3)
    assert found.shape == (3, 3)
    assert (found[2, 1:] == 0).all()
    assert np.isfinite(found).all()
    assert scaled_features({}, 3).shape == (3, 1)
