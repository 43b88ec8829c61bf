"""One bot runs from a data folder; what was left of one that died is no problem."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.running import Running, stop
from shop.settings import ROOT, Settings

HOLD = """
import sys, time
from pathlib import Path
from deploy.running import Running
from shop.settings import Settings
running = Running(Settings(data_dir=Path(sys.argv[1])))
assert running.take()
print("taken", flush=True)
time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=-1, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def test_a_second_start_is_refused_while_the_first_runs(tmp_path: Path):
    first = holder(tmp_path)
    try:
        second = Running(Settings(data_dir=tmp_path))
        assert not second.take()
        assert second.read()["pid"] == first.pid
    finally:
        first.kill()
        first.communicate()


def test_stop_ends_the_one_that_runs(tmp_path: Path):
    first = holder(tmp_path)
    assert stop(Running(Settings(data_dir=tmp_path)))
    assert first.wait(60) == -signal.SIGTERM
    first.communicate()


def test_a_run_file_whose_process_was_killed_does_not_stop_the_next_start(tmp_path: Path):
    first = holder(tmp_path)
    first.kill()
    first.communicate()
    again = Running(Settings(data_dir=tmp_path))
    assert again.path.exists()
    assert again.take()
    again.release()
    assert not again.path.exists()


def test_stop_with_nothing_running_says_so(tmp_path: Path):
    assert not stop(Running(Settings(data_dir=tmp_path)))


def test_a_damaged_run_file_is_no_problem(tmp_path: Path):
    running = Running(Settings(data_dir=tmp_path))
    running.path.write_text("{half a")
    assert running.read() == {}
    assert not stop(running)


def test_stop_ends_servers_that_outlived_their_starter(tmp_path: Path):
    (tmp_path / "rasa_sdk.py").write_text("import time; time.sleep(60)")
    left = subprocess.Popen([sys.executable, "-m", "rasa_sdk"], cwd=tmp_path, start_new_session=True)
    running = Running(Settings(data_dir=tmp_path))
    running.path.write_text(json.dumps({"pid": 0, "children": {"actions": left.pid}}))
    time.sleep(0.3)
    assert stop(running)
    assert left.wait(60) == -signal.SIGTERM


def test_stop_leaves_a_stranger_alone_that_got_an_old_pid(tmp_path: Path):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    running = Running(Settings(data_dir=tmp_path))
    running.path.write_text(json.dumps({"pid": 0, "children": {"actions": stranger.pid}}))
    assert not stop(running)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_stop_needs_no_ps_and_takes_no_other_program_for_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "webmail.py").write_text("import time; time.sleep(60)")
    stranger = subprocess.Popen([sys.executable, "-m", "webmail"], cwd=tmp_path, start_new_session=True)
    running = Running(Settings(data_dir=tmp_path))
    running.path.write_text(json.dumps({"pid": 0, "children": {"web": stranger.pid}}))
    monkeypatch.setenv("PATH", str(tmp_path))
    time.sleep(0.3)
    assert not stop(running)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
