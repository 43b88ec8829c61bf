"""After-sale cases in every state, each with the steps that led there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from shop import policy
from shop.demo.orders import Ledger
from shop.demo.world import DAY, HOUR, NEVER, World, moment, serials
from shop.demo.writer import Row
from shop.states import CaseKind, CaseReason, CaseState

_WAYS = {
    CaseKind.RETURN: ["submitted", "approved", "goods_on_way", "goods_received", "refunding", "done"],
    CaseKind.REFUND: ["submitted", "approved", "refunding", "done"],
    CaseKind.EXCHANGE: ["submitted", "approved", "goods_on_way", "goods_received", "done"],
    CaseKind.REPAIR: ["submitted", "approved", "goods_on_way", "goods_received", "done"],
    CaseKind.RESEND: ["submitted", "approved", "done"],
}
_REASONS = {
    CaseKind.RETURN: ["unwanted", "wrong_size", "price", "not_as_described", "quality"],
    CaseKind.REFUND: ["quality", "damaged", "not_as_described"],
    CaseKind.EXCHANGE: ["wrong_size", "wrong_item", "quality"],
    CaseKind.REPAIR: ["quality"],
    CaseKind.RESEND: ["missing_item", "damaged"],
}
_KINDS = list(_WAYS)
# What the young cases are, again and again in this order: every state comes among the first eight.
_YOUNG = [
    (CaseKind.RETURN, "submitted"), (CaseKind.EXCHANGE, "approved"), (CaseKind.RETURN, "goods_on_way"),
    (CaseKind.RETURN, "goods_received"), (CaseKind.REFUND, "refunding"), (CaseKind.RESEND, "done"),
    (CaseKind.RETURN, "rejected"), (CaseKind.EXCHANGE, "withdrawn"), (CaseKind.REPAIR, "goods_on_way"),
    (CaseKind.REFUND, "submitted"), (CaseKind.EXCHANGE, "goods_received"), (CaseKind.RETURN, "refunding"),
    (CaseKind.REPAIR, "approved"), (CaseKind.RESEND, "submitted"), (CaseKind.RETURN, "approved"),
    (CaseKind.REFUND, "done"),
]  # fmt: skip


@dataclass
class Cases:
    """Rows of cases and their events, and what they did to stock and money."""

    rows: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    returned: list[tuple[int, int, int, str, int]] = field(default_factory=list)


def make_cases(world: World, ledger: Ledger) -> Cases:
    """Cases of one delivered order in twenty, and enough young ones for every open state; books the refunds."""
    rng = world.rng("cases")
    made = Cases()
    arrived = np.flatnonzero(ledger.delivered < NEVER)
    old = arrived[ledger.delivered[arrived] < world.now - 25 * DAY]
    young = arrived[ledger.delivered[arrived] > world.now - 7 * DAY]
    young = young[ledger.delivered[young] < world.now - 6 * HOUR]
    few = rng.permutation(young)[: max(24, world.size.orders // 400)]
    wishes: list[tuple[int, tuple[CaseKind, str] | None]] = [(int(at), None) for at in old if rng.random() < 0.05]
    wishes += [(int(at), _YOUNG[turn % len(_YOUNG)]) for turn, at in enumerate(few)]
    first = np.searchsorted(ledger.line_order, np.arange(len(ledger.number) + 1))
    for (order, wish), number in zip(wishes, serials(rng, len(wishes), 14), strict=True):
        kind = wish[0] if wish else _KINDS[int(rng.choice(5, p=[0.45, 0.2, 0.2, 0.07, 0.08]))]
        line = int(rng.integers(first[order], first[order + 1]))
        states = _states(rng, kind, wish[1] if wish else None)
        _add(world, rng, ledger, made, f"AS{number}", order, line, kind, states, wish is not None)
    return made


def _states(rng: np.random.Generator, kind: CaseKind, last: str | None) -> list[str]:
    """The states that a case went through, up to a given one or to an end."""
    way = _WAYS[kind]
    if last in {"rejected", "withdrawn"}:
        return ["submitted", str(last)]
    if last is not None:
        return way[: way.index(last) + 1]
    roll = rng.random()
    if roll < 0.1:
        return ["submitted", "rejected"]
    return ["submitted", "withdrawn"] if roll < 0.18 else way


def _add(
    world: World,
    rng: np.random.Generator,
    ledger: Ledger,
    made: Cases,
    number: str,
    order: int,
    line: int,
    kind: CaseKind,
    states: list[str],
    young: bool,
) -> None:
    reason = str(rng.choice(_REASONS[kind]))
    delivered = int(ledger.delivered[order])
    times = _times(world, rng, delivered, len(states), young)
    quantity = int(rng.integers(1, ledger.line_quantity[line] + 1))
    amount = _amount(ledger, order, line, quantity) if kind in {CaseKind.RETURN, CaseKind.REFUND} else 0
    words = world.content.words["case_words"].get(reason, world.content.words["case_words"]["other"])
    case_id = len(made.rows) + 1
    for state, second in zip(states, times):
        by = "customer" if state in {"submitted", "goods_on_way", "withdrawn"} else "service"
        event = {"id": len(made.events) + 1, "case_id": case_id, "state": state, "by": by, "at": moment(second)}
        made.events.append(event)
        fine = CaseReason(reason) not in policy.SHOP_FAULTS
        if state == CaseState.GOODS_RECEIVED.value and fine:
            place = int(ledger.warehouse[order])
            made.returned.append((int(ledger.line_sku[line]), place, quantity, number, second))
    if states[-1] == CaseState.DONE.value:
        ledger.refunded_fen[order] += amount
    sent = "goods_on_way" in states
    made.rows.append(
        {
            "id": case_id, "number": number, "customer_id": int(ledger.customer[order]) + 1, "order_id": order + 1,
            "order_line_id": line + 1, "kind": kind.value, "reason": reason,
            "description_sealed": world.cipher.seal(str(rng.choice(words))), "quantity": quantity,
            "amount_fen": amount, "state": states[-1],
            "return_tracking": f"YJ{rng.integers(10**11, 10**12)}" if sent else None,
            "created_at": moment(times[0]), "updated_at": moment(times[-1]), "version": len(states),
        }
    )  # fmt: skip


def _times(world: World, rng: np.random.Generator, delivered: int, count: int, young: bool) -> list[int]:
    """Rising moments of the steps: within days of the delivery, and not after now."""
    begin = delivered + int(rng.uniform(0.5, 2) * HOUR) if young else delivered + int(rng.uniform(0.1, 6.5) * DAY)
    end = world.now - int(rng.uniform(0.2, 2) * HOUR) if young else begin + int(rng.uniform(3, 14) * DAY)
    if count == 1:
        return [begin]
    parts = np.sort(np.concatenate([[0.0], rng.random(count - 2), [1.0]]))
    return [int(begin + (end - begin) * part) for part in parts]


def _amount(ledger: Ledger, order: int, line: int, quantity: int) -> int:
    """The units' part of what was paid for the goods."""
    begin, end = np.searchsorted(ledger.line_order, [order, order + 1])
    goods = [int(ledger.line_price[at] * ledger.line_quantity[at]) for at in range(begin, end)]
    share = policy.line_shares(goods, int(ledger.discount_fen[order]))[line - begin]
    return policy.part_of_share(share, int(ledger.line_quantity[line]), 0, quantity)
