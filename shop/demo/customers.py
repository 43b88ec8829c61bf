"""Customers: names, phones, addresses, and the tastes that lie behind what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.world import DAY, NEVER, World, moment
from shop.demo.writer import Row

FACTORS = 12
SHOWCASE = 0
"""Position of the demo customer, whose history is made by hand (``showcase.py``)."""


@dataclass
class People:
    """Customers in columns; positions are ids less one."""

    names: list[str]
    phones: list[str]
    joined: np.ndarray
    left: np.ndarray  # moment from which the customer buys no more
    activity: np.ndarray
    consent: np.ndarray
    marketing: np.ndarray
    taste: np.ndarray  # customers × factors
    home: list[list[Row]]  # the addresses of each, open: province, city, district, street, name, phone


def make_people(world: World) -> People:
    """The customers of a build."""
    rng = world.rng("customers")
    count = world.size.customers
    joined = world.start - rng.integers(0, 500, count) * DAY + rng.integers(0, DAY, count)
    late = rng.random(count) < 0.4
    joined[late] = world.start + (rng.random(int(late.sum())) * (world.today - DAY - world.start)).astype(int)
    left = np.full(count, NEVER)
    gone = rng.random(count) < 0.22
    span = np.maximum(world.now - np.maximum(joined, world.start), 2 * DAY)
    left[gone] = (np.maximum(joined, world.start) + rng.uniform(0.05, 0.8, count) * span).astype(int)[gone]
    names = _names(world, rng, count)
    names[SHOWCASE] = world.content.words["showcase"]["name"]
    joined[SHOWCASE], left[SHOWCASE] = world.start - 40 * DAY, NEVER
    consent = rng.random(count) < 0.85
    consent[SHOWCASE] = True
    phones = _phones(world, rng, count)
    return People(
        names=names,
        phones=phones,
        joined=joined,
        left=left,
        activity=rng.gamma(0.9, 1.0, count) + 0.03,
        consent=consent,
        marketing=rng.random(count) < 0.6,
        taste=np.zeros((count, FACTORS)),
        home=[_addresses(world, rng, name, phone) for name, phone in zip(names, phones)],
    )


def tastes(world: World, goods: Goods, people: People) -> np.ndarray:
    """Chances (customers × products, rows sum to 1) from latent factors and popularity.

    A product's factors are its category's, half its brand's and some of its own; a
    customer's come from one to three of the tastes of demo.json. Both have length
    one, and a chance grows with exp(their product).
    """
    rng = world.rng("tastes")
    codes = [one["code"] for one in goods.categories]
    shelf = _unit(rng.normal(size=(len(codes), FACTORS)))
    maker = _unit(rng.normal(size=(len(goods.brands), FACTORS)))
    own = _unit(rng.normal(size=(len(goods.products), FACTORS)))
    brand = np.array([one["brand_id"] - 1 for one in goods.products])
    item = _unit(shelf[goods.leaf] + 0.5 * maker[brand] + 0.6 * own)
    kinds = [
        _unit(sum(weight * shelf[codes.index(code)] for code, weight in loves.items()))
        for loves in world.content.words["tastes"].values()
    ]
    count = len(people.names)
    mix = np.zeros((count, len(kinds)))
    for at in range(count):
        chosen = rng.choice(len(kinds), rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]), replace=False)
        mix[at, chosen] = rng.dirichlet(np.full(len(chosen), 2.0))
    people.taste = _unit(mix @ np.array(kinds) + 0.25 * _unit(rng.normal(size=(count, FACTORS))))
    chance = np.exp(5.0 * people.taste @ item.T) * goods.popularity**0.75
    return chance / chance.sum(1, keepdims=True)


def customer_rows(
    world: World, people: People, levels: np.ndarray, points: np.ndarray, balances: np.ndarray
) -> list[Row]:
    """Rows of all customers, with their personal data sealed."""
    rng = world.rng("customer rows")
    cipher = world.cipher
    mail = rng.random(len(people.names)) < 0.6
    return [
        {
            "id": at + 1,
            "code": _code(at),
            "name_sealed": cipher.seal(people.names[at]),
            "phone_sealed": cipher.seal(people.phones[at]),
            "email_sealed": cipher.seal(f"{_code(at).lower()}@example.com") if mail[at] or at == SHOWCASE else None,
            "phone_hash": cipher.fingerprint(people.phones[at]),
            "level": int(levels[at]),
            "points": int(points[at]),
            "balance_fen": int(balances[at]),
            "consent": bool(people.consent[at]),
            "marketing": bool(people.marketing[at]),
            "created_at": moment(people.joined[at]),
        }
        for at in range(len(people.names))
    ]


def address_rows(world: World, people: People) -> list[Row]:
    """Rows of all addresses; a customer's first one is the default."""
    rows: list[Row] = []
    for at, homes in enumerate(people.home):
        for place, home in enumerate(homes):
            rows.append(
                {
                    "id": len(rows) + 1,
                    "customer_id": at + 1,
                    "name_sealed": world.cipher.seal(home["name"]),
                    "phone_sealed": world.cipher.seal(home["phone"]),
                    "province": home["province"],
                    "city": home["city"],
                    "district": home["district"],
                    "street_sealed": world.cipher.seal(home["street"]),
                    "is_default": place == 0,
                }
            )
    return rows


def _code(at: int) -> str:
    return f"C{at + 1:06d}"


def _unit(rows: Any) -> np.ndarray:
    array = np.asarray(rows, float)
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


def _names(world: World, rng: np.random.Generator, count: int) -> list[str]:
    def drawn(kind: str) -> list[str]:
        rows = [row for row in world.content.names if row["kind"] == kind]
        weight = np.array([float(row["weight"] or 1) for row in rows])
        return list(rng.choice([row["name"] for row in rows], count, p=weight / weight.sum()))

    return [f"{family}{given}" for family, given in zip(drawn("surname"), drawn("given"))]


def _phones(world: World, rng: np.random.Generator, count: int) -> list[str]:
    """Different numbers under prefixes that no network hands out."""
    prefixes = rng.choice(world.content.words["phone_prefixes"], count)
    tails = rng.choice(10**8, count, replace=False)
    return [f"{prefix}{tail:08d}" for prefix, tail in zip(prefixes, tails)]


def _addresses(world: World, rng: np.random.Generator, name: str, phone: str) -> list[Row]:
    cities, rooms = world.content.cities, world.content.words["rooms"]
    homes = []
    for _ in range(int(rng.choice([1, 2, 3], p=[0.65, 0.27, 0.08]))):
        city = cities[rng.integers(len(cities))]
        a, b, c = (int(one) for one in (rng.integers(1, 30), rng.integers(1, 5), rng.integers(101, 2505)))
        room = rooms[rng.integers(len(rooms))].format(a=a, b=b, c=c)
        place = {key: city[key] for key in ("province", "city", "district")}
        homes.append({**place, "street": f"{city['street']}{room}", "name": name, "phone": phone})
    return homes
