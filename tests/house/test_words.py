"""Chinese for people lives in YAML and JSON, never in Python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.project import ROOT, python_files

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
# The grammar of numerals, dates, money, coupons, addresses, names and sizes: here the characters are the code's subject.
GRAMMAR = {
    f"nlp/{name}.py"
    for name in (
        "addresses",
        "choices",
        "coupons",
        "dates",
        "entities",
        "gazetteer",
        "identifiers",
        "looks",
        "money",
        "numbers",
        "people",
    )
}


def chinese_literals(source: str) -> list[tuple[int, str]]:
    """Line and text of each string literal with Chinese in it; docstrings don't count."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in docstrings and HAN.search(node.value)
    ]


def test_the_scan_finds_literals_and_spares_docstrings_and_comments():
    source = '"""模块"""\ndef f():\n    """说明"""\n    # 注释\n    return f"您好{1}" + "再见"\n'
    assert sorted(text for _line, text in chinese_literals(source)) == ["再见", "您好"]


def _without_grammar() -> list[Path]:
    return [path for path in python_files() if str(path.relative_to(ROOT)) not in GRAMMAR]


@pytest.mark.parametrize("path", _without_grammar(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_python_file_holds_no_chinese_sentence(path: Path):
    found = chinese_literals(path.read_text(encoding="utf-8"))
    assert not found, f"move these to bot/domain, data/lexicon or data/shop: {found}"


@pytest.mark.parametrize("name", sorted(GRAMMAR))
def test_the_list_of_grammar_modules_names_only_files_that_need_it(name: str):
    assert chinese_literals((ROOT / name).read_text(encoding="utf-8"))
