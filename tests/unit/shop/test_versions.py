"""A version is whole or not there; the last good one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop.errors import BadIndex
from shop.versions import current, facts, open_newest, open_version, publish, versions


def text(folder: Path) -> str:
    return (folder / "a.txt").read_text()


def writes(words: str):
    return lambda folder: (folder / "a.txt").write_text(words)


def test_the_newest_version_is_in_force(tmp_path: Path):
    publish(tmp_path, writes("one"), {"made": "today"})
    name = publish(tmp_path, writes("two"))
    assert current(tmp_path) == name
    assert open_newest(tmp_path, text) == (name, "two")
    assert facts(tmp_path, versions(tmp_path)[1])["made"] == "today"


def test_a_writer_that_fails_leaves_what_was(tmp_path: Path):
    publish(tmp_path, writes("good"))

    def dies(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        raise RuntimeError("out of power")

    with pytest.raises(RuntimeError):
        publish(tmp_path, dies)
    assert open_newest(tmp_path, text)[1] == "good"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".new")] == []


def test_a_damaged_version_gives_way_to_the_one_before_and_is_told(tmp_path: Path):
    publish(tmp_path, writes("good"))
    name = publish(tmp_path, writes("bad"))
    (tmp_path / name / "a.txt").write_text("ba")
    told: list[str] = []
    assert open_newest(tmp_path, text, told=told.append)[1] == "good"
    assert "a.txt" in told[0]
    with pytest.raises(BadIndex, match="damaged"):
        open_version(tmp_path, name, text)


def test_a_version_of_another_format_is_refused(tmp_path: Path):
    name = publish(tmp_path, writes("x"))
    manifest = tmp_path / name / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 7'))
    with pytest.raises(BadIndex, match="format 7"):
        facts(tmp_path, name)
    with pytest.raises(BadIndex, match="no usable version"):
        open_newest(tmp_path, text)


def test_a_scratch_folder_of_a_dead_writer_is_swept(tmp_path: Path):
    (tmp_path / ".new-dead").mkdir()
    publish(tmp_path, writes("x"))
    assert not (tmp_path / ".new-dead").exists()


def test_without_a_version_there_is_an_error_that_says_so(tmp_path: Path):
    assert current(tmp_path) is None
    with pytest.raises(BadIndex, match="train one"):
        open_newest(tmp_path, text)
