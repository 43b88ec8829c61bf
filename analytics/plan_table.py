"""The purchase plan and the simulation as text for a terminal."""

from __future__ import annotations

import unicodedata
from typing import Any, Sequence

from analytics.stock_policy import WIDEST_YEARS

PLAN = ("sku", "name", "spec", "buy", "yuan", "arrives", "free", "coming", "a_day", "point", "class", "supplier")
LEFT = frozenset({"sku", "name", "spec", "arrives", "supplier", "advice", "with", "from", "to", "class", "way"})
LONGEST = 24
SHOWN = 20


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows under headings, numbers to the right; a Chinese character takes two places."""
    cells = [list(columns), *([_cut(str(row[name])) for name in columns] for row in rows)]
    widths = [max(_width(line[at]) for line in cells) for at in range(len(columns))]
    return "\n".join(
        "  ".join(_padded(text, width, name in LEFT) for text, width, name in zip(line, widths, columns)).rstrip()
        for line in cells
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _cut(text: str) -> str:
    while _width(text) > LONGEST:
        text = text[:-2] + "…"
    return text


def _padded(text: str, width: int, left: bool) -> str:
    blanks = " " * (width - _width(text))
    return text + blanks if left else blanks + text


def plan_text(lines: Sequence[Any], moves: Sequence[dict[str, Any]]) -> str:
    """What to buy, what to move, and what lies dead or too long (the dearest first)."""
    bought = [_shown(one) for one in lines if one.buy]
    advised = sorted((one for one in lines if one.advice), key=lambda one: -one.free * one.cost_fen)
    total = sum(one.buy_fen for one in lines)
    parts = [f"Buy: {len(bought)} SKUs, {total / 100:,.2f} yuan", table(bought, PLAN) if bought else ""]
    if moves:
        parts += [f"\nMove between warehouses: {len(moves)}", table(moves, ("sku", "name", "from", "to", "units"))]
    if advised:
        shown = [_shown(one) for one in advised[:SHOWN]]
        kinds = ", ".join(f"{sum(one.advice == kind for one in advised)} {kind}" for kind in sorted(ADVICE))
        parts += [f"\nDo not buy: {kinds}; the {len(shown)} dearest:"]
        parts += [table(shown, ("sku", "name", "spec", "free", "a_day", "advice", "with"))]
        parts += [f"  {kind}: {meaning}" for kind, meaning in ADVICE.items()]
    return "\n".join(part for part in parts if part) + "\n"


ADVICE = {
    "markdown": "nothing sold for 90 days: sell it cheaper",
    "bundle": "nothing sold for 90 days and few are left: add it to what stands under *with*",
    "overstock": "lasts more than 180 days",
    "minimum": f"the supplier's smallest order lasts more than {WIDEST_YEARS} year: look for a smaller one",
}


def _shown(line: Any) -> dict[str, Any]:
    return {
        "sku": line.sku, "name": line.name, "spec": line.spec, "buy": line.buy, "yuan": f"{line.buy_fen / 100:,.2f}",
        "arrives": line.arrives, "free": line.free, "coming": line.incoming, "a_day": line.per_day,
        "point": line.reorder_point, "class": line.abc + line.xyz, "supplier": line.supplier, "advice": line.advice,
        "with": line.partner,
    }  # fmt: skip


def simulation_text(found: dict[str, Any], days: int) -> str:
    """Both ways of ordering beside each other."""
    rows = [
        {
            "way": name, "service": f"{100 * one['service']:.1f} %", "lost units": f"{one['lost_units']:,.0f}",
            "lost yuan": f"{one['lost_fen'] / 100:,.0f}", "stock yuan": f"{one['stock_fen'] / 100:,.0f}",
            "orders": one["orders"],
        }
        for name, one in found.items() if isinstance(one, dict)
    ]  # fmt: skip
    less = f"{100 * found['fewer_lost_units']:.1f} % fewer units and {100 * found['fewer_lost_fen']:.1f} % less money"
    columns = ("way", "service", "lost units", "lost yuan", "stock yuan", "orders")
    return f"{days} days lived through again:\n{table(rows, columns)}\nOurs loses {less}.\n"
