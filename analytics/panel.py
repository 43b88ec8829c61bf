"""Sales of many SKUs as one table (SKUs × time), and what was wrong with the file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from shop.errors import BadValue

Array = np.ndarray
SEASONS = {"day": 7, "week": 52, "month": 12}
LONGEST = 4000
"""Steps of time that are read at most: the newest ones."""


@dataclass
class Panel:
    """Quantities of each SKU at each step of time.

    Attributes:
        skus: names of the rows.
        days: first day of each column, as datetime64[D].
        frequency: day, week or month.
        values: SKUs × time, never negative; gaps are 0.
        extra: SKUs × time × columns known ahead (relative price, promotion), or None; may reach beyond the values.
        known: what the columns of ``extra`` are: price, promo.
        categories: category of each SKU, or None.
        quality: one line for each thing that was wrong with the input.
    """

    skus: list[str]
    days: Array
    frequency: str
    values: Array
    extra: Array | None = None
    categories: list[str] | None = None
    quality: list[str] = field(default_factory=list)
    known: tuple[str, ...] = ()

    @property
    def season(self) -> int:
        """Steps of the season that simple methods repeat."""
        return SEASONS[self.frequency] if self.frequency != "week" or self.values.shape[1] > 104 else 1

    def future(self, horizon: int) -> Array:
        """First days of the coming steps."""
        last = self.days[-1]
        if self.frequency == "month":
            months = last.astype("datetime64[M]") + np.arange(1, horizon + 1)
            return np.asarray(months.astype("datetime64[D]"))
        return np.asarray(last + np.arange(1, horizon + 1) * (7 if self.frequency == "week" else 1))


def read_sales(path: Path, today: np.datetime64 | None = None) -> Panel:
    """Read a CSV of date, sku, quantity[, price, promo, category, in_stock].

    Rows after the last sale that have no quantity but a price or a promotion are the plan of the coming steps.

    Raises:
        BadValue: the file is no table of sales; the message says what is missing.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadValue(f"{path}: no CSV in UTF-8 ({type(error).__name__})", field="sales") from error
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    missing = {"date", "sku", "quantity"} - set(frame.columns)
    if missing:
        raise BadValue(f"{path}: no column {', '.join(sorted(missing))}; give date, sku, quantity", field="sales")
    return panel_of(frame, today or np.datetime64("today", "D"))


def panel_of(frame: Any, today: np.datetime64) -> Panel:
    """A panel from a frame of text columns; whatever can't be used is left out and told.

    Raises:
        BadValue: nothing usable is left.
    """
    import pandas as pd

    quality: list[str] = []
    day = pd.to_datetime(frame["date"], errors="coerce")
    quantity = pd.to_numeric(frame["quantity"], errors="coerce")
    sku = frame["sku"].astype(str).str.strip()
    plan = _planned(frame, day, day[quantity.notna() & (day <= pd.Timestamp(today))].max())
    coming = frame[plan].assign(date=day[plan].dt.normalize(), sku=sku[plan])
    frame, day, quantity, sku = frame[~plan], day[~plan], quantity[~plan], sku[~plan]
    checks = [
        ("unreadable dates", day.isna()),
        ("unreadable quantities", quantity.isna() | ~np.isfinite(quantity.fillna(0))),
        ("no SKU", frame["sku"].isna() | (sku == "")),
        ("future dates", day > pd.Timestamp(today)),
    ]
    bad = np.zeros(len(frame), bool)
    for name, wrong in checks:
        _tell(quality, name, wrong & ~bad, "left out")
        bad |= wrong.to_numpy()
    frame = frame[~bad].assign(date=day[~bad].dt.normalize(), quantity=quantity[~bad], sku=sku[~bad])
    if frame.empty:
        raise BadValue("no usable row of sales: " + "; ".join(quality or ["the file is empty"]), field="sales")
    _tell(quality, "negative quantities", frame["quantity"] < 0, "taken as returns of that day")
    _tell(quality, "duplicate days of a SKU", frame.duplicated(["date", "sku"]), "added up")
    return _table(frame, coming, quality)


def _planned(frame: Any, day: Any, last: Any) -> Any:
    """Rows of the plan: later than the last sale, without a quantity, with a price or a promotion."""
    told = [name for name in ("price", "promo") if name in frame.columns]
    empty = frame["quantity"].isna() | (frame["quantity"].astype(str).str.strip() == "")
    return (day > last) & empty & frame["sku"].notna() & frame[told].notna().any(axis=1)


def _tell(quality: list[str], name: str, wrong: Any, what: str) -> None:
    count = int(wrong.sum())
    if count:
        quality.append(f"{name}: {count} rows, {what}")


def _table(frame: Any, coming: Any, quality: list[str]) -> Panel:
    import pandas as pd

    frequency = _frequency(np.unique(frame["date"].to_numpy()))
    rule = {"day": "D", "week": "W-MON", "month": "MS"}[frequency]
    frame, coming = _by_period(frame, frequency), _by_period(coming, frequency)
    days = pd.date_range(frame["date"].min(), frame["date"].max(), freq=rule)[-LONGEST:]
    wide = frame.pivot_table(index="sku", columns="date", values="quantity", aggfunc="sum").reindex(columns=days)
    gaps = int(wide.isna().any(axis=0).sum()) if len(wide) == 1 else int(wide.isna().all(axis=0).sum())
    if gaps:
        quality.append(f"gaps: {gaps} {frequency}s without any row, taken as no sales")
    values = np.maximum(0.0, wide.fillna(0.0).to_numpy(float))
    if not values.any():
        quality.append("all quantities are zero: the forecast is zero")
    if len(days) < 3:
        quality.append(f"only {len(days)} {frequency}(s) of history: the forecast is their mean")
    later = pd.date_range(days[-1], coming["date"].max(), freq=rule)[1 : LONGEST + 1] if len(coming) else days[:0]
    if len(later):
        quality.append(
            f"plan: {len(coming)} rows without a quantity tell prices and promotions of the coming {frequency}s"
        )
    told = pd.concat([frame, coming[coming["date"].isin(later)]])
    extra, known = _extra(told, wide.index, days.append(later), quality)
    categories = None
    if "category" in frame.columns:
        categories = [str(one) for one in frame.groupby("sku")["category"].first().reindex(wide.index).fillna("")]
    if "in_stock" in frame.columns:
        values = corrected(values, _wide(frame, "in_stock", wide.index, days), quality)
    return Panel(
        [str(one) for one in wide.index],
        days.to_numpy().astype("datetime64[D]"),
        frequency,
        values,
        extra,
        categories,
        quality,
        known,
    )


def _by_period(frame: Any, frequency: str) -> Any:
    """The same rows with the first day of their step for their date."""
    import pandas as pd

    period = frame["date"]
    if frequency == "month":
        period = period.dt.to_period("M").dt.to_timestamp()
    if frequency == "week":
        period = period - pd.to_timedelta(period.dt.weekday, unit="D")
    return frame.assign(date=period)


def _frequency(days: Array) -> str:
    if len(days) < 2:
        return "day"
    step = float(np.median(np.diff(days.astype("datetime64[D]").astype(int))))
    return "month" if step >= 27 else "week" if step >= 6 else "day"


def _wide(frame: Any, column: str, skus: Any, days: Any) -> Array:
    import pandas as pd

    number = pd.to_numeric(frame[column], errors="coerce")
    table = frame.assign(**{column: number}).pivot_table(index="sku", columns="date", values=column, aggfunc="mean")
    return np.asarray(table.reindex(index=skus, columns=days).to_numpy(float))


def _extra(frame: Any, skus: Any, days: Any, quality: list[str]) -> tuple[Array | None, tuple[str, ...]]:
    """Relative price (1 is usual) and promotion, and which of them there are."""
    columns: dict[str, Array] = {}
    if "price" in frame.columns:
        signs = set(frame["price"].dropna().astype(str).str.extract(r"([^\d\s.,-]+)", expand=False).dropna())
        if len(signs) > 1:
            quality.append(f"several currencies ({', '.join(sorted(signs))}): prices are not used")
        else:
            clean = frame["price"].astype(str).str.replace(r"[^\d.]", "", regex=True)
            columns["price"] = relative(filled(_wide(frame.assign(price=clean), "price", skus, days)))
    if "promo" in frame.columns:
        columns["promo"] = np.nan_to_num(_wide(frame, "promo", skus, days))
    return (np.stack(list(columns.values()), axis=2) if columns else None), tuple(columns)


def relative(price: Array) -> Array:
    """Prices over each SKU's median one; 1 where none is known."""
    known = np.where(price > 0, price, np.nan)
    priced = np.isfinite(known).any(axis=1)
    usual = np.ones((len(price), 1))
    usual[priced] = np.nanmedian(known[priced], axis=1, keepdims=True)
    return np.nan_to_num(known / usual, nan=1.0)


def filled(table: Array) -> Array:
    """Gaps take the value before them."""
    at = np.where(np.isnan(table), 0, np.arange(table.shape[1]))
    np.maximum.accumulate(at, axis=1, out=at)
    return np.asarray(table[np.arange(len(table))[:, None], at])


def corrected(values: Array, in_stock: Array, quality: list[str]) -> Array:
    """Days without stock hide demand: they take at least the SKU's mean of its days with stock."""
    out = in_stock == 0
    if not out.any():
        return values
    quality.append(f"stock-outs: {int(out.sum())} SKU-days, filled with the SKU's usual sales")
    usual = np.where(out, 0, values).sum(1) / np.maximum(1, (~out).sum(1))
    return np.where(out, np.maximum(values, usual[:, None]), values)
