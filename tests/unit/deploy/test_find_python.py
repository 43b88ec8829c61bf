"""Python 3.10 is found where it really runs, or asked for in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shop.settings import ROOT

BASE = Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def find(home: Path, *folders: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Look with nothing on PATH but these folders and the plain tools that the script uses."""
    tools = home / "tools"
    tools.mkdir(exist_ok=True)
    for tool in ("ls", "sort"):
        (tools / tool).unlink(missing_ok=True)
        (tools / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")
    given = {"HOME": str(home), "PATH": ":".join(map(str, (*folders, tools))), **environment}
    script = str(ROOT / "deploy" / "find_python.sh")
    return subprocess.run(["/bin/bash", script], env=given, capture_output=True, text=True, check=False)


def test_a_working_python_on_the_path_is_taken(tmp_path: Path):
    program(tmp_path / "bin", "python3.10", f'exec {BASE} "$@"')
    assert Path(find(tmp_path, tmp_path / "bin").stdout.strip()).resolve() == BASE


def test_a_shim_that_fails_is_passed_over_for_one_further_on(tmp_path: Path):
    program(tmp_path / "shims", "python3.10", 'echo "pyenv: python3.10: command not found" >&2; exit 127')
    program(tmp_path / "bin", "python3.10", f'exec {BASE} "$@"')
    found = find(tmp_path, tmp_path / "shims", tmp_path / "bin")
    assert Path(found.stdout.strip()).resolve() == BASE


def test_a_version_of_pyenv_is_taken_when_the_path_has_none(tmp_path: Path):
    (tmp_path / ".pyenv" / "versions").mkdir(parents=True)
    program(tmp_path / ".pyenv" / "versions" / "3.10.9", "unused", "")
    program(tmp_path / ".pyenv" / "versions" / "3.10.9" / "bin", "python", f'exec {BASE} "$@"')
    assert Path(find(tmp_path).stdout.strip()).resolve() == BASE


def test_uv_is_asked_when_nothing_else_has_it(tmp_path: Path):
    program(tmp_path / "bin", "uv", f'[ "$1 $2 $3" = "python find 3.10" ] && echo {BASE}')
    assert Path(find(tmp_path, tmp_path / "bin").stdout.strip()).resolve() == BASE


def test_the_one_that_is_named_comes_first(tmp_path: Path):
    program(tmp_path / "mine", "py", f'exec {BASE} "$@"')
    assert Path(find(tmp_path, PYTHON=str(tmp_path / "mine" / "py")).stdout.strip()).resolve() == BASE


@pytest.mark.parametrize("text", ["exit 127", 'exec /usr/bin/env false "$@"'])
def test_without_any_one_sentence_says_how_to_get_it(tmp_path: Path, text: str):
    program(tmp_path / "bin", "python3.10", text)
    ended = find(tmp_path, tmp_path / "bin")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "Python 3.10 (with venv) is needed" in ended.stderr
