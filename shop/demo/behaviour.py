"""What customers and guests did on the shop's pages.

Every bought line of a consenting customer has its way there: a search or not,
views of it and of its rivals, the cart, the purchase. The rest are visits that
came to nothing, drawn from the same tastes.
"""

from __future__ import annotations

from typing import Iterator

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.customers import People
from shop.demo.demand import day_weights
from shop.demo.orders import Ledger
from shop.demo.reviews import Rated
from shop.demo.world import DAY, HOUR, NEVER, World, moment
from shop.demo.writer import Row

SHARPNESS = 1.15
"""Power of the chances by which products are looked at: people look at what they love most."""

Event = tuple[int, int, str, str, int, int, int]
"""(moment, customer or -1, session, kind, product or -1, query or -1, rating or 0)."""


def event_rows(
    world: World, goods: Goods, people: People, ledger: Ledger, chance: np.ndarray, rated: list[Rated]
) -> Iterator[Row]:
    """Rows of all events in the order of time."""
    queries = [_queries(goods, product) for product in range(len(goods.products))]
    events = _of_orders(world, people, ledger, chance)
    events += _of_ratings(people, ledger, rated)
    events += _of_visits(world, goods, people, chance, world.size.events - len(events))
    events.sort()
    for number, (at, customer, session, kind, product, query, rating) in enumerate(events):
        yield {
            "id": number + 1, "customer_id": customer + 1 if customer >= 0 else None, "session": session,
            "kind": kind, "product_id": None if kind == "search" else product + 1,
            "query": queries[product][query % len(queries[product])] if kind == "search" else None,
            "rating": rating or None, "at": moment(at),
        }  # fmt: skip


def _of_orders(world: World, people: People, ledger: Ledger, chance: np.ndarray) -> list[Event]:
    rng = world.rng("ways to orders")
    lines = np.flatnonzero(people.consent[ledger.customer[ledger.line_order]])
    order = ledger.line_order[lines]
    views = rng.choice([1, 2, 3], len(lines), p=[0.55, 0.3, 0.15])
    rolls = rng.random((len(lines), 6))
    rival = _drawn(rng, chance, ledger.customer[order])
    events: list[Event] = []
    for at, line in enumerate(lines):
        made, product = int(ledger.created[order[at]]), int(ledger.line_product[line])
        customer, session = int(ledger.customer[order[at]]), f"s{order[at]:x}"
        begin = made - 120 - int(rolls[at, 0] * 1500)
        if rolls[at, 1] < 0.35:
            events.append((begin - 20, customer, session, "search", product, int(rolls[at, 2] * 1000), 0))
        events.append((begin, customer, session, "view", product, -1, 0))
        for more in range(1, views[at]):  # days before, in visits of their own
            earlier = begin - int((more - 1 + rolls[at, 3]) * DAY) - HOUR
            events.append((earlier, customer, f"{session}v{more}", "view", product, -1, 0))
        if rolls[at, 4] < 0.5 and rival[at] != product:
            events.append((begin + 35, customer, session, "view", int(rival[at]), -1, 0))
        if rolls[at, 5] < 0.08:
            events.append((begin + 50, customer, session, "favourite", product, -1, 0))
        events.append((begin + 70, customer, session, "cart", product, -1, 0))
        paid = int(ledger.paid[order[at]])
        if paid < NEVER:
            events.append((paid, customer, session, "buy", product, -1, 0))
    return events


def _of_ratings(people: People, ledger: Ledger, rated: list[Rated]) -> list[Event]:
    found: list[Event] = []
    for one in rated:
        customer = int(ledger.customer[ledger.line_order[one.line]])
        if people.consent[customer]:
            product = int(ledger.line_product[one.line])
            found.append((one.at, customer, f"r{one.line:x}", "rate", product, -1, one.stars))
    return found


def _of_visits(world: World, goods: Goods, people: People, chance: np.ndarray, wanted: int) -> list[Event]:
    """Visits without an order: views, sometimes a search, a cart or a favourite; one in ten is a guest's."""
    rng = world.rng("visits")
    visits = max(0, round(wanted / 4.1))
    weight = day_weights(world)
    weight[-1] *= max(0.02, (world.now - world.today) / DAY)
    days = rng.choice(len(weight), visits, p=weight / weight.sum())
    clock = (rng.beta(3.2, 1.6, visits) * 23.7 * HOUR).astype(int)
    start = np.minimum(world.start + days * DAY + clock, world.now - HOUR)
    eager = people.activity * people.consent
    customer = rng.choice(len(eager), visits, p=eager / eager.sum())
    guest = (rng.random(visits) < 0.1) | (people.joined[customer] > start)
    length = 1 + rng.poisson(2.1, visits)
    owner = np.repeat(np.arange(visits), length)
    product = _drawn(rng, chance, customer[owner])
    at = start[owner] + (rng.random(len(owner)) * 1200).astype(int)
    roll = rng.random((len(owner), 2))
    known = goods.launched[product] < at
    events: list[Event] = []
    for row in np.flatnonzero(known & (goods.ended[product] > at)):
        visit = owner[row]
        who = -1 if guest[visit] else int(customer[visit])
        session = "" if guest[visit] else f"v{visit:x}"
        second, item, extra = int(at[row]), int(product[row]), roll[row, 0]
        if roll[row, 1] < 0.12:
            events.append((second - 15, who, session, "search", item, int(extra * 1000), 0))
        events.append((second, who, session, "view", item, -1, 0))
        if extra < 0.07:
            events.append((second + 40, who, session, "cart", item, -1, 0))
        elif extra < 0.13:
            events.append((second + 30, who, session, "favourite", item, -1, 0))
    return events


def _drawn(rng: np.random.Generator, chance: np.ndarray, customer: np.ndarray) -> np.ndarray:
    """A product for each entry, by its customer's chances, sharpened."""
    heap = np.cumsum(chance**SHARPNESS, axis=1)
    heap /= heap[:, -1:]
    found = np.empty(len(customer), int)
    for begin in range(0, len(customer), 20000):
        part = customer[begin : begin + 20000]
        aim = rng.random(len(part))[:, None]
        found[begin : begin + len(part)] = (heap[part] < aim).sum(1)
    return np.minimum(found, chance.shape[1] - 1)


def _queries(goods: Goods, product: int) -> list[str]:
    """What people type to find a product: its shelf's words, its brand, both, its name."""
    row = goods.products[product]
    shelf = goods.categories[row["category_id"] - 1]
    maker = goods.brands[row["brand_id"] - 1]["name"]
    words = [shelf["name"], *shelf["aliases"][:4]]
    named = [word for word in shelf["aliases"] if word in row["name"]] or [shelf["name"]]
    return [*named, *words, f"{maker}{named[0]}", maker, row["name"]]
