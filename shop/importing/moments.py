"""Dates and times as exports write them, in UTC."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone, tzinfo

from shop.importing.words import problem, words

_FORM = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[ t]*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.\d+)?)?:?)?"
    r" *(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a local wall clock; the caller's zone is put on it)
_FIRST, _LAST = 2000, 2099


def moment(text: str, zone: tzinfo) -> datetime:
    """A moment in UTC.

    Reads 2026-11-03, 2026/11/3 14:05, 2026.11.3, 20261103, 20261103140509, the
    Chinese forms of these, ISO 8601 with a zone, Excel's serial days (45999.5)
    and seconds or milliseconds since 1970.

    Args:
        text: What the cell holds.
        zone: The zone of what names none.

    Raises:
        BadValue: it is none of these, or no day of the calendar.
    """
    bare = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        found = _from_digits(bare, zone) or _from_form(bare, zone)
    except (ValueError, OverflowError) as error:  # the 30th of February
        raise problem("moment") from error
    if found is None:
        raise problem("moment")
    if not _FIRST <= found.year <= _LAST:
        raise problem("moment_range")
    return found.astimezone(timezone.utc)


def _from_digits(text: str, zone: tzinfo) -> datetime | None:
    if _SERIAL.fullmatch(text):
        return (_EXCEL_EPOCH + timedelta(seconds=round(float(text) * 86400))).replace(tzinfo=zone)
    if not (text.isascii() and text.isdecimal()):
        return None
    if len(text) == 13:
        return datetime.fromtimestamp(int(text) / 1000, timezone.utc)
    if len(text) == 10:
        return datetime.fromtimestamp(int(text), timezone.utc)
    match = _DIGITS.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _from_form(text: str, zone: tzinfo) -> datetime | None:
    for mark, sign in words("date_marks").items():
        text = text.replace(mark, sign)
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    part = match.groupdict(default="0")
    said = _zone(match["zone"]) or zone
    day = (int(part["year"]), int(part["month"]), int(part["day"]))
    return datetime(*day, int(part["hour"]), int(part["minute"]), int(part["second"]), tzinfo=said)


def _zone(text: str | None) -> tzinfo | None:
    if text is None or text == "z":
        return timezone.utc if text else None
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
