"""The table of ``recsys.evaluate --shop``: with what is known of the products, and the truth where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recsys.blend import Blend
from recsys.evaluate import Table, measure, measured
from recsys.model import Model
from recsys.splits import Parts, split
from recsys.train import AT_LEAST, parts_for, placed, shop_interactions
from recsys.truth import ranking, true_chances
from recsys.two_tower import TwoTower, TwoTowerConfig
from recsys.user_neighbours import UserNeighbours
from shop.errors import BadValue
from shop.product_features import product_features
from shop.product_texts import product_texts

if TYPE_CHECKING:
    from shop.front import Shop

TRUTH = "true_tastes"


def evaluate_shop(
    shop: Shop,
    how: str = "random",
    seed: int = 1,
    *,
    peers_seed: int | None = None,
    ablate: bool = False,
    epochs: int = TwoTowerConfig.epochs,
) -> Table:
    """Measures of what the shop serves, of other models and, in a demo shop, of the tastes behind it.

    Args:
        shop: with its products, their features and its behaviour.
        how: the split.
        seed: of the split.
        peers_seed: of the peers; None leaves them out.
        ablate: also the two towers without each kind of feature, and with ids alone.
        epochs: of the towers.
    """
    products = product_texts(shop)
    data, _ = shop_interactions(shop, products)
    content = placed(shop, products)[1]
    features = product_features(shop, products)
    parts = split(data, how, seed)
    served = parts_for(content)
    singles: list[Model] = [*served, UserNeighbours(), *_towers(features, ablate, TwoTowerConfig(epochs=epochs))]
    found = measure(parts, singles, Blend(parts=served, least=AT_LEAST), peers_seed)
    truth = _truth(shop, parts)
    if truth is not None:
        found[TRUTH] = measured(lambda rows: truth[rows], parts, 0.0, None)
    return found


def _towers(features: dict[str, np.ndarray], ablate: bool, config: TwoTowerConfig) -> list[Model]:
    """The two towers with all features, and with fewer: ``two_tower-picture`` lacks that kind, ``-all`` each."""
    found = [TwoTower(config, features)]
    for kind in [*features, "all"] if ablate else []:
        less = {name: one for name, one in features.items() if kind not in (name, "all")}
        found.append(TwoTower(config, less))
        found[-1].name = f"two_tower-{kind}"  # type: ignore[misc]
    return list(found)


def _truth(shop: Shop, parts: Parts) -> np.ndarray | None:
    try:
        return ranking(parts.train, true_chances(shop))
    except BadValue:
        return None
