"""The tastes that a demo shop's behaviour was drawn from: nothing that learns from the behaviour can rank better.

The demo shop keeps its seed and its moment (``shop.demo.stamp``), so the chances can be
drawn again. Only evaluation looks at them; no model does.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from recsys.interactions import Interactions
from shop.demo.behaviour import SHARPNESS
from shop.demo.catalogue import Goods, make_goods
from shop.demo.content import digest, load_content
from shop.demo.customers import make_people, tastes
from shop.demo.demand import day_weights
from shop.demo.stamp import read_stamp
from shop.demo.world import DAY, FULL, SMALL, World
from shop.errors import BadValue

if TYPE_CHECKING:
    from shop.front import Shop


def true_chances(shop: Shop) -> np.ndarray:
    """How likely each customer touches each product, up to a factor a customer: (customers, products), by their ids.

    Raises:
        BadValue: the shop is no demo shop of this making.
    """
    stamp = read_stamp(shop.settings)
    if stamp is None or stamp.state != "built" or stamp.digest != digest():
        raise BadValue("no demo shop of this making (make demo ARGS=--force): the tastes behind it are not known")
    now = datetime.fromisoformat(stamp.built_at)
    size = SMALL if stamp.small else FULL
    return chances_of(World(shop.settings, shop.cipher, load_content(), size, stamp.seed, now))


def chances_of(world: World) -> np.ndarray:
    """The chances of a build; see ``true_chances``."""
    goods = make_goods(world)
    return tastes(world, goods, make_people(world)) ** SHARPNESS * _on_sale(world, goods)


def _on_sale(world: World, goods: Goods) -> np.ndarray:
    """The share of all visits that found each product on sale: (products,)."""
    weight = day_weights(world)
    noon = world.start + np.arange(len(weight)) * DAY + DAY // 2
    there = (goods.launched[:, None] < noon) & (goods.ended[:, None] > noon)
    return np.asarray(there @ weight / weight.sum())


def ranking(data: Interactions, chances: np.ndarray) -> np.ndarray:
    """The chances of the customers and products of a matrix, whose ids count from 1: (customers, items).

    Raises:
        BadValue: some of them came after the shop was made, so that their tastes are not known.
    """
    for ids, known in zip((data.customers, data.items), chances.shape, strict=True):
        if len(ids) and not 1 <= ids.min() <= ids.max() <= known:
            raise BadValue("the demo shop has grown since it was made: the tastes of what is new are not known")
    return np.asarray(chances[np.ix_(data.customers - 1, data.items - 1)], np.float32)
