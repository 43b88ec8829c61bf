"""What is said of why a product is shown: each named thing, taken away, costs the product what was said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys.artefact import Artefact
from recsys.ask import Ask
from recsys.content_space import ContentSpace
from recsys.newcomers import extended
from recsys.reasons import Reason, give_reasons
from recsys.recommender import Recommender
from recsys.scoring import Scorer
from recsys.shelf import Shelf, Wishes
from recsys.view import View
from shop.event_reader import EventRow, ShelfItem
from shop.front import Shop
from shop.models import Customer
from tests.demo_shops import columns
from tests.unit.recsys.small import small_artefact

NOW = 1.7e9


@pytest.fixture(scope="module")
def recommender(taught_shop: Shop) -> Recommender:
    return Recommender(taught_shop)


def reasons(artefact: Artefact, shelf: Shelf, ask: Ask) -> tuple[np.ndarray, list[tuple[Reason, ...]]]:
    """Scores and reasons of all products of a shelf."""
    view = View(artefact, shelf, ask, {}, NOW)
    every = np.arange(len(shelf))
    return view.scores(every), give_reasons(view, every, {})


@pytest.mark.parametrize("kind", ["suits", "style", "together", "praised", "price"])
def test_what_stands_about_a_product_is_a_reason_only_as_far_as_it_lifts_it(recommender: Recommender, kind: str):
    trained, shelf = recommender.serving(), recommender.shelf()
    assert trained is not None
    leaf, other = np.unique(shelf.leaf)[:2].tolist()  # the small shop has too few orders to tell what goes together
    good = {int(one): [("battery", 5)] for one, stars in zip(shelf.ids, shelf.praise) if stars > 0}
    artefact = replace(trained, together={leaf: {other: 1.5}}, praise=good)
    without = Ask(taste=0.0)
    named = {
        "suits": replace(without, suits=frozenset({int(leaf)})),
        "style": replace(without, style=frozenset(shelf.ids[:5].tolist())),
        "together": replace(without, beside=int(leaf)),
        "price": replace(without, wishes=Wishes(price_max_fen=30_000)),
        "praised": without,
    }[kind]
    silent = Shelf([replace(one, stars=0.0, reviews=0) for one in shelf.items]) if kind == "praised" else shelf
    scores, why = reasons(artefact, shelf, named)
    less, _ = reasons(artefact, silent, without)
    told = [(at, one) for at, some in enumerate(why) for one in some if one.kind == kind]
    assert told
    for at, one in told:
        assert scores[at] - less[at] == pytest.approx(one.drop, abs=1e-3)
        assert one.drop > 0
    assert not any(one.kind == kind for some in reasons(artefact, silent, without)[1] for one in some)


def test_people_are_named_only_where_people_had_both(recommender: Recommender, taught_shop: Shop):
    artefact = recommender.serving()
    assert artefact is not None
    told = [
        (pick.product_id, why)
        for one in columns(taught_shop, Customer.id, where=Customer.consent.is_(True))
        for pick in recommender.recommend(Ask(customer_id=one, count=10, explore=0.0))
        for why in pick.reasons
        if why.way == "people"
    ]
    assert told
    for product, why in told:
        items, values = artefact.near(artefact.column_of[why.cause])
        assert values[items == artefact.column_of[product]] > 0


def by_picture() -> Artefact:
    """Four tastes that only pictures tell apart: the words of all products are the same."""
    made = small_artefact()
    words = np.full((len(made.ids), 2), 0.1, np.float32)
    nothing, turn = np.zeros(1, np.float32), {"picture": np.eye(4, dtype=np.float32)}
    space = ContentSpace(nothing, np.zeros((1, 2), np.float32), {"picture": np.zeros(4)}, turn, 0.7)
    return replace(made, content=np.concatenate([words, made.content], axis=1), space=space)


def after_buying(artefact: Artefact, columns_bought: list[int]) -> list[Reason]:
    """The first reason of each product of the second taste."""
    shelf = Shelf(
        [
            ShelfItem(int(one), f"P{one}", f"n{one}", (1,), 1, 100, 100, 5, 4.2, 9, 0.0)
            for one in sorted(artefact.ids.tolist())
        ]
    )
    view = View(artefact, shelf, Ask(), dict.fromkeys(columns_bought, 2.0), NOW)
    bought = [int(artefact.ids[one]) for one in columns_bought]
    events = {one: EventRow(1, one, "buy", None, "", NOW) for one in bought}
    alike = [at for at, one in enumerate(shelf.ids) if one not in bought and (one - 10) % 4 == 1]
    return [some[0] for some in give_reasons(view, np.array(alike), events)]


def test_a_picture_is_named_where_it_is_what_makes_two_products_alike():
    artefact = replace(by_picture(), weights={"als": 0.0, "ease": 0.0, "content": 1.0, "popularity": 0.0})
    told = after_buying(artefact, [1, 2])
    assert {one.way for one in told} == {"picture"}
    blind = artefact.content.copy()
    blind[:, 2:] = 0.0
    unseen = after_buying(replace(artefact, content=blind), [1, 2])
    assert not any(one.way == "picture" for one in unseen)
    assert max(one.drop for one in unseen) < min(one.drop for one in told)


def test_of_a_newcomer_no_people_are_named_but_its_picture_is():
    artefact = replace(by_picture(), weights={"als": 0.0, "ease": 1.0, "content": 0.1, "popularity": 0.0})
    more = extended(
        artefact, np.array([901]), artefact.content[[1]]
    )  # (901 − 10) % 4 is not its taste: it is chosen by hand
    assert {one.way for one in after_buying(artefact, [1, 2])} == {"people"}
    shelf = Shelf([ShelfItem(one, "P", "n", (1,), 1, 100, 100, 5, 4.2, 9, 0.0) for one in [*range(10, 50), 901]])
    view = View(more, shelf, Ask(), {1: 2.0, 2: 2.0}, NOW)
    events = {11: EventRow(1, 11, "buy", None, "", NOW)}
    assert give_reasons(view, np.array([40]), events)[0][0].way == "picture"


def test_what_is_new_in_the_shop_is_lifted_for_a_while(recommender: Recommender):
    shelf = recommender.shelf()
    young = Shelf([replace(shelf.items[0], opened_at=NOW - 86400), *shelf.items[1:]])
    old = Shelf([replace(shelf.items[0], opened_at=NOW - 90 * 86400), *shelf.items[1:]])
    new, known = (View(None, one, Ask(), {}, NOW).scores(np.arange(2)) for one in (young, old))
    assert new[0] > known[0]
    assert new[1] == known[1]


def test_what_is_folded_in_has_the_place_that_training_gives_it(behaviour):
    from recsys.als import Als, AlsConfig
    from recsys.artefact import make_artefact

    als = Als(AlsConfig(factors=16, binary=False)).fit(behaviour)
    assert isinstance(als, Als)
    nothing = np.zeros(behaviour.shape[1] + 1), np.zeros(0), np.zeros(0)
    unit = np.ones((behaviour.shape[1], 1))
    artefact = make_artefact(
        np.arange(behaviour.shape[1]), als.items, als.config.regularisation, nothing, unit, unit[:, 0],
        weights={"als": 1.0, "ease": 0.0, "content": 0.0, "popularity": 0.0}, alpha=als.config.alpha, praise={},
    )  # fmt: skip
    row = behaviour.matrix[7]
    history = dict(zip(row.indices.tolist(), row.data.tolist()))
    assert np.allclose(Scorer(artefact, history).vector(), als.vectors(row)[0], atol=2e-3)
