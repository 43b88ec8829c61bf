"""Reads what people write in cells: prices, dates, quantities, phones, states.

Every parser takes the cell's text, tidied and not empty, and its column; it
returns the value or raises ``BadValue`` whose ``facts["text"]`` names the
sentence that tells the mend.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Callable

from shop.importing.moments import moment
from shop.importing.words import Column, problem, words
from shop.policy import SHANGHAI

MAX_FEN = 2_000_000_000
MAX_UNITS = 2_000_000_000
MAX_QUANTITY = 9999
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", re.ASCII)
_SHORTENED = re.compile(r"\d(\.\d+)?e\+\d+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{9,11}|[48]00\d{7}", re.ASCII)
_ORDER_NUMBER = re.compile(r"\d{4,20}", re.ASCII)  # customers type digits, so a number is nothing else
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


def tidy(text: str) -> str:
    """A cell without what exports put around it: spaces, tabs, zero-width marks, ``="…"``, a leading apostrophe."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    text = text.strip()
    if text.startswith('="') and text.endswith('"') and len(text) >= 3:
        text = text[2:-1].strip()
    if text.startswith("'") and len(text) > 1 and (text[1] in "=+-@" or text[1].isdigit()):
        text = text[1:]
    return text


def plain(text: str) -> str:
    """Half-width, lower case, without spaces: the form in which words and numbers are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def number(text: str) -> Decimal | None:
    """12.5, 1,299 or 1.2万 as a number; None when it is none."""
    factor = 1
    for word, value in words("multipliers").items():
        if text.endswith(word):
            text, factor = text[: -len(word)], value
            break
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", "")) * factor
    except InvalidOperation:  # more digits than a price can have
        return None


def _price(text: str, _column: Column) -> int:
    bare = plain(text)
    for word in words("currency"):
        bare = bare.removeprefix(word).removesuffix(word)
    yuan = number(bare)
    if yuan is None:
        raise problem("price")
    fen = yuan * 100
    if fen > MAX_FEN:
        raise problem("price_range")
    if fen != fen.to_integral_value():
        raise problem("price_parts")
    return int(fen)


def _whole(text: str, sentence: str, most: int) -> int:
    bare = plain(text)
    for word in words("unit_nouns"):
        if bare.endswith(word) and len(bare) > len(word):
            bare = bare[: -len(word)]
            break
    value = number(bare)
    if value is None or value != value.to_integral_value() or value > most:
        raise problem(sentence)
    return int(value)


def _units(text: str, _column: Column) -> int:
    return _whole(text, "units", MAX_UNITS)


def _quantity(text: str, _column: Column) -> int:
    value = _whole(text, "quantity", MAX_QUANTITY)
    if value < 1:
        raise problem("quantity")
    return value


def _months(text: str, _column: Column) -> int:
    bare = plain(text)
    for word in words("years"):
        if bare.endswith(word):
            return _whole(bare[: -len(word)], "months", 50) * 12
    return _whole(bare, "months", 600)


def _stars(text: str, _column: Column) -> int:
    value = _whole(text, "stars", 5)
    if value < 1:
        raise problem("stars")
    return value


def _level(text: str, _column: Column) -> int:
    known: dict[str, int] = words("level")
    bare = plain(text)
    if bare in known:
        return known[bare]
    if bare in {"0", "1", "2", "3", "4"}:
        return int(bare)
    raise problem("level", known=", ".join(known))


def _text(text: str, column: Column) -> str:
    if column.limit and len(text) > column.limit:
        raise problem("too_long", length=len(text), limit=column.limit)
    return text


def _code(text: str, column: Column) -> str:
    if _SHORTENED.fullmatch(text):
        raise problem("excel")
    if any(not one.isprintable() for one in text):
        raise problem("code")
    return _text(text, column)


def _order_number(text: str, _column: Column) -> str:
    if _SHORTENED.fullmatch(text):
        raise problem("excel")
    bare = unicodedata.normalize("NFKC", text)
    if not _ORDER_NUMBER.fullmatch(bare):
        raise problem("order_number")
    return bare


def _phone(text: str, _column: Column) -> str:
    bare = re.sub(r"[\s()\-‐–—]", "", unicodedata.normalize("NFKC", text))
    if "*" in bare:
        raise problem("masked")
    if _SHORTENED.fullmatch(bare):
        raise problem("excel")
    bare = bare.removesuffix(".0")
    bare = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", bare)
    if not (_MOBILE.fullmatch(bare) or _LANDLINE.fullmatch(bare)):
        raise problem("phone")
    return bare


def _email(text: str, column: Column) -> str:
    if not _EMAIL.fullmatch(text):
        raise problem("email")
    return _text(text, column)


def _yes_no(text: str, _column: Column) -> bool:
    known: dict[str, bool] = words("yes_no")
    if plain(text) not in known:
        raise problem("yes_no")
    return known[plain(text)]


def _choice(text: str, column: Column) -> str:
    known: dict[str, str] = words(column.kind)
    bare = plain(text)
    if bare in known:
        return known[bare]
    if bare in known.values():
        return bare
    raise problem("choice", known=", ".join(list(known)[:12]))


def _attributes(text: str, column: Column) -> dict[str, str]:
    _text(text, column)
    found: dict[str, str] = {}
    for part in re.split(r"[;；\n]", text):
        if not part.strip():
            continue
        name, mark, value = re.sub(r"[:：＝]", "=", part, count=1).partition("=")
        if not mark or not name.strip() or not value.strip():
            raise problem("attributes")
        found[name.strip()] = value.strip()
    return found


def _files(text: str, column: Column) -> tuple[str, ...]:
    names = tuple(part.strip() for part in re.split(r"[;；\n]", _text(text, column)) if part.strip())
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        raise problem("files")
    return names


def _moment(text: str, _column: Column) -> datetime:
    return moment(text, SHANGHAI)


PARSERS: dict[str, Callable[[str, Column], Any]] = {
    "attributes": _attributes,
    "code": _code,
    "email": _email,
    "event_kind": _choice,
    "files": _files,
    "level": _level,
    "moment": _moment,
    "months": _months,
    "order_number": _order_number,
    "order_state": _choice,
    "payment_method": _choice,
    "phone": _phone,
    "price": _price,
    "quantity": _quantity,
    "stars": _stars,
    "text": _text,
    "units": _units,
    "yes_no": _yes_no,
}


def parse(text: str, column: Column) -> Any:
    """A cell's value; None for an empty cell.

    Raises:
        BadValue: it has not the form it must have, or is empty and may not be.
    """
    text = tidy(text)
    if not text:
        if column.required:
            raise problem("empty")
        return None
    return PARSERS[column.kind](text, column)
