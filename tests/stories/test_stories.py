"""Runs the dialogue stories with `rasa test`, as one would by hand: what is understood, and what is done next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from tests.house.project import ROOT, intents, read_yaml

STORIES = ROOT / "tests" / "stories"
MODEL = ROOT / "models" / "xiaoer.tar.gz"
FORMS = sorted(name for path in (ROOT / "bot" / "domain").glob("*.yml") for name in read_yaml(path).get("forms") or {})
WAYS: dict[str, Callable[[list[dict[str, Any]], str], bool]] = {
    "filled and submitted": lambda steps, _form: _confirmed(steps, True),
    'left by "never mind"': lambda steps, _form: "action_stop" in _actions(steps),
    "interrupted and gone on with": lambda steps, form: _interrupted(steps, form),
    "refused at its confirmation": lambda steps, _form: _confirmed(steps, False),
}


def _stories(form: str | None = None) -> list[dict[str, Any]]:
    found = [one for path in sorted(STORIES.glob("test_*.yml")) for one in read_yaml(path)["stories"]]
    return [one for one in found if form is None or form in _actions(one["steps"])]


def _actions(steps: list[dict[str, Any]]) -> list[str]:
    return [step["action"] for step in steps if "action" in step]


def _confirmed(steps: list[dict[str, Any]], wanted: bool) -> bool:
    set_slots = [slot for step in steps for slot in step.get("slot_was_set") or []]
    return {"confirm": wanted} in set_slots and any(one.startswith("action_submit_") for one in _actions(steps))


def _interrupted(steps: list[dict[str, Any]], form: str) -> bool:
    """Whether something else is answered in a turn and the form runs after it, without being started then."""
    turn: list[str] = []
    for step in steps:
        turn = [] if "intent" in step else turn
        if "action" in step:
            turn.append(step["action"])
            if turn[-1] == form and len(turn) == 2 and "_start_" not in turn[0]:
                return True
    return False


@pytest.mark.parametrize("form", [form for form in FORMS if form != "verify_form"])
@pytest.mark.parametrize("way", WAYS)
def test_stories_take_each_form_every_way(form: str, way: str):
    assert any(WAYS[way](story["steps"], form) for story in _stories(form)), f"no story where {form} is {way}"


def test_there_are_thirty_stories_and_no_name_twice():
    names = [story["story"] for story in _stories()]
    assert len(names) >= 30
    assert len(set(names)) == len(names)


def test_stories_name_only_intents_of_the_domain():
    named = {step["intent"] for story in _stories() for step in story["steps"] if "intent" in step}
    assert named - set(intents()) - {"nlu_fallback"} == set()


def _rasa_test(stories: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    if not MODEL.is_file():
        pytest.skip("there is no trained model: make train")
    command = [sys.executable, "-m", "bot", "test", "core", "--model", str(MODEL), "--stories", str(stories)]
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [*command, "--out", str(out), "--no-plot", *options], cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(900)
def test_every_line_is_understood_and_every_next_step_is_the_right_one(tmp_path: Path):
    done = _rasa_test(STORIES, tmp_path, "--e2e")
    assert done.returncode == 0, done.stderr[-3000:]
    failed = (tmp_path / "failed_test_stories.yml").read_text(encoding="utf-8")
    wrong = [line.strip() for line in failed.splitlines() if "# predicted" in line or line.startswith("- story")]
    assert not (yaml.safe_load(failed) or {}).get("stories"), "\n".join(wrong)
    report = json.loads((tmp_path / "story_report.json").read_text(encoding="utf-8"))
    assert report["conversation_accuracy"]["total"] == len(_stories())


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(900)
def test_a_story_with_a_wrong_next_step_fails(tmp_path: Path):
    (tmp_path / "stories").mkdir()
    text = (STORIES / "test_cancel.yml").read_text(encoding="utf-8")
    assert "action: action_submit_cancel" in text
    broken = tmp_path / "stories" / "test_broken.yml"
    broken.write_text(text.replace("action: action_submit_cancel", "action: action_reply", 1), encoding="utf-8")
    done = _rasa_test(broken.parent, tmp_path / "out", "--fail-on-prediction-errors")
    assert done.returncode != 0
    assert "predicted: action_submit_cancel" in done.stdout + done.stderr
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
