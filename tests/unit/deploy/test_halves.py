"""`make test` in two processes: nothing is left out, a failure counts, an interrupt clears up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomli

from deploy.test import BESIDE, SHOWN, run_both
from shop.settings import ROOT

WAITS = """
import pathlib, sys, time
try:
    pathlib.Path(sys.argv[1], "began").touch()
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path(sys.argv[1], "cleared").touch()
    sys.exit(2)
"""


def test_every_folder_of_tests_is_in_one_half():
    known = tomli.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    assert sorted([*SHOWN, *BESIDE]) == sorted(known)


@pytest.mark.parametrize(("first", "second", "code"), [(0, 0, 0), (1, 0, 1), (0, 3, 1)])
def test_a_failure_in_either_half_counts_and_both_are_shown(first: int, second: int, code: int, capfd):
    programs = [[sys.executable, "-c", f"print('half {n}'); exit({end})"] for n, end in enumerate((first, second))]
    assert run_both(*programs) == code
    shown = capfd.readouterr().out
    assert "half 0" in shown
    assert "half 1" in shown


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_both_halves_clear_up(tmp_path: Path, sent: signal.Signals):
    folders = [tmp_path / "a", tmp_path / "b"]
    for one in folders:
        one.mkdir()
    programs = [[sys.executable, "-c", WAITS, str(one)] for one in folders]
    whole = subprocess.Popen(
        [sys.executable, "-c", f"from deploy.test import *; heed_interrupts(); exit(run_both(*{programs!r}))"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_IGN
        ),  # as a shell does for what runs in its background
    )
    deadline = time.monotonic() + 60
    while not all((one / "began").exists() for one in folders):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    whole.send_signal(sent)
    assert whole.wait(timeout=60) == 1
    assert all((one / "cleared").exists() for one in folders)
