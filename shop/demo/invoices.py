"""Invoices: requested, issued and void."""

from __future__ import annotations

import numpy as np
from stdnum.cn import uscc

from shop.demo.customers import People
from shop.demo.orders import Ledger
from shop.demo.world import DAY, HOUR, NEVER, World, moment, serials
from shop.demo.writer import Row


def invoice_rows(world: World, people: People, ledger: Ledger) -> list[Row]:
    """An invoice for one paid order in eight; the amount is what was paid and not given back."""
    rng = world.rng("invoices")
    kept = ledger.total_fen - ledger.refunded_fen
    good = ledger.was_paid & (ledger.cancelled == NEVER) & (kept > 0)
    chosen = np.flatnonzero(good & (rng.random(len(good)) < 0.12))
    numbers = serials(rng, len(chosen), 12)
    codes = [tax_number(rng) for _ in world.content.words["companies"]]
    rows: list[Row] = []
    for order, serial in zip(chosen, numbers):
        asked = min(int(ledger.paid[order]) + int(rng.uniform(0.01, 3) * DAY), world.now - 60)
        asked = max(asked, int(ledger.paid[order]))
        issued = asked + int(rng.uniform(4, world.settings.invoice_days * 20) * HOUR)
        ready, void = issued <= world.now, bool(rng.random() < 0.04)
        company = int(rng.integers(len(codes))) if rng.random() < 0.4 else None
        owner = int(ledger.customer[order])
        title = people.names[owner] if company is None else world.content.words["companies"][company]
        number = f"25{serial:0>12}{order % 1000000:06d}" if ready else None
        rows.append(
            {
                "id": len(rows) + 1, "order_id": int(order) + 1, "kind": "personal" if company is None else "company",
                "title_sealed": world.cipher.seal(title),
                "tax_number_sealed": None if company is None else world.cipher.seal(codes[company]),
                "email_sealed": world.cipher.seal(f"c{owner + 1:06d}@example.com"), "amount_fen": int(kept[order]),
                "state": "void" if void else "issued" if ready else "requested", "number": number,
                "url": f"https://example.com/invoices/{number}.pdf" if ready else None,
                "requested_at": moment(asked), "issued_at": moment(issued) if ready else None,
            }
        )  # fmt: skip
    return rows


def tax_number(rng: np.random.Generator) -> str:
    """A well-formed unified social credit code of a company that is not registered."""
    body = f"91330100MA{''.join(str(one) for one in rng.integers(0, 10, 7))}"
    return body + uscc.calc_check_digit(body)
