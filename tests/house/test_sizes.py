"""A file has one job: 400 lines are the stop, 40 for a function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.project import PACKAGES, ROOT, python_files

FILE_LINES = 400
FUNCTION_LINES = 40


def _source_files() -> list[Path]:
    scripts = [
        path
        for folder in PACKAGES
        for ending in ("js", "ts", "mjs")
        for path in sorted((ROOT / folder).rglob(f"*.{ending}"))
        if not {"vendor", "node_modules", "dist"} & set(path.parts)
    ]
    python = [path for path in python_files(*PACKAGES, "tests") if "versions" not in path.parts]  # alembic's own
    return python + scripts


@pytest.mark.parametrize("path", _source_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_stops_at_400_lines(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


def _too_long(path: Path) -> list[str]:
    found: list[str] = []
    if path.suffix != ".py" or "tests" in path.parts:
        return found
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            if lines > FUNCTION_LINES:
                found.append(f"{node.name} ({lines} lines)")
    return found


@pytest.mark.parametrize("path", _source_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_stops_at_40_lines(path: Path):
    assert _too_long(path) == []
