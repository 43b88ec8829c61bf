"""What to buy, when, and where to move it: the purchase plan of the shop.

python -m analytics.replenish [--budget YUAN] [--service 0.95] [--csv FILE] [--json]
python -m analytics.replenish --simulate [--days 120]
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Collection

import numpy as np
from sqlalchemy import func, select

from analytics import plan_table, stock_policy
from analytics.bundles import partners
from analytics.query import SHANGHAI
from analytics.smoothing import tsb
from shop.errors import NotFound, ShopError
from shop.front import Shop, open_shop
from shop.models import Category, GoodsDay, Incoming, Product, Sku, Stock, Supplier, SupplierSku, Warehouse
from shop.sales_days import refresh

HISTORY_DAYS = 364
DEAD_DAYS = 90
BUNDLED_UP_TO = 5
"""Units up to which dead goods are bundled; more are sold cheaper."""
ORDER_COST_FEN = 3000.0
HOLDING_A_YEAR = 0.25
TRANSFER_BELOW_DAYS = 5.0
TRANSFER_KEEPS_DAYS = 21.0


@dataclass(frozen=True)
class PlanLine:
    """One SKU of the plan; ``buy`` units in whole packs."""

    sku: str
    name: str
    spec: str
    category: str
    supplier: str
    lead_days: int
    free: int
    incoming: int
    per_day: float
    safety_stock: int
    reorder_point: int
    pack: int
    least: int
    cost_fen: int
    price_fen: int
    abc: str
    xyz: str
    buy: int
    buy_fen: int
    arrives: str
    order_by: str
    """The last day on which to order what comes before the shelf is empty: today where that has passed."""
    advice: str
    partner: str
    """The product that dead units are bundled with."""


def plan(
    shop: Shop, budget_fen: int | None = None, service: float = 0.95, only: Collection[str] | None = None
) -> list[PlanLine]:
    """Every SKU on sale with its reorder point and what to buy now, the dearest purchase first.

    Args:
        budget_fen: what may be spent at most; the units that save most sales are bought first.
        service: chance that the units last until the next delivery.
        only: codes of the SKUs that are looked at; None means all. Classes are then those among them.
    """
    refresh(shop)
    rows, history = _goods(shop)
    if only is not None:
        kept = [at for at, row in enumerate(rows) if row["code"] in only]
        rows, history = [rows[at] for at in kept], history[kept]
    if not rows:
        return []
    pack, least = _column(rows, "pack_size", 1.0), _column(rows, "min_order", 1.0)
    cost, price = _column(rows, "cost_fen"), _column(rows, "price_fen")
    lead = _column(rows, "lead_time_days", 7.0)
    rate = 0.5 * history[:, -182:].mean(1) + 0.5 * tsb(history[:, -182:], 1)[:, 0]
    span = lead + 1
    mean, variance = rate * span, np.maximum(history[:, -182:].var(1), rate) * span + (0.25 * rate * span) ** 2
    safety = np.ceil(stock_policy.safety_stock(mean, variance, service))
    point = np.ceil(mean + safety)
    position = _column(rows, "free") + _column(rows, "incoming")
    short = np.where((position <= point) & (rate > 0), np.maximum(0, point - position), 0)
    lot = stock_policy.economic_quantity(rate, ORDER_COST_FEN, np.maximum(cost, 1), HOLDING_A_YEAR)
    extra = np.where((position <= point) & (rate > 0), np.minimum(lot, rate * 90), 0)
    buy = stock_policy.packed(np.ceil(short + extra), pack, least)
    heavy = (buy > 0) & (buy > rate * 365 * stock_policy.WIDEST_YEARS)
    short, extra, buy = (np.where(heavy, 0, one) for one in (short, extra, buy))
    if budget_fen is not None and float((buy * cost).sum()) > budget_fen:
        buy = stock_policy.within_budget(short, extra, pack, least, cost, np.maximum(1, price - cost), budget_fen)
    classes = stock_policy.abc(history.sum(1) * price)
    steadiness = stock_policy.xyz(history[:, -182:].reshape(len(rows), 26, 7).sum(2))
    dead = (history[:, -DEAD_DAYS:].sum(1) == 0) & (_column(rows, "free") > 0)
    today = shop.clock().astimezone(SHANGHAI).date()
    beside = _partners(shop, rows, dead, rate)
    columns = zip(rows, rate, safety, point, classes, steadiness, buy, dead, heavy)
    lines = [_line(row, today, beside.get(row["id"], ""), *values) for row, *values in columns]
    return sorted(lines, key=lambda one: (-one.buy_fen, one.sku))


def _column(rows: list[Any], name: str, default: float = 0.0) -> np.ndarray:
    return np.array([float(row[name]) if row[name] is not None else default for row in rows])


def _partners(shop: Shop, rows: list[Any], dead: np.ndarray, rate: np.ndarray) -> dict[int, str]:
    """What each dead SKU is bundled with, of products that sell and have units to sell."""
    sells: dict[int, dict[str, Any]] = {}
    for row, gone, per_day in zip(rows, dead, rate):
        if not gone and per_day > 0 and row["free"] > 0:
            fresh = {"name": row["name"], "category_id": row["category_id"], "per_day": 0.0}
            sells.setdefault(row["product_id"], fresh)["per_day"] += float(per_day)
    lying = [row for row, gone in zip(rows, dead) if gone and row["free"] <= BUNDLED_UP_TO]
    with shop.database.read() as session:
        return partners(session, lying, sells)


def _line(
    row: Any,
    today: date,
    partner: str,
    rate: float,
    safety: float,
    point: float,
    abc: str,
    xyz: str,
    buy: float,
    dead: bool,
    heavy: bool,
) -> PlanLine:
    cover = row["free"] / rate if rate > 0 else float("inf")
    bundled = dead and row["free"] <= BUNDLED_UP_TO
    advice = "bundle" if bundled else "markdown" if dead else "overstock" if cover > 180 else ""
    advice = advice or ("minimum" if heavy else "")
    lead = int(row["lead_time_days"] or 7)
    return PlanLine(
        sku=row["code"], name=row["name"], spec=" ".join(part for part in (row["color"], row["size"]) if part),
        category=row["category"], supplier=row["supplier"] or "", lead_days=lead, free=int(row["free"]),
        incoming=int(row["incoming"]), per_day=round(float(rate), 3), safety_stock=int(safety),
        reorder_point=int(point), pack=int(row["pack_size"] or 1), least=int(row["min_order"] or 1),
        cost_fen=int(row["cost_fen"] or 0), price_fen=int(row["price_fen"]), abc=str(abc), xyz=str(xyz),
        buy=int(buy), buy_fen=int(buy * (row["cost_fen"] or 0)),
        arrives=(today + timedelta(days=lead)).isoformat() if buy else "",
        order_by=_order_by(row, today, lead, rate).isoformat() if buy else "", advice=advice if not buy else "",
        partner=partner if not buy else "",
    )  # fmt: skip


def _order_by(row: Any, today: date, lead: int, rate: float) -> date:
    lasts = int((row["free"] + row["incoming"]) / rate)
    return today + timedelta(days=max(0, lasts - lead))


def _goods(shop: Shop) -> tuple[list[Any], np.ndarray]:
    """SKUs on sale with stock and supplier, and their daily sales of the last year (SKUs × days)."""
    today = shop.clock().astimezone(SHANGHAI).date()
    first = today - timedelta(days=HISTORY_DAYS)
    free = (
        select(Stock.sku_id, func.sum(Stock.on_hand - Stock.reserved).label("free")).group_by(Stock.sku_id).subquery()
    )
    coming = (
        select(Incoming.sku_id, func.sum(Incoming.quantity).label("incoming"))
        .where(Incoming.received_at.is_(None)).group_by(Incoming.sku_id).subquery()
    )  # fmt: skip
    supply = select(SupplierSku.sku_id, func.min(SupplierSku.id).label("id")).group_by(SupplierSku.sku_id).subquery()
    query = (
        select(
            Sku.id, Sku.code, Sku.color, Sku.size, Sku.price_fen, Product.name, Category.name.label("category"),
            Sku.product_id, Product.category_id,
            Supplier.name.label("supplier"), Supplier.lead_time_days, SupplierSku.cost_fen, SupplierSku.pack_size,
            SupplierSku.min_order, func.coalesce(free.c.free, 0).label("free"),
            func.coalesce(coming.c.incoming, 0).label("incoming"),
        )
        .join(Product, Product.id == Sku.product_id).join(Category, Category.id == Product.category_id)
        .outerjoin(free, free.c.sku_id == Sku.id).outerjoin(coming, coming.c.sku_id == Sku.id)
        .outerjoin(supply, supply.c.sku_id == Sku.id).outerjoin(SupplierSku, SupplierSku.id == supply.c.id)
        .outerjoin(Supplier, Supplier.id == SupplierSku.supplier_id)
        .where(Product.on_sale == 1).order_by(Sku.id)
    )  # fmt: skip
    sold = select(GoodsDay.key_id, GoodsDay.day, GoodsDay.units).where(
        GoodsDay.kind == "sku", GoodsDay.day >= first.isoformat(), GoodsDay.day < today.isoformat()
    )
    with shop.database.read() as session:
        rows = [dict(row._mapping) for row in session.execute(query)]
        place = {row["id"]: at for at, row in enumerate(rows)}
        history = np.zeros((len(rows), HISTORY_DAYS))
        for key, day, units in session.execute(sold):
            if key in place:
                history[place[key], (date.fromisoformat(day) - first).days] = units
    return rows, history


def moves(shop: Shop) -> list[dict[str, Any]]:
    """Transfers between warehouses: where units lack and where they can be spared."""
    rows, history = _goods(shop)
    with shop.database.read() as session:
        places = session.execute(select(Warehouse.id, Warehouse.name).order_by(Warehouse.id)).all()
        stock = session.execute(select(Stock.sku_id, Stock.warehouse_id, Stock.on_hand - Stock.reserved)).all()
    if len(places) < 2 or not rows:
        return []
    sku_at = {row["id"]: at for at, row in enumerate(rows)}
    place_at = {row.id: at for at, row in enumerate(places)}
    free = np.zeros((len(rows), len(places)))
    for sku, place, units in stock:
        if sku in sku_at:
            free[sku_at[sku], place_at[place]] = units
    rate = np.repeat(history[:, -28:].mean(1)[:, None] / len(places), len(places), axis=1)
    found = stock_policy.transfers(free, rate, TRANSFER_BELOW_DAYS, TRANSFER_KEEPS_DAYS)
    return [
        {
            "sku": rows[sku]["code"],
            "name": rows[sku]["name"],
            "from": places[source].name,
            "to": places[to].name,
            "units": units,
        }
        for sku, source, to, units in found
    ]


def as_csv(lines: list[PlanLine]) -> str:
    """The plan as CSV; text that a spreadsheet would run is defused."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(PlanLine.__dataclass_fields__))
    writer.writeheader()
    for line in lines:
        writer.writerow({key: defused(value) for key, value in asdict(line).items()})
    return text.getvalue()


def defused(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def simulate(shop: Shop, days: int = 120) -> dict[str, Any]:
    """Replay the last days under the two-weeks rule and under ours; fewer lost sales at the same stock value.

    Raises:
        NotFound: nothing was ever sold.
    """
    from analytics.stock_simulation import Goods, compare

    refresh(shop)
    rows, history = _goods(shop)
    if not rows or not history.any():
        raise NotFound("nothing was sold yet that could be lived through again")
    goods = Goods(
        _column(rows, "price_fen"), _column(rows, "cost_fen"), _column(rows, "lead_time_days", 7.0).astype(int),
        _column(rows, "pack_size", 1.0), _column(rows, "min_order", 1.0),
    )  # fmt: skip
    found = compare(history, history.shape[1] - days, goods, cycle_days=14.0)
    rule, ours = found["two_weeks"], found["ours"]
    return {
        **{name: asdict(one) for name, one in found.items()},
        "fewer_lost_units": round(1 - ours.lost_units / max(1.0, rule.lost_units), 4),
        "fewer_lost_fen": round(1 - ours.lost_fen / max(1.0, rule.lost_fen), 4),
    }


def main(arguments: list[str] | None = None, shop: Shop | None = None) -> int:
    """Print or write the plan, or simulate; returns the exit code."""
    given = _arguments(arguments)
    try:
        shop = shop or open_shop()
        if given.simulate:
            found = simulate(shop, given.days)
            print(json.dumps(found) if given.json else plan_table.simulation_text(found, given.days))
            return 0
        lines = plan(shop, _fen(given.budget), given.service)
        if given.csv:
            with open(given.csv, "w", encoding="utf-8-sig", newline="") as file:
                file.write(as_csv([one for one in lines if one.buy]))
            return 0
        transfers = moves(shop)
    except (ShopError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps({"plan": [asdict(one) for one in lines], "transfers": transfers}, ensure_ascii=False))
    else:
        sys.stdout.write(plan_table.plan_text(lines, transfers))
    return 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analytics.replenish", description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, help="yuan that may be spent")
    parser.add_argument("--service", type=float, default=0.95, help="chance that stock lasts until the next delivery")
    parser.add_argument("--csv", metavar="FILE", help="write what to buy to a file instead of a table")
    parser.add_argument("--json", action="store_true", help="every SKU, and the transfers, as JSON")
    parser.add_argument("--simulate", action="store_true", help="live the last days through again under both rules")
    parser.add_argument("--days", type=int, default=120, help="how many days to simulate")
    given = parser.parse_args(arguments)
    budget = given.budget
    if not 0.5 <= given.service < 1 or not 14 <= given.days <= 180 or (budget is not None and not 0 <= budget < 1e9):
        parser.error("give --service 0.5 to 0.999, --days 14 to 180, --budget 0 or more")
    return given


def _fen(yuan: float | None) -> int | None:
    return None if yuan is None else round(yuan * 100)


if __name__ == "__main__":
    sys.exit(main())
