"""CSV files as exports write them, and as accidents leave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.errors import BadValue
from shop.importing.columns import Reader
from shop.importing.files import CsvFile
from shop.importing.report import FileReport
from shop.importing.words import sentence, tables

TEXT = "客户编号,姓名\nC1,王小明\nC2,李四\n"


def write(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "c.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def rows(path: Path) -> list[list[str]]:
    return [row.cells for row in CsvFile(path).rows()]


def why(path: Path) -> str:
    with pytest.raises(BadValue) as caught:
        CsvFile(path)
    facts = dict(caught.value.facts)
    name = str(facts.pop("text"))
    assert sentence(name, "zh", **facts)
    return name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_read_in_the_encodings_of_chinese_exports(tmp_path: Path, encoding: str):
    path = write(tmp_path, TEXT, encoding)
    assert CsvFile(path).headings == ["客户编号", "姓名"]
    assert rows(path) == [["C1", "王小明"], ["C2", "李四"]]


@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_a_file_is_read_with_any_usual_separator(tmp_path: Path, sign: str):
    assert rows(write(tmp_path, TEXT.replace(",", sign))) == [["C1", "王小明"], ["C2", "李四"]]


def test_empty_rows_are_left_out_and_the_others_keep_the_numbers_of_the_spreadsheet(tmp_path: Path):
    path = write(tmp_path, "\n客户编号,姓名\n\nC1,王\n,\nC2,李\n")
    assert [(row.number, row.cells[0]) for row in CsvFile(path).rows()] == [(4, "C1"), (6, "C2")]


def test_a_text_in_quotes_may_hold_separators_and_lines(tmp_path: Path):
    assert rows(write(tmp_path, 'a,b\n1,"x,\ny"\n2,z\n')) == [["1", "x,\ny"], ["2", "z"]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "file_empty"),
        (b"\n\n , \n", "file_empty"),
        (b"PK\x03\x04rest of a workbook", "file_excel"),
        (b"a,b\n\0\0\0\0", "file_binary"),
        (b"a,b\n1,\xff\xff\xff\n", "file_encoding"),
        (b"\xff\xfea\0,\0b", "file_encoding"),
        (",".join(f"c{n}" for n in range(10_000)).encode(), "file_wide"),
    ],
)
def test_what_is_no_usable_table_is_refused_with_the_mend(tmp_path: Path, content: bytes, name: str):
    assert why(write(tmp_path, content)) == name


def test_a_missing_file_is_said_as_such(tmp_path: Path):
    assert why(tmp_path / "nothing.csv") == "file_missing"


def test_the_first_undecodable_byte_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(BadValue) as caught:
        CsvFile(write(tmp_path, b"a,b\n1,2\n3,\xff\xff\n"))
    assert caught.value.facts["line"] == 3
    assert caught.value.facts["byte"] == "0xff"


def test_a_nul_byte_far_inside_refuses_its_row_only(tmp_path: Path):
    body = "".join(f"C{n},name\n" for n in range(1000)) + "C\0,name\nC1001,name\n"
    found = list(CsvFile(write(tmp_path, "code,name\n" + body)).rows())
    assert [row.number for row in found if row.error] == [1002]
    assert len(found) == 1002


def test_a_file_cut_off_inside_quotes_refuses_the_last_row(tmp_path: Path):
    found = list(CsvFile(write(tmp_path, 'code,name\nC1,a\nC2,"half')).rows())
    assert [row.error is None for row in found] == [True, False]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(content=st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_refusing(tmp_path: Path, content: bytes):
    try:
        file = CsvFile(write(tmp_path, content))
        assert all(row.number > 1 for row in file.rows())
    except BadValue as error:
        assert "text" in error.facts


def reader(headings: list[str], table: str = "customers") -> tuple[Reader, FileReport]:
    report = FileReport(Path("c.csv"), headings)
    return Reader(tables()[table], headings, report), report


def test_headings_are_known_in_chinese_english_and_with_remarks():
    told, report = reader(["客户编号*", " Phone ", "注册时间（北京）", "Customer_Name", ""])
    assert [one.name if one else None for one in told.columns] == ["customer_code", "phone", "created_at", None, None]
    assert [one.column for one in report.warnings] == ["Customer_Name"]


def test_a_missing_column_is_named_with_its_chinese_heading():
    with pytest.raises(BadValue) as caught:
        reader(["订单号"], "orders")
    assert "customer_code (客户编号)" in caught.value.facts["missing"]


def test_two_headings_of_one_meaning_are_refused():
    with pytest.raises(BadValue) as caught:
        reader(["客户编号", "会员编号"])
    assert caught.value.facts["text"] == "double_heading"


def test_a_heading_of_every_column_page_is_known():
    for name, table in tables().items():
        for one in table.columns:
            headings = [one.name, *one.headings]
            for heading in headings:
                others = [other.name for other in table.columns if other.required and other.name != one.name]
                told, _report = reader([heading, *others], name)
                assert told.columns[0] is not None
                assert told.columns[0].name == one.name, heading
