"""The recommender over a trained demo shop: wishes hold, reasons are true, what is new counts at once."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.ask import Ask
from recsys.recommender import Recommender
from recsys.scoring import Scorer
from recsys.shelf import Wishes
from recsys.train import is_trained, train
from shop.event_reader import bought_by, history_of
from shop.front import Shop
from shop.models import Customer
from shop.one_core import _libraries
from shop.versions import current, versions
from tests.demo_shops import columns, copied
from tests.unit.recsys.conftest import CUSTOMERS  # noqa: F401


@pytest.fixture(scope="module")
def recommender(taught_shop: Shop) -> Recommender:
    return Recommender(taught_shop)


@pytest.fixture(scope="module")
def customer(taught_shop: Shop) -> int:
    """A consenting customer with much behaviour."""
    ids = columns(taught_shop, Customer.id, where=Customer.consent.is_(True))
    return max(ids, key=lambda one: len(history_of(taught_shop, one)))


def sure(**more) -> Ask:
    return Ask(**{"explore": 0.0, "diversity": 0.0, **more})


def test_training_tells_how_it_measured_and_is_not_done_twice(taught_shop: Shop):
    from shop.versions import facts

    folder = taught_shop.settings.data_dir / "recsys"
    told = facts(folder, str(current(folder)))
    assert told["measures"]["blend"]["ndcg@10"] > told["measures"]["popularity"]["ndcg@10"]
    assert told["quality"]["kept"] <= told["quality"]["read"]
    assert is_trained(taught_shop)


def test_a_customer_gets_as_many_new_products_as_asked(recommender: Recommender, taught_shop: Shop, customer: int):
    picks = recommender.recommend(sure(customer_id=customer, count=8))
    ids = [one.product_id for one in picks]
    assert len(set(ids)) == 8
    assert not set(ids) & bought_by(taught_shop, customer)
    assert [one.score for one in picks] == sorted((one.score for one in picks), reverse=True)
    assert {one.version for one in picks} == {recommender.version}


def test_every_wish_holds(recommender: Recommender, customer: int):
    shelf = recommender.shelf()
    kind = int(np.bincount(shelf.leaf).argmax())
    low, high = np.quantile(shelf.low, [0.3, 0.8]).astype(int)
    wishes = Wishes(shelf=kind, price_min_fen=int(low), price_max_fen=int(high))
    for pick in recommender.recommend(sure(customer_id=customer, wishes=wishes, count=20)):
        item = shelf.items[shelf.place(pick.code)]
        assert kind in item.shelves
        assert item.price_max_fen >= low
        assert item.price_min_fen <= high
        assert item.available > 0


@pytest.mark.parametrize("count", [1, 5, 1000])
def test_never_fewer_than_asked_when_enough_fit(recommender: Recommender, customer: int, count: int, taught_shop: Shop):
    shelf = recommender.shelf()
    bought = bought_by(taught_shop, customer)
    for kind in np.unique(shelf.leaf):
        wishes = Wishes(shelf=int(kind))
        enough = sum(one.id not in bought for one, fits in zip(shelf.items, shelf.fitting(wishes)) if fits)
        picks = recommender.recommend(Ask(customer_id=customer, wishes=wishes, count=count))
        assert len(picks) == min(count, enough)


def test_what_was_shown_does_not_come_again(recommender: Recommender, customer: int):
    first = recommender.recommend(sure(customer_id=customer))
    shown = frozenset(one.product_id for one in first)
    again = recommender.recommend(sure(customer_id=customer, wishes=Wishes(without=shown)))
    assert len(again) == 5
    assert not shown & {one.product_id for one in again}


def test_a_cause_that_is_taken_away_costs_what_the_reason_says(recommender: Recommender, taught_shop: Shop):
    artefact = recommender.artefact()
    assert artefact is not None
    asks = [
        sure(customer_id=one, count=20) for one in columns(taught_shop, Customer.id, where=Customer.consent.is_(True))
    ]
    named = [
        (ask, one, why)
        for ask in asks
        for one in recommender.recommend(ask)
        for why in one.reasons
        if why.cause is not None
    ]
    assert named
    for ask, pick, why in named:
        scorer = Scorer(artefact, recommender.history(ask))
        column = np.array([artefact.column_of[pick.product_id]])
        less = scorer.without(artefact.column_of[why.cause]).scores(column)
        assert scorer.scores(column)[0] - less[0] == pytest.approx(why.drop, rel=1e-2, abs=1e-2)
        assert why.drop > 0


def test_all_drops_at_once_are_those_of_each_alone(recommender: Recommender, customer: int):
    artefact = recommender.artefact()
    assert artefact is not None
    scorer = Scorer(artefact, recommender.history(Ask(customer_id=customer)))
    causes, wanted = scorer.columns[:6], np.arange(20)
    together = scorer.drops(causes, wanted)
    alone = np.stack([scorer.scores(wanted) - scorer.without(int(one)).scores(wanted) for one in causes])
    assert np.allclose(together, alone, atol=2e-2)


def test_a_budget_is_a_reason_only_when_one_was_named(recommender: Recommender, customer: int):
    wishes = Wishes(price_max_fen=20_000)
    with_budget = recommender.recommend(sure(wishes=wishes, count=10))
    assert any(why.kind == "price" for one in with_budget for why in one.reasons)
    free = {one.product_id: one for one in recommender.recommend(sure(count=1000))}
    assert not any(why.kind == "price" for one in free.values() for why in one.reasons)
    for pick in with_budget:
        for why in pick.reasons:
            if why.kind == "price":
                assert pick.score - free[pick.product_id].score == pytest.approx(why.drop, abs=1e-3)


def test_what_was_said_in_this_talk_changes_the_answer_at_once(recommender: Recommender, customer: int):
    plain = recommender.recommend(sure(count=8))
    named = []
    for liked in (one.product_id for one in plain):
        after = recommender.recommend(sure(count=8, talk=((liked, "liked"),)))
        assert [one.product_id for one in after] != [one.product_id for one in plain]
        named.append(any(why.cause == liked and why.kind == "liked" for one in after for why in one.reasons))
    assert any(named)  # not all: a product that hardly anybody knows has nothing beside it to name it


def test_what_is_disliked_goes_and_takes_its_like_down(recommender: Recommender):
    plain = {one.product_id: one.score for one in recommender.recommend(sure(count=1000))}
    best = next(iter(plain))
    after = {one.product_id: one.score for one in recommender.recommend(sure(count=1000, talk=((best, "disliked"),)))}
    assert best not in after


def test_a_guest_without_a_word_gets_what_is_popular(recommender: Recommender):
    picks = recommender.recommend(sure(count=5))
    assert len(picks) == 5
    assert all(why.cause is None for one in picks for why in one.reasons)
    assert len(recommender.recommend(sure(customer_id=10**9, count=5))) == 5


def test_a_customer_without_consent_is_treated_as_a_guest(recommender: Recommender, taught_shop: Shop):
    silent = columns(taught_shop, Customer.id, where=Customer.consent.is_(False))[0]
    assert history_of(taught_shop, silent) == []
    assert recommender.history(Ask(customer_id=silent)) == {}


def test_diversity_brings_more_shelves(recommender: Recommender, customer: int):
    shelf = recommender.shelf()

    def shelves(share: float) -> int:
        picks = recommender.recommend(sure(customer_id=customer, count=8, diversity=share))
        return len({int(shelf.leaf[shelf.place(one.code)]) for one in picks})

    assert shelves(0.7) >= shelves(0.0)


def test_exploring_changes_the_last_place_only_and_says_its_chance(recommender: Recommender, customer: int):
    best = recommender.recommend(sure(customer_id=customer))
    other = recommender.recommend(replace(sure(customer_id=customer), explore=1.0, seed=3))
    assert [one.code for one in best[:-1]] == [one.code for one in other[:-1]]
    assert 0 < other[-1].propensity < 0.1
    assert best[0].propensity == other[0].propensity == 1.0


def test_a_new_event_counts_without_training(taught_shop: Shop, tmp_path: Path, customer: int, clock):
    shop = copied(taught_shop, tmp_path, taught_shop.clock)
    shutil.copytree(taught_shop.settings.data_dir / "recsys", tmp_path / "recsys")
    recommender = Recommender(shop)
    before = recommender.recommend(sure(customer_id=customer, count=20))
    wanted = before[-1].product_id
    for kind in ("view", "cart", "favourite"):
        shop.events.record(customer, "s", kind, wanted)
    after = recommender.recommend(sure(customer_id=customer, count=20))
    assert [one.product_id for one in after] != [one.product_id for one in before]
    shop.database.dispose()


def test_a_damaged_version_leaves_the_last_good_one_in_service(taught_shop: Shop, tmp_path: Path):
    folder = tmp_path / "recsys"
    shutil.copytree(taught_shop.settings.data_dir / "recsys", folder)
    recommender = Recommender(taught_shop, folder)
    good = recommender.version
    name = train(taught_shop, folder).version
    (folder / name / "gram.npy").write_bytes(b"half")
    recommender.refresh()
    assert recommender.version == good
    assert recommender.recommend(sure(count=3))
    fresh = Recommender(taught_shop, folder)  # also after a restart
    assert fresh.version == good


def test_without_any_version_the_popular_products_are_shown(taught_shop: Shop, tmp_path: Path):
    recommender = Recommender(taught_shop, tmp_path / "nothing")
    assert recommender.version == "popular"
    assert len(recommender.recommend(sure(count=5))) == 5


def test_a_new_version_is_taken_up_and_the_oldest_goes(taught_shop: Shop, tmp_path: Path):
    folder = tmp_path / "recsys"
    recommender = Recommender(taught_shop, folder)
    names = []
    for _ in range(3):
        names.append(train(taught_shop, folder).version)
        recommender.refresh()
        assert recommender.version == names[-1]
    assert versions(folder) == names[:0:-1]


def test_a_shop_without_behaviour_trains_nothing_and_says_so(shop: Shop, build):
    build.product()
    said: list[str] = []
    assert train(shop, say=said.append) is None
    assert "too little" in said[-1]
    assert len(Recommender(shop).recommend(Ask(count=3))) <= 1


def test_a_recommendation_keeps_to_one_core(taught_shop: Shop):
    blas, asked = _libraries(), []
    before = [one.asked() for one in blas]

    def clock() -> float:
        asked.append({one.asked() for one in blas})
        return time.time()

    try:
        for one in blas:
            one.say(3)
        assert len(Recommender(taught_shop, clock=clock).recommend(Ask(customer_id=1, count=3))) == 3
        assert asked == [{1}] * len(asked) != []
        assert {one.asked() for one in blas} == {3}
    finally:
        for one, threads in zip(blas, before):
            one.say(threads)
