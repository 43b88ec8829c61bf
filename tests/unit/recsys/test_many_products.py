"""More products than are all scored: candidates are drawn, and no wish starves."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.ask import Ask
from recsys.recommender import Recommender
from recsys.shelf import Wishes
from recsys.view import WHOLE_UP_TO
from tests.bench.recommend import recommender


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    return recommender(2 * WHOLE_UP_TO, tmp_path_factory.mktemp("many"))


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes(shelf=1003),
        Wishes(shelf=1003, price_max_fen=3000),
        Wishes(brand=7, price_min_fen=800_000),
        Wishes(price_max_fen=950),
    ],
)
@pytest.mark.parametrize("talk", [(), ((5, "asked"), (40, "liked"))], ids=["silent", "told"])
def test_as_many_come_as_are_asked_for_or_fit(asked: Recommender, wishes: Wishes, talk: tuple[tuple[int, str], ...]):
    shelf = asked.shelf()
    fits = shelf.ids[shelf.fitting(wishes)]
    picks = [one.product_id for one in asked.recommend(Ask(talk=talk, wishes=wishes, count=10, explore=0.0))]
    assert len(set(picks)) == len(picks) == min(10, len(fits))
    assert np.isin(picks, fits).all()


def test_candidates_bring_up_what_scoring_all_would(asked: Recommender):
    ask = Ask(talk=((5, "asked"), (40, "liked"), (77, "asked")), count=10, explore=0.0, diversity=0.0)
    found = {one.product_id for one in asked.recommend(ask)}
    ids = frozenset(asked.shelf().ids[: WHOLE_UP_TO - 1].tolist())  # so few are all scored
    best = asked.recommend(Ask(**{**ask.__dict__, "wishes": Wishes(ids=ids)}))
    reached = min(one.score for one in asked.recommend(ask))
    missed = [one for one in best if one.score > reached and one.product_id not in found]
    assert len(missed) <= 1
