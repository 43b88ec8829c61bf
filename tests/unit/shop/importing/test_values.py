"""Cells as people and exports write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.errors import BadValue
from shop.importing.values import MAX_FEN, PARSERS, parse, tidy
from shop.importing.words import Column, sentence, tables
from shop.policy import SHANGHAI

TYPES = sorted(PARSERS)


def column(kind: str, limit: int = 0, required: bool = False) -> Column:
    return Column("x", (), kind, limit, required, "", {})


def read(kind: str, text: str, limit: int = 0) -> Any:
    return parse(text, column(kind, limit))


def why(kind: str, text: str, limit: int = 0) -> str:
    with pytest.raises(BadValue) as caught:
        read(kind, text, limit)
    facts = dict(caught.value.facts)
    name = facts.pop("text")
    assert sentence(name, "en", **facts)
    assert sentence(name, "zh", **facts)
    return str(name)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.5", 1250), ("12.50", 1250), ("¥12.50", 1250), ("￥12.5", 1250), ("1,299元", 129900), ("１２９９", 129900),
        ("1.2万", 1200000), ("1.2万元", 1200000), ("人民币 88", 8800), ("RMB 88.00", 8800), ("0", 0), (" 3 块 ", 300),
        ("1,234,567.89", 123456789), ("3.5k", 350000), ('="12.5"', 1250), ("'12.5", 1250), ("12.50000", 1250),
    ],
)  # fmt: skip
def test_a_price_is_read_in_every_form_that_shops_write(text: str, fen: int):
    assert read("price", text) == fen


@pytest.mark.parametrize("text", ["abc", "-5", "12,99", "1.2.3", "万", "元", "12~15", "1e5", "∞", "=1+1", "٣", "0x10"])
def test_what_is_no_price_is_refused(text: str):
    assert why("price", text) == "price"


def test_a_price_finer_than_a_fen_or_beyond_reason_is_refused_with_its_own_mend():
    assert why("price", "12.345") == "price_parts"
    assert why("price", "3000万") == "price_range"
    assert why("price", "9" * 5000) == "price_range"


@given(st.integers(0, MAX_FEN))
def test_every_amount_comes_back_from_the_way_it_is_written(fen: int):
    for text in (
        f"{fen // 100}.{fen % 100:02d}",
        f"¥{fen // 100:,}.{fen % 100:02d}",
        f"{fen // 100}.{fen % 100:02d}元",
    ):
        assert read("price", text) == fen


MOMENT = datetime(2026, 11, 3, 14, 5, tzinfo=SHANGHAI)
DAY = datetime(2026, 11, 3, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-03", DAY), ("2026/11/3", DAY), ("2026.11.3", DAY), ("20261103", DAY), ("2026年11月3日", DAY),
        ("2026年11月3号", DAY), ("46329", DAY), ("２０２６－１１－０３", DAY), ("2026-11-03 14:05", MOMENT),
        ("2026/11/3 14:05", MOMENT), ("2026-11-03T14:05:00", MOMENT), ("2026年11月3日 14时5分", MOMENT),
        ("2026年11月3日14:05", MOMENT), ("2026年11月3日 14点05分00秒", MOMENT), ("202611031405", MOMENT),
        ("20261103140500", MOMENT), ("2026-11-03T06:05:00Z", MOMENT), ("2026-11-03T06:05:00.123+00:00", MOMENT),
        ("1793685900", MOMENT), ("1793685900000", MOMENT), ("46329.586805556", MOMENT),
    ],
)  # fmt: skip
def test_a_moment_is_read_in_every_form_that_shops_write(text: str, moment: datetime):
    found = read("moment", text)
    assert found == moment
    assert found.tzinfo is timezone.utc


@pytest.mark.parametrize(
    "text",
    [
        "11/3/2026",
        "3.11.26",
        "2026-13-01",
        "2026-02-30",
        "昨天",
        "2026年11月",
        "2026-11-03 25:00",
        "99999999",
        "12",
        "1e9",
    ],
)
def test_what_is_no_moment_is_refused(text: str):
    assert why("moment", text) == "moment"


def test_a_year_out_of_reason_is_refused_as_such():
    assert why("moment", "1899-01-01") == "moment_range"
    assert why("moment", "3026-01-01") == "moment_range"


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)))
def test_every_moment_comes_back_from_the_way_it_is_written(moment: datetime):
    second = moment.replace(microsecond=0)
    aware = second.replace(tzinfo=SHANGHAI)
    serial = (second - datetime(1899, 12, 30)) / timedelta(days=1)
    forms = [
        f"{second:%Y-%m-%d %H:%M:%S}", f"{second:%Y/%m/%d %H:%M:%S}", f"{second:%Y%m%d%H%M%S}", aware.isoformat(),
        f"{second:%Y年%m月%d日 %H时%M分%S秒}", f"{serial:.9f}", aware.astimezone(timezone.utc).isoformat(),
    ]  # fmt: skip
    assert [read("moment", text) for text in forms] == [aware] * len(forms)


@pytest.mark.parametrize(
    ("text", "number"), [("120", 120), ("1,200", 1200), ("120件", 120), ("120.0", 120), ("1.2万", 12000), ("0", 0)]
)
def test_units_are_whole_numbers_with_or_without_a_noun(text: str, number: int):
    assert read("units", text) == number


@pytest.mark.parametrize(("kind", "text"), [("units", "1.5"), ("units", "-1"), ("units", "many"), ("quantity", "0"),
                                            ("quantity", "10000"), ("stars", "6"), ("stars", "0"), ("months", "x")])  # fmt: skip
def test_a_number_out_of_its_range_is_refused(kind: str, text: str):
    assert why(kind, text) == kind


def test_months_may_be_written_in_years():
    assert [read("months", text) for text in ("12", "12个月", "1年", "0")] == [12, 12, 12, 0]


@pytest.mark.parametrize(
    ("text", "phone"),
    [("13800001234", "13800001234"), ("+86 138-0000-1234", "13800001234"), ("8613800001234", "13800001234"),
     ("13800001234.0", "13800001234"), ("0571-88886666", "057188886666"), ("400 800 8000", "4008008000")],
)  # fmt: skip
def test_a_phone_is_read_as_people_write_it(text: str, phone: str):
    assert read("phone", text) == phone


def test_a_phone_that_cannot_be_dialled_is_refused_with_the_reason():
    assert why("phone", "138****1234") == "masked"
    assert why("phone", "1.38E+10") == "excel"
    assert why("phone", "12345") == "phone"
    assert why("phone", "23800001234") == "phone"


def test_a_code_that_excel_shortened_is_refused():
    assert why("code", "2.02611E+15", 40) == "excel"
    assert why("order_number", "2.02611E+15", 20) == "excel"
    assert why("order_number", "E2026", 20) == "order_number"
    assert why("code", "x" * 41, 40) == "too_long"


def test_what_exports_put_around_a_cell_is_taken_off():
    assert [tidy(text) for text in ('="0012"', "\t0012 ", "'0012", "\ufeff0012", "00\u200b12")] == ["0012"] * 5
    assert tidy("'quoted'") == "'quoted'"


def test_a_state_is_read_in_chinese_and_english():
    told = ["待付款", "待发货", "卖家已发货，等待买家确认", "交易成功", "已关闭", "Shipped"]
    assert [read("order_state", text) for text in told] == [
        "pending_payment", "paid", "shipped", "completed", "cancelled", "shipped",
    ]  # fmt: skip
    assert why("order_state", "没听说过") == "choice"


def test_yes_and_no_are_read_in_chinese_and_english():
    assert [read("yes_no", text) for text in ("是", "否", "Y", "false", "上架", "0")] == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    assert why("yes_no", "也许") == "yes_no"


def test_attributes_are_pairs():
    assert read("attributes", "材质=纯棉；产地：新疆;") == {"材质": "纯棉", "产地": "新疆"}
    assert why("attributes", "纯棉") == "attributes"


@pytest.mark.parametrize("text", ["../../etc/passwd", "a\\b.jpg", "/a.jpg", ".hidden.jpg"])
def test_a_picture_is_named_without_folders(text: str):
    assert why("files", text) == "files"


def test_an_empty_cell_is_nothing_unless_it_must_not_be():
    assert read("price", "  ") is None
    with pytest.raises(BadValue, match="empty"):
        parse("", column("price", required=True))


@pytest.mark.parametrize("kind", TYPES)
@given(text=st.text(max_size=60))
def test_no_cell_makes_a_parser_fail_otherwise_than_by_refusing(kind: str, text: str):
    try:
        parse(text, column(kind, 40))
    except BadValue as error:
        facts = dict(error.facts)
        assert sentence(facts.pop("text"), "zh", **facts)


def test_every_kind_of_the_data_file_has_a_parser():
    kinds = {one.kind for table in tables().values() for one in table.columns}
    assert kinds == set(PARSERS)


@pytest.mark.parametrize("table", sorted(tables()))
def test_the_examples_in_the_columns_page_are_read(table: str):
    for one in tables()[table].columns:
        parse(one.example, Column(one.name, (), one.kind, one.limit, False, "", {}))
