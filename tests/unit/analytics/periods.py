"""The periods of the test questions, worked out with pandas alone."""

from __future__ import annotations

from datetime import datetime

import pandas as pd


def spans(now: datetime) -> dict[str, tuple[pd.Timestamp, pd.Timestamp] | None]:
    """First moment and the moment after the last, by the words that people use."""
    today = pd.Timestamp(now).tz_convert("Asia/Shanghai").normalize()
    day, month, year = pd.Timedelta(days=1), pd.offsets.MonthBegin(), pd.offsets.YearBegin()
    this_month = today.replace(day=1)
    this_year = today.replace(month=1, day=1)
    monday = today - day * today.weekday()
    quarter = this_month - pd.DateOffset(months=(today.month - 1) % 3)

    def last_year(month: int, day: int) -> pd.Timestamp:
        return pd.Timestamp(f"{today.year - 1}-{month:02d}-{day:02d}", tz="Asia/Shanghai")

    return {
        "": None,
        "今天": (today, today + day),
        "昨天": (today - day, today),
        "前天": (today - 2 * day, today - day),
        "这周": (monday, monday + 7 * day),
        "上周": (monday - 7 * day, monday),
        "上上周": (monday - 14 * day, monday - 7 * day),
        "这个月": (this_month, this_month + month),
        "本月": (this_month, this_month + month),
        "上个月": (this_month - month, this_month),
        "上上个月": (this_month - 2 * month, this_month - month),
        "今年": (this_year, this_year + year),
        "去年": (this_year - year, this_year),
        "最近7天": (today - 6 * day, today + day),
        "近30天": (today - 29 * day, today + day),
        "过去90天": (today - 89 * day, today + day),
        "今年上半年": (this_year, this_year + pd.DateOffset(months=6)),
        "去年双十一": (last_year(11, 11), last_year(11, 12)),
        "去年下半年": (this_year - pd.DateOffset(months=6), this_year),
        "这个季度": (quarter, quarter + pd.DateOffset(months=3)),
        "上个季度": (quarter - pd.DateOffset(months=3), quarter),
        "今年第一季度": (this_year, this_year + pd.DateOffset(months=3)),
        "去年四季度": (this_year - pd.DateOffset(months=3), this_year),
        "今年到现在": (this_year, today + day),
        "从去年三月到去年五月": (last_year(3, 1), last_year(6, 1)),
    }
