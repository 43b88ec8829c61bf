"""Orders: the moment of every step, the state that follows from it, and the money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np

from shop.demo.catalogue import Goods
from shop.demo.coupons import Campaign, use_coupons
from shop.demo.customers import People
from shop.demo.demand import Sales
from shop.demo.world import DAY, HOUR, NEVER, SHANGHAI_S, World, moment, serials, shanghai_date
from shop.demo.writer import Row
from shop.states import OrderState

MINUTE = 60
_METHODS = ["wechat", "alipay", "card", "balance"]
_REASONS = ["unwanted", "wrong_size", "price", "not_shipped", "other"]


@dataclass
class Ledger:
    """Orders in columns; a moment that lies ahead or never comes is NEVER.

    ``arrives`` is when a parcel arrives or will; ``silent`` the moment after
    which a stuck parcel was scanned no more.
    """

    number: list[str]
    customer: np.ndarray
    created: np.ndarray
    paid: np.ndarray
    shipped: np.ndarray
    delivered: np.ndarray
    completed: np.ndarray
    cancelled: np.ndarray
    cancel_reason: np.ndarray
    arrives: np.ndarray
    silent: np.ndarray
    home: list[Row]  # receiver of each order
    warehouse: np.ndarray
    goods_fen: np.ndarray
    discount_fen: np.ndarray
    shipping_fen: np.ndarray
    method: np.ndarray
    refunded_fen: np.ndarray
    line_order: np.ndarray
    line_sku: np.ndarray
    line_product: np.ndarray
    line_quantity: np.ndarray
    line_price: np.ndarray

    @property
    def total_fen(self) -> np.ndarray:
        """What each order costs."""
        return self.goods_fen - self.discount_fen + self.shipping_fen

    @property
    def was_paid(self) -> np.ndarray:
        """Whether money came in."""
        return np.asarray(self.paid < NEVER)

    def state(self, at: int) -> OrderState:
        """Where an order stands."""
        if self.cancelled[at] < NEVER:
            return OrderState.CANCELLED
        for column, state in (
            (self.completed, OrderState.COMPLETED),
            (self.delivered, OrderState.DELIVERED),
            (self.shipped, OrderState.SHIPPED),
            (self.paid, OrderState.PAID),
        ):
            if column[at] < NEVER:
                return state
        return OrderState.PENDING_PAYMENT


def make_orders(world: World, goods: Goods, people: People, sales: Sales, campaigns: list[Campaign]) -> Ledger:
    """Orders from baskets."""
    rng = world.rng("orders")
    count = len(sales.at)
    home = [_home(rng, people.home[customer]) for customer in sales.customer]
    warehouse = _warehouses(world, rng, home)
    steps = _steps(world, rng, sales.at, home, warehouse)
    day = world.day(sales.at)
    price = goods.price(sales.line_sku, sales.line_product, day[sales.line_order])
    fen = price * sales.line_quantity
    total = np.bincount(sales.line_order, fen, count).astype(int)
    discount = use_coupons(
        world, campaigns, sales.at, sales.customer, sales.line_order, sales.line_product, fen, steps[4] < NEVER
    )
    free = total - discount >= world.settings.free_shipping_fen
    ledger = Ledger(
        number=order_numbers(rng, sales.at),
        customer=sales.customer,
        created=sales.at,
        paid=steps[0], shipped=steps[1], delivered=steps[2], completed=steps[3], cancelled=steps[4],
        cancel_reason=np.where(steps[0] < NEVER, rng.choice(_REASONS, count, p=[0.5, 0.2, 0.1, 0.1, 0.1]),
                               "payment_timeout"),
        arrives=steps[5],
        silent=steps[6],
        home=home,
        warehouse=warehouse,
        goods_fen=total,
        discount_fen=discount,
        shipping_fen=np.where(free, 0, world.settings.shipping_fee_fen),
        method=rng.choice(_METHODS, count, p=[0.55, 0.34, 0.09, 0.02]),
        refunded_fen=np.zeros(count, int),
        line_order=sales.line_order,
        line_sku=sales.line_sku,
        line_product=sales.line_product,
        line_quantity=sales.line_quantity,
        line_price=price,
    )  # fmt: skip
    back = ledger.was_paid & (ledger.cancelled < NEVER)
    ledger.refunded_fen[back] = ledger.total_fen[back]
    return ledger


def order_numbers(rng: np.random.Generator, at: np.ndarray) -> list[str]:
    """The day in Shanghai and eight digits that nobody can guess from another's."""
    return [f"{shanghai_date(second)}{serial}" for second, serial in zip(at, serials(rng, len(at), 8))]


def order_rows(world: World, ledger: Ledger) -> Iterator[Row]:
    """Rows of all orders, the receivers sealed."""
    rng = world.rng("order rows")
    notes = world.content.words["notes"]
    noted = np.where(rng.random(len(ledger.number)) < 0.06, rng.integers(0, len(notes), len(ledger.number)), -1)
    channel = rng.choice(["web", "wechat", "app"], len(ledger.number), p=[0.4, 0.4, 0.2])
    total = ledger.total_fen
    sealed: dict[int, str] = {}  # of each address; sealing each order's anew would take seconds
    for at, number in enumerate(ledger.number):
        home = ledger.home[at]
        if id(home) not in sealed:
            sealed[id(home)] = world.cipher.seal_json({key: home[key] for key in ("name", "phone", "street")})
        cancelled = ledger.cancelled[at] < NEVER
        yield {
            "id": at + 1, "number": number, "customer_id": int(ledger.customer[at]) + 1,
            "state": ledger.state(at).value,
            "created_at": moment(ledger.created[at]), "paid_at": moment(ledger.paid[at]),
            "shipped_at": moment(ledger.shipped[at]), "delivered_at": moment(ledger.delivered[at]),
            "completed_at": moment(ledger.completed[at]), "cancelled_at": moment(ledger.cancelled[at]),
            "cancel_reason": str(ledger.cancel_reason[at]) if cancelled else None,
            "goods_fen": int(ledger.goods_fen[at]), "discount_fen": int(ledger.discount_fen[at]),
            "shipping_fen": int(ledger.shipping_fen[at]), "total_fen": int(total[at]),
            "receiver_sealed": sealed[id(home)],
            "province": home["province"], "city": home["city"], "district": home["district"],
            "note_sealed": world.cipher.seal(notes[noted[at]]) if noted[at] >= 0 else None,
            "channel": str(channel[at]), "version": 1,
        }  # fmt: skip


def line_rows(goods: Goods, ledger: Ledger) -> Iterator[Row]:
    """Rows of all lines."""
    for at, (order, sku) in enumerate(zip(ledger.line_order, ledger.line_sku)):
        row = goods.skus[sku]
        yield {
            "id": at + 1, "order_id": int(order) + 1, "sku_id": int(sku) + 1,
            "name": goods.products[ledger.line_product[at]]["name"],
            "spec": " ".join(part for part in (row["color"], row["size"]) if part),
            "quantity": int(ledger.line_quantity[at]), "price_fen": int(ledger.line_price[at]),
        }  # fmt: skip


def payment_rows(ledger: Ledger) -> Iterator[Row]:
    """A payment for each order that was paid."""
    total = ledger.total_fen
    for number, at in enumerate(np.flatnonzero(ledger.was_paid)):
        yield {
            "id": number + 1, "order_id": int(at) + 1, "method": str(ledger.method[at]), "amount_fen": int(total[at]),
            "refunded_fen": int(ledger.refunded_fen[at]), "at": moment(ledger.paid[at]),
        }  # fmt: skip


def year_spend(world: World, ledger: Ledger, customers: int) -> np.ndarray:
    """What each customer paid in the last 365 days, less what went back."""
    kept = (ledger.total_fen - ledger.refunded_fen) * ledger.was_paid * (ledger.cancelled == NEVER)
    kept = kept * (ledger.created >= world.now - 365 * DAY)
    return np.bincount(ledger.customer, kept, customers).astype(int)


def _home(rng: np.random.Generator, homes: list[Row]) -> Row:
    return homes[0] if len(homes) == 1 or rng.random() < 0.7 else homes[int(rng.integers(len(homes)))]


def _warehouses(world: World, rng: np.random.Generator, home: list[Row]) -> np.ndarray:
    serves = {place: at for at, one in enumerate(world.content.words["warehouses"]) for place in one["serves"]}
    near = np.array([serves.get(one["province"], 0) for one in home])
    other = rng.integers(0, len(world.content.words["warehouses"]), len(home))
    return np.where(rng.random(len(home)) < 0.08, other, near)


def _steps(
    world: World, rng: np.random.Generator, created: np.ndarray, home: list[Row], warehouse: np.ndarray
) -> tuple[np.ndarray, ...]:
    """(paid, shipped, delivered, completed, cancelled, arrives, silent) of each order."""
    count = len(created)
    limit = world.settings.payment_timeout_minutes * MINUTE
    paid = created + np.minimum(rng.exponential(3 * MINUTE, count), limit - 2 * MINUTE).astype(int) + 8
    unpaid = rng.random(count) < 0.05
    paid[unpaid] = NEVER
    ready = paid + np.minimum(rng.lognormal(np.log(11 * HOUR), 0.6, count), 46 * HOUR).astype(int)
    late = rng.random(count) < 0.01
    ready[late] += rng.integers(20, 50, count)[late] * HOUR
    ready[unpaid] = NEVER
    changed = ~unpaid & (rng.random(count) < 0.025)
    cancelled = np.where(unpaid, created + limit, NEVER)
    cancelled[changed] = (paid + rng.uniform(0.05, 0.9, count) * (ready - paid))[changed].astype(int)
    ready[changed] = NEVER
    ready[ready > world.now] = NEVER
    far = np.array([one["province"] not in world.content.words["warehouses"][at]["serves"]
                    for one, at in zip(home, warehouse)])  # fmt: skip
    travel = (rng.uniform(0.9, 2.6, count) + far * rng.uniform(0.8, 2.5, count)) * DAY
    arrives = np.where(ready < NEVER, _by_day(rng, ready + travel.astype(int), count), NEVER)
    silent = _events_of_today(world, rng, ready, arrives)
    waits = np.where(rng.random(count) < 0.35, rng.uniform(0.2, 6, count), 7.0) * DAY
    completed = np.where(arrives < NEVER, arrives + waits.astype(int), NEVER)
    done = [np.where(column <= world.now, column, NEVER) for column in (paid, ready, arrives, completed, cancelled)]
    return (*done, arrives, silent)


def _by_day(rng: np.random.Generator, second: np.ndarray, count: int) -> np.ndarray:
    """The moment itself if couriers are out then (9 to 20 o'clock), else the next morning."""
    hour = (second + SHANGHAI_S) % DAY / HOUR
    midnight = (second + SHANGHAI_S) // DAY * DAY - SHANGHAI_S
    morning = np.where(hour < 9, midnight, midnight + DAY) + rng.integers(9 * HOUR, 13 * HOUR, count)
    return np.where((hour >= 9) & (hour < 20), second, morning)


def _events_of_today(world: World, rng: np.random.Generator, shipped: np.ndarray, arrives: np.ndarray) -> np.ndarray:
    """Let some parcels arrive today, some be out now, some wait for the courier, some be stuck.

    Changes ``shipped`` and ``arrives``.

    Returns:
        The moment of a stuck parcel's last scan, else NEVER.
    """
    now, part = world.now, max(5, round(world.size.orders / 900))
    silent = np.full(len(shipped), NEVER)

    def some(begin: float, end: float) -> np.ndarray:
        free = (shipped > now - end * DAY) & (shipped < now - begin * DAY) & (silent == NEVER)
        return rng.permutation(np.flatnonzero(free))[:part]

    still = some(4.0, 9.0)
    silent[still] = now - rng.integers(world.settings.stuck_after_hours + 3, 90, len(still)) * HOUR
    arrives[still] = now + rng.integers(2, 6, len(still)) * DAY
    today = some(1.5, 3.9)
    morning = world.today if now > world.today + 10 * MINUTE else 0  # just after midnight: yesterday's evening
    arrives[today] = rng.integers(max(morning, now - 7 * HOUR) + MINUTE, now, len(today))
    rest = np.setdiff1d(some(0.8, 3.9), today)
    arrives[rest] = now + rng.integers(20 * MINUTE, 5 * HOUR, len(rest))
    packed = some(0.0, 0.8)[: max(2, part // 4)]
    just_now = now - rng.integers(3 * MINUTE, 40 * MINUTE, len(packed))
    arrives[packed] += np.maximum(0, just_now - shipped[packed])
    shipped[packed] = np.maximum(shipped[packed], just_now)
    return silent
