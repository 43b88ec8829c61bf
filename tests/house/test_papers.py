"""The README and the Makefile tell what is there."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields

from shop.settings import PREFIX, Settings, table
from tests.house.project import ROOT

TARGETS = [
    *("help", "setup", "run", "stop", "train", "shell", "test", "check"),
    *("bench", "widget", "walk", "load", "pictures", "fuzz", "demo", "import", "clean", "lock", "simulate"),
]


def _between(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.S)
    assert found, f"the markers <!-- {name} --> … <!-- /{name} --> are gone"
    return found.group(1).strip()


def test_the_readme_holds_the_settings_table_as_the_program_prints_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert _between(readme, "settings") == table(), "paste the output of `python -m shop.settings` into README.md"


def test_every_setting_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [one.name for one in fields(Settings) if f"`{PREFIX}{one.name.upper()}`" not in readme] == []


def test_make_help_shows_every_target_with_a_sentence():
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines()[1:]}
    assert list(lines) == TARGETS
    assert all(len(words) >= 2 for words in lines.values())


def test_make_alone_shows_the_help():
    alone = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert alone.startswith("小二")


def test_every_top_level_folder_has_its_place_in_the_plan():
    planned = {"actions", "analytics", "bot", "data", "deploy", "nlp", "recsys", "shop", "tests", "vision", "web"}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert {one for one in folders if not one.startswith(".")} - planned == set()


def test_files_that_both_readmes_name_are_there():
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)}
        missing = {link for link in links if link and "://" not in link and not (ROOT / link).exists()}
        assert missing == set(), name


def test_every_requirement_is_locked():
    def name(line: str) -> str:
        return re.split(r"[<>=!~ ;\[]", line.strip())[0].lower().replace("_", "-")

    wanted, locked = (
        {name(line) for line in (ROOT / file).read_text().splitlines() if line.strip() and not line.startswith("#")}
        for file in ("requirements.in", "requirements.txt")
    )
    assert wanted - locked == set(), "run `make lock`"
