"""Numbers that name things: orders, parcels, cases, phones, taxpayers, mailboxes."""

from __future__ import annotations

import re
from typing import Iterator

from nlp.matches import Match

_ORDER_WORD = r"(?:订单|单)(?:编?号码?)?(?:是|为)?[:#\s]*"
_ORDER = re.compile(r"(?<![A-Za-z\d])(?:\d{16}|(?<!\d[ -])(?:\d[ -]?){15}\d(?![ -]\d))(?![A-Za-z\d])")
_CASE = re.compile(r"(?<![A-Za-z\d])AS[ -]?\d{6,18}(?!\d)", re.I)
_PHONE = re.compile(r"(?<!\d)(?<!\d[ -])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?![ -]?\d)(?![A-Za-z])")
_TAIL = re.compile(
    r"(?:尾号|后四位|后4位|末四位|末4位|后面四位|最后四位|最后4位)(?:数字?|号码?)?(?:是|为)?[:\s]*(\d{4})(?!\d)"
    r"|(?<!\d)(\d{4})(?:结尾|尾号|的?那个手机|的?手机号)"
)
_TAIL_BESIDE = re.compile(r"(?<![A-Za-z\d.¥-])(\d{4})(?![A-Za-z\d年元块号件个.-])")
"""Four digits that stand alone in a message with an order's number."""
_BARE_TAIL = re.compile(r"^(?:手机|电话)?(?:号码?|尾号)?(?:是|为)?[:\s]*(\d{4})[.。!啊哈呢吧]*$")
_TRACKING_WORD = re.compile(
    r"(?:快递|物流|运单|退货|寄回|包裹|面)(?:的)?单?号?码?(?:是|为)?[:\s]*([A-Za-z]{0,4}\d{8,18}[A-Za-z0-9]{0,4})",
    re.ASCII,
)
_TRACKING = re.compile(
    r"(?<![A-Za-z\d])(?:[A-Za-z]{1,4}\d{9,15}|\d{12,15}|\d{17,20}|[A-Z]{2}\d{9}[A-Z]{2})(?![A-Za-z\d])"
)
_TAX = re.compile(r"(?<![A-Za-z\d])(?=[0-9A-Z]*\d{6})([0-9A-HJ-NPQRTUWXY]{18}|\d{15}|\d{20})(?![A-Za-z\d])", re.I)
_TAX_WORD = re.compile(
    r"(?:税号|纳税人识别号|识别号|信用代码|税务登记号)(?:码)?(?:是|为)?[:\s]*([0-9A-Za-z]{15,20})(?![A-Za-z\d])"
)
_MAIL = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


def find(text: str) -> Iterator[Match]:
    """Every identifier in clean text; a taxpayer's number wins over a parcel's, an order's over both."""
    for mail in _MAIL.finditer(text):
        yield Match("email", mail.group(), *mail.span(), rank=99)
    for case in _CASE.finditer(text):
        yield Match("case_no", re.sub(r"[ -]", "", case.group()).upper(), *case.span(), rank=97)
    for tax in _TAX_WORD.finditer(text):
        yield Match("tax_no", tax.group(1).upper(), *tax.span(1), rank=98)
    for tax in _TAX.finditer(text):
        if (len(tax.group()) == 18 and not tax.group().isdigit()) or _valid_credit_code(tax.group().upper()):
            yield Match("tax_no", tax.group().upper(), *tax.span(), rank=90)
    orders = list(_ORDER.finditer(text))
    for order in orders:
        digits = re.sub(r"\D", "", order.group())
        if re.match(r"20\d\d(0[1-9]|1[0-2])", digits) or re.search(_ORDER_WORD + "$", text[: order.start()]):
            yield Match("order_no", digits, *order.span(), rank=96)
        else:
            yield Match("order_no", digits, *order.span(), rank=80)
    beside = text
    for order in orders:
        beside = beside[: order.start()] + "," * (order.end() - order.start()) + beside[order.end() :]
    phones = list(_phones(beside))
    yield from phones
    tails = list(_TAIL_BESIDE.finditer(beside))
    if orders and not phones and len(tails) == 1:  # a proof in one message: the number, and four digits without a word
        yield Match("phone_tail", tails[0].group(1), *tails[0].span(1), rank=60)
    yield from _parcels(text)


def _phones(text: str) -> Iterator[Match]:
    for phone in _PHONE.finditer(text):
        yield Match("phone", re.sub(r"\D", "", phone.group(1)), *phone.span(), rank=95)
    for tail in _TAIL.finditer(text):
        group = 1 if tail.group(1) else 2
        yield Match("phone_tail", tail.group(group), *tail.span(), rank=95)
    bare = _BARE_TAIL.match(text)
    if bare:
        yield Match("phone_tail", bare.group(1), *bare.span(1), rank=94)


def _parcels(text: str) -> Iterator[Match]:
    for parcel in _TRACKING_WORD.finditer(text):
        if not _PHONE.fullmatch(parcel.group(1)) and not (len(parcel.group(1)) == 16 and parcel.group(1).isdigit()):
            yield Match("tracking_no", parcel.group(1).upper(), *parcel.span(1), rank=93)
    for parcel in _TRACKING.finditer(text):
        yield Match("tracking_no", parcel.group().upper(), *parcel.span(), rank=70)


_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _valid_credit_code(code: str) -> bool:
    """Whether an 18-place social credit code ends in its right check character (GB 32100-2015)."""
    if len(code) != 18 or any(char not in _CODE for char in code):
        return False
    total = sum(_CODE.index(char) * pow(3, place, 31) for place, char in enumerate(code[:17]))
    return _CODE[(31 - total % 31) % 31] == code[17]
