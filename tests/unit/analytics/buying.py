"""Who bought, when orders were sent, and coupons that were used, worked out with pandas alone."""

from __future__ import annotations

from typing import Any

import pandas as pd

BUYING = ("buyers", "new_buyers", "old_buyers", "repeat_rate", "per_buyer", "orders_per_buyer")
STEPS = {"shipped": "shipped_at", "delivered": "delivered_at", "cancelled": "cancelled_at",
         "ship_days": "shipped_at", "deliver_days": "delivered_at"}  # fmt: skip
SINCE = {"ship_days": "paid_at", "deliver_days": "shipped_at"}


def expected_buying(facts: Any, case: dict[str, Any], span: Any) -> tuple[float, dict[str, float]]:
    """The whole, and customers of each month where months are asked for."""
    lines = (
        facts.lines if not case.get("category") else facts.lines[facts.lines.c_name == facts.names[False]["category"]]
    )
    sold = lines.drop_duplicates("order_id").rename(columns={"order_id": "key"})
    first = sold.groupby("customer_id")["at"].min()
    within = sold if span is None else sold[(sold["at"] >= span[0]) & (sold["at"] < span[1])]
    per = within.groupby("customer_id")
    new = 0 if span is None else int((first[per.size().index] >= span[0]).sum())
    whole = {
        "buyers": len(per),
        "new_buyers": new,
        "old_buyers": len(per) - new,
        "repeat_rate": float((per.size() > 1).mean()),
        "per_buyer": round(within.total_fen.sum() / len(per)),
        "orders_per_buyer": len(within) / len(per),
    }[case["answer"]]
    months = within.groupby(within["at"].dt.strftime("%Y-%m")).customer_id.nunique()
    return float(whole), {str(key): float(count) for key, count in months.items()} if case.get("group") else {}


def expected_step(facts: Any, answer: str, span: Any) -> tuple[float, dict[str, float]]:
    """Orders that took a step in a period, or the mean days since the step before."""
    orders = facts.orders
    at = pd.to_datetime(orders[STEPS[answer]], utc=True).dt.tz_convert("Asia/Shanghai")
    taken = at.notna() if span is None else (at >= span[0]) & (at < span[1])
    if answer not in SINCE:
        return float(taken.sum()), {}
    since = pd.to_datetime(orders[SINCE[answer]], utc=True)
    days = (at - since)[taken & since.notna()].dt.total_seconds() / 86400
    return float(days.mean()), {}


def days_of(facts: Any, span: Any) -> int:
    """The days of a period that have come."""
    today = pd.Timestamp(facts.now).tz_convert("Asia/Shanghai").normalize() + pd.Timedelta(days=1)
    return int((min(span[1], today) - span[0]).days)
