"""Training data stands where Rasa looks for it, is complete, and never met the benchmark."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.house.project import ROOT, bench_dir, domain, intents, read_yaml, training_lines, yaml_files

TRAINING_KEYS = {"nlu", "stories", "rules"}
TRAINING_FOLDERS = {"nlu", "rules", "stories"}
LINES_AN_INTENT = 30


@cache
def _steps() -> list[tuple[str, list[dict]]]:
    """The steps of every rule and story."""
    found = []
    for folder, key, name in (("data/rules", "rules", "rule"), ("data/stories", "stories", "story")):
        for path in yaml_files(folder):
            found += [(one[name], one["steps"]) for one in read_yaml(path).get(key) or []]
    return found


@pytest.mark.parametrize("path", yaml_files("data"), ids=lambda path: str(path.relative_to(ROOT)))
def test_yaml_with_training_keys_stands_only_in_the_folders_of_training_data(path: Path):
    folder = path.relative_to(ROOT / "data").parts[0]
    keys = set(read_yaml(path)) & TRAINING_KEYS
    assert not keys or folder in TRAINING_FOLDERS, f"`rasa train` would read {sorted(keys)} of it as training data"


def test_an_intent_stands_once_in_the_domain():
    assert [name for name, count in Counter(intents()).items() if count > 1] == []


def test_the_domain_has_the_104_intents_of_the_plan():
    plan = ROOT.parent / "shared" / "intents.tsv"
    if not plan.is_file():
        assert len(intents()) >= 104
        return
    names = {line.split("\t")[0] for line in plan.read_text(encoding="utf-8").splitlines()[1:] if line.strip()}
    assert names - set(intents()) == set()


@pytest.mark.parametrize("intent", sorted(set(intents()) - {"nlu_fallback"}))
def test_an_intent_has_training_lines(intent: str):
    assert len(set(training_lines().get(intent, []))) >= LINES_AN_INTENT


def test_training_lines_belong_to_intents_of_the_domain():
    assert set(training_lines()) - set(intents()) == set()


def test_no_training_line_stands_under_two_intents():
    owners: dict[str, set[str]] = {}
    for intent, lines in training_lines().items():
        for line in lines:
            owners.setdefault(line, set()).add(intent)
    assert {line: sorted(names) for line, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize("intent", sorted(set(intents())))
def test_an_intent_is_answered_by_a_rule_or_a_story(intent: str):
    for _name, steps in _steps():
        for at, step in enumerate(steps):
            named = [step.get("intent"), *(one.get("intent") for one in step.get("or") or [])]
            if intent in named and any("action" in later for later in steps[at + 1 :]):
                return
    pytest.fail(f"no rule or story answers {intent}")


def test_rules_name_only_intents_and_actions_of_the_domain():
    known = {"action_listen", "action_default_fallback", "action_restart", "action_session_start", "action_back"}
    known |= {"action_deactivate_loop", "action_unlikely_intent"}
    for key in ("actions", "responses", "forms"):
        known |= {name if isinstance(name, str) else next(iter(name)) for part in domain(key) for name in part}
    named = {step["action"] for _name, steps in _steps() for step in steps if "action" in step}
    assert named - known == set()


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def test_no_training_line_is_a_line_of_the_benchmark():
    bench = bench_dir()
    if bench is None:
        pytest.skip("no benchmark data here (XIAOER_BENCH_DIR)")
    gold = (bench / "gold" / "dev.tsv").read_text(encoding="utf-8").splitlines()
    # Very short lines ("你好", "谢谢") are what anyone says.
    measured = {_squeezed(line.split("\t")[0]) for line in gold}
    written = {_squeezed(line): line for lines in training_lines().values() for line in lines}
    same = {line for squeezed, line in written.items() if len(squeezed) > 6 and squeezed in measured}
    assert same == set()
