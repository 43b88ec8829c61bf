"""The widget's one file: small, and made from the sources beside it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

WIDGET = Path(__file__).parents[3] / "web" / "widget"
BUNDLE = WIDGET / "dist" / "xiaoer.js"
MOST_GZIPPED = 60 * 1024


def test_the_widget_with_its_socket_client_is_at_most_60_kb_gzipped():
    raw = BUNDLE.read_bytes()
    assert b"socket.io" in raw or b"EIO" in raw
    assert len(gzip.compress(raw, 9)) <= MOST_GZIPPED


def _npm_packages() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed: the bundle can't be rebuilt")
    if not (WIDGET / "node_modules" / "esbuild").is_dir():
        pytest.skip("the widget's npm packages are not installed: cd web/widget && npm ci")


def test_the_committed_bundle_is_what_the_sources_make(tmp_path):
    _npm_packages()
    made = tmp_path / "xiaoer.js"
    subprocess.run(["node", "build.mjs", made], cwd=WIDGET, check=True, timeout=120)
    assert made.read_bytes() == BUNDLE.read_bytes(), "run `make widget` and commit web/widget/dist"


def test_the_sources_have_no_type_errors():
    _npm_packages()
    done = subprocess.run(
        ["node_modules/.bin/tsc", "--noEmit"], cwd=WIDGET, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return len(value)
    return sorted(re.findall(r"\{\w+\}", str(value)))


def test_english_says_everything_that_chinese_says_with_the_same_gaps():
    chinese, english = (json.loads((WIDGET / f"texts.{one}.json").read_text(encoding="utf-8")) for one in ("zh", "en"))
    assert _shape(chinese) == _shape(english)


def test_every_text_is_used():
    sources = "".join(path.read_text(encoding="utf-8") for path in (WIDGET / "src").glob("*.ts"))
    texts = json.loads((WIDGET / "texts.zh.json").read_text(encoding="utf-8"))
    assert [name for name in texts if name not in sources] == []
