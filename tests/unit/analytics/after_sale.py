"""What went back, and why, worked out with pandas alone."""

from __future__ import annotations

from typing import Any

import pandas as pd

NOTHING = ("withdrawn", "rejected")
MONEY_BACK = ("return", "refund")
COLUMNS = {"product": "product", "category": "c_name", "brand": "b_name", "reason": "reason", "kind": "kind"}
RATED_FROM = 5


def after_sale_facts(cases: pd.DataFrame, lines: pd.DataFrame, orders: pd.DataFrame, named: pd.DataFrame) -> Any:
    """Cases that came to something, with their goods and the moment and state of their orders."""
    cases["at"] = pd.to_datetime(cases.created_at, utc=True).dt.tz_convert("Asia/Shanghai")
    cases = cases[~cases.state.isin(NOTHING)].copy()
    sku = cases.order_line_id.map(lines.set_index("id").sku_id)
    goods = named.rename(columns={"name": "product"})
    for column in ("product", "c_name", "b_name"):
        cases[column] = sku.map(goods[column])
    by_id = orders.set_index("id")
    cases["ordered"], cases["sold"] = cases.order_id.map(by_id["at"]), cases.order_id.map(by_id["sold"])
    return cases


def expected_after_sale(facts: Any, case: dict[str, Any], own: bool, span: Any) -> tuple[float, dict[str, float]]:
    """The whole and, when grouped, each row: cases by their own days, money and shares by those of their orders."""
    answer, group = case["answer"], case.get("group")
    cases = facts.cases
    if own:
        cases = cases[cases.customer_id == facts.customer]
    if case.get("category"):
        cases = cases[cases.c_name == facts.names[own]["category"]]
    if answer == "cases":
        return _counted(case, cases if span is None else _between(cases, "at", span), group)
    cases = cases[cases.kind.isin(MONEY_BACK)]
    cases = cases if span is None else _between(cases, "ordered", span)
    if answer == "refunded":
        done = cases[cases.state == "done"]
        rows = done.groupby(COLUMNS[group]).amount_fen.sum().to_dict() if group else {}
        return float(done.amount_fen.sum()), {key: float(value) for key, value in rows.items()}
    lines = facts.lines if span is None else _between(facts.lines, "at", span)
    if case.get("category"):
        lines = lines[lines.c_name == facts.names[own]["category"]]
    back = cases[cases.sold]
    whole = back.order_id.nunique() / lines.order_id.nunique()
    if not group:
        return whole, {}
    sold = lines.groupby(COLUMNS[group]).order_id.nunique()
    shares = back.groupby(COLUMNS[group]).order_id.nunique().reindex(sold.index).fillna(0) / sold
    return whole, {str(key): float(share) for key, share in shares[sold >= RATED_FROM].items()}


def _between(frame: pd.DataFrame, column: str, span: Any) -> pd.DataFrame:
    return frame[(frame[column] >= span[0]) & (frame[column] < span[1])]


def _counted(case: dict[str, Any], cases: pd.DataFrame, group: str | None) -> tuple[float, dict[str, float]]:
    if case.get("kinds"):
        cases = cases[cases.kind.isin(case["kinds"])]
    if case.get("reason"):
        cases = cases[cases.reason == case["reason"]]
    if not group:
        return float(len(cases)), {}
    key = cases["at"].dt.strftime("%Y-%m") if group == "month" else cases[COLUMNS[group]]
    return float(len(cases)), {str(name): float(count) for name, count in cases.groupby(key).size().items()}
