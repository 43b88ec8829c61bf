"""Every model by its name: what the shared tests run on, and what evaluation lists."""

from __future__ import annotations

from recsys.als import Als
from recsys.blend import Blend
from recsys.content import Content
from recsys.ease import Ease
from recsys.item_neighbours import ItemNeighbours
from recsys.model import Model
from recsys.popularity import Popularity
from recsys.sgd_factors import SgdFactors
from recsys.two_tower import TwoTower
from recsys.user_neighbours import UserNeighbours

MODELS: dict[str, type[Model]] = {
    one.name: one
    for one in (Popularity, UserNeighbours, ItemNeighbours, Als, Ease, Content, SgdFactors, TwoTower, Blend)
}
