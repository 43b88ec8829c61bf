"""Shelves, brands, products with their SKUs, prices over time, warehouses, suppliers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Iterator

import numpy as np

from shop.demo.content import words_of
from shop.demo.prices import Prices, make_prices, tagged
from shop.demo.world import DAY, HOUR, World, moment
from shop.demo.writer import Row

_EXTRA = re.compile(r"^(.+?)([+-]\d+(?:\.\d+)?)$")


@dataclass
class Goods:
    """The catalogue in columns; positions are ids less one."""

    categories: list[Row]
    brands: list[Row]
    products: list[Row]
    skus: list[Row]
    icons: list[tuple[str, int]]  # of each product: icon, hue
    leaf: np.ndarray  # of each product: position of its category
    season: list[str]  # of each category
    popularity: np.ndarray  # of each product
    launched: np.ndarray  # of each product: moment from which it sold
    ended: np.ndarray  # of each product: moment from which it did not
    first_sku: np.ndarray  # of each product, with one more at the end
    weight: np.ndarray  # of each SKU: its share of its product's sales
    prices: Prices
    supplier: np.ndarray  # of each SKU: position of its supplier
    cost_fen: np.ndarray  # of each SKU
    warehouses: list[Row] = field(default_factory=list)
    suppliers: list[Row] = field(default_factory=list)

    def price(self, sku: np.ndarray, product: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Fen that SKUs cost on days."""
        return tagged(self.base_fen[sku], self.prices.factor[product, day])

    @property
    def base_fen(self) -> np.ndarray:
        """List price of each SKU in fen."""
        return np.array([sku["base_fen"] for sku in self.skus])

    @property
    def sku_product(self) -> np.ndarray:
        """Position of each SKU's product."""
        return np.array([sku["product_id"] - 1 for sku in self.skus])


def make_goods(world: World) -> Goods:
    """The catalogue of a build."""
    rng = world.rng("catalogue")
    content = world.content
    codes = {row["code"]: at for at, row in enumerate(content.categories)}
    makers = {row["code"]: at + 1 for at, row in enumerate(content.brands)}
    chosen = _chosen(content.products, world.size.products)
    popularity = np.array([float(row["popularity"] or 1) for row in chosen])
    launched, ended = _lives(world, rng, popularity)
    products = [
        _product(at, row, codes, makers, int(launched[at]), bool(ended[at] > world.now))
        for at, row in enumerate(chosen)
    ]
    skus, first = _skus(world, rng, chosen)
    leaf = np.array([codes[row["category_code"]] for row in chosen])
    prices = make_prices(world, rng, leaf, np.array([makers[row["brand_code"]] for row in chosen]))
    goods = Goods(
        categories=[_category(at, row, codes) for at, row in enumerate(content.categories)],
        brands=[_brand(at, row) for at, row in enumerate(content.brands)],
        products=products,
        skus=skus,
        icons=[(row["icon"], int(row["hue"] or 0)) for row in chosen],
        leaf=leaf,
        season=[row["season"] or "flat" for row in content.categories],
        popularity=popularity,
        launched=launched,
        ended=ended,
        first_sku=first,
        weight=_shares(rng, first),
        prices=prices,
        supplier=np.zeros(len(skus), int),
        cost_fen=np.zeros(len(skus), int),
    )
    today = np.full(len(skus), world.size.days)
    for sku, price in zip(skus, goods.price(np.arange(len(skus)), goods.sku_product, today)):
        sku["price_fen"] = int(price)
    _supply(world, rng, goods)
    return goods


def price_changes(world: World, goods: Goods) -> Iterator[Row]:
    """A row for the price at the beginning, and one for each later change, also of those planned, of each SKU."""
    base, number = goods.base_fen, 0
    for at, owner in enumerate(goods.sku_product):
        prices = tagged(base[at], goods.prices.factor[owner])
        begin = int(goods.launched[owner])
        first = max(0, int(world.day(begin)))
        days = [first] + [day for day in range(first + 1, len(prices)) if prices[day] != prices[day - 1]]
        for day in days:
            number += 1
            when = begin if day == first else world.start + day * DAY
            yield {"id": number, "sku_id": at + 1, "at": moment(when), "price_fen": int(prices[day])}


def supplier_skus(goods: Goods, rng: np.random.Generator) -> list[Row]:
    """Who sells each SKU to the shop, for how much."""
    packs = rng.choice([1, 5, 10, 20], len(goods.skus))
    return [
        {
            "id": at + 1,
            "supplier_id": int(goods.supplier[at]) + 1,
            "sku_id": at + 1,
            "cost_fen": int(goods.cost_fen[at]),
            "pack_size": int(packs[at]),
            "min_order": int(packs[at] * 2),
        }
        for at in range(len(goods.skus))
    ]


def _chosen(rows: list[dict[str, str]], limit: int | None) -> list[dict[str, str]]:
    """All products, or that many: the best seller of each category, then the second best, and so on."""
    if limit is None:
        return rows
    ranked: dict[str, list[int]] = {}
    for at, row in sorted(enumerate(rows), key=lambda pair: -float(pair[1]["popularity"] or 0)):
        ranked.setdefault(row["category_code"], []).append(at)
    order = sorted((place, at) for shelf in ranked.values() for place, at in enumerate(shelf))
    return [rows[at] for at in sorted(at for _, at in order[:limit])]


def _lives(world: World, rng: np.random.Generator, popularity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each product came and went: most were there before, some are new, the least wanted one in 150 is gone."""
    count = len(popularity)
    launched = world.start - rng.integers(1, 300, count) * DAY + 10 * HOUR
    new = rng.random(count) < 0.2
    launched[new] = world.start + rng.integers(30, world.size.days - 20, int(new.sum())) * DAY + 10 * HOUR
    ended = np.full(count, world.now + 10_000 * DAY)
    gone = np.argsort(popularity, kind="stable")[: count // 150]
    launched[gone] = world.start - DAY
    ended[gone] = world.today - 60 * DAY
    return launched, ended


def _category(at: int, row: dict[str, str], codes: dict[str, int]) -> Row:
    parent = codes[row["parent_code"]] + 1 if row["parent_code"] else None
    aliases = words_of(row["aliases"])
    return {"id": at + 1, "code": row["code"], "name": row["name"], "parent_id": parent, "aliases": aliases}


def _brand(at: int, row: dict[str, str]) -> Row:
    aliases = words_of(row["aliases"])
    return {
        "id": at + 1,
        "code": row["code"],
        "name": row["name"],
        "aliases": aliases,
        "country": row["country"] or None,
    }


def _product(
    at: int, row: dict[str, str], codes: dict[str, int], makers: dict[str, int], since: int, on_sale: bool
) -> Row:
    attributes = dict(part.split("=", 1) for part in words_of(row["attributes"]) if "=" in part)
    return {
        "id": at + 1,
        "code": row["code"],
        "category_id": codes[row["category_code"]] + 1,
        "brand_id": makers[row["brand_code"]],
        "name": row["name"],
        "subtitle": row["subtitle"],
        "description": row["description"],
        "attributes": attributes,
        "usage": row["usage"],
        "package": row["package"],
        "warranty_months": int(row["warranty_months"] or 0),
        "popularity": int(float(row["popularity"] or 0)),
        "on_sale": int(on_sale),
        "created_at": moment(since),
    }


def _skus(world: World, rng: np.random.Generator, chosen: list[dict[str, str]]) -> tuple[list[Row], np.ndarray]:
    """The SKUs of all products, and the position of each product's first one."""
    skus: list[Row] = []
    first = [0]
    for at, row in enumerate(chosen):
        base = round(float(row["price_yuan"]) * 100)
        for color, size, extra in _combinations(row["options"], set(world.content.words["color_options"])):
            code = f"{row['code']}-{len(skus) - first[-1] + 1:02d}"
            skus.append(
                {"id": len(skus) + 1, "code": code, "product_id": at + 1, "color": color, "size": size,
                 "base_fen": base + extra, "price_fen": base + extra, "barcode": ""}
            )  # fmt: skip
        first.append(len(skus))
    for sku, serial in zip(skus, rng.permutation(np.arange(10_000, 10_000 + len(skus)))):
        sku["barcode"] = _ean(f"6900{serial:08d}")
    return skus, np.array(first)


def _combinations(options: str, color_names: set[str]) -> list[tuple[str, str, int]]:
    """Every (colour, size, extra fen) of a cell like ``颜色=红|黑;容量=64G-100|128G|256G+200``."""
    found: list[tuple[str, str, int]] = [("", "", 0)]
    for option in words_of(options):
        name, _, listed = option.partition("=")
        grown = []
        for color, size, extra in found:
            for value in words_of(listed, "|"):
                match = _EXTRA.match(value)
                text, more = (match[1], round(float(match[2]) * 100)) if match else (value, 0)
                if name in color_names and not color:
                    grown.append((text, size, extra + more))
                else:
                    grown.append((color, f"{size} {text}".strip(), extra + more))
        found = grown
    return found


def _ean(body: str) -> str:
    """A 12-digit number with its EAN-13 check digit."""
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _shares(rng: np.random.Generator, first: np.ndarray) -> np.ndarray:
    return np.concatenate([rng.dirichlet(np.full(count, 2.5)) for count in np.diff(first)])


def _supply(world: World, rng: np.random.Generator, goods: Goods) -> None:
    words: dict[str, Any] = world.content.words
    goods.warehouses = [
        {"id": at + 1, **{key: one[key] for key in ("code", "name", "province", "city")}}
        for at, one in enumerate(words["warehouses"])
    ]
    goods.suppliers = [
        {"id": at + 1, "code": one["code"], "name": one["name"], "lead_time_days": one["days"],
         "contact_sealed": world.cipher.seal(f"{one['code'].lower()}@supplier.example")}
        for at, one in enumerate(words["suppliers"])
    ]  # fmt: skip
    parents = [(one["parent_id"] or one["id"]) - 1 for one in goods.categories]
    for product, leaf in enumerate(goods.leaf):
        shelf = goods.categories[parents[leaf]]["code"]
        sellers = [at for at, one in enumerate(words["suppliers"]) if shelf in one["sells"]]
        skus = slice(goods.first_sku[product], goods.first_sku[product + 1])
        goods.supplier[skus] = rng.choice(sellers)
        goods.cost_fen[skus] = (goods.base_fen[skus] * rng.uniform(0.45, 0.72)).astype(int)
