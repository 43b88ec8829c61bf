"""`make run` says plainly why it does not start, and keeps library noise out of the terminal."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from honcho.printer import Message

from deploy.launch import _RunPrinter, addresses
from deploy.running import Running
from shop.settings import ROOT, Settings


def launch(folder: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XIAOER_")}
    environment |= {"PYTHONPATH": str(ROOT), "XIAOER_DATA_DIR": str(folder)}
    environment |= {f"XIAOER_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "deploy.launch"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_run_says_that_it_is_running_and_where(tmp_path: Path):
    first = Running(Settings(data_dir=tmp_path))
    assert first.take()
    second = launch(tmp_path, web_port=8123)
    first.release()
    assert second.returncode == 1
    assert f"It is running already (pid {os.getpid()})" in second.stdout
    assert "http://localhost:8123/" in second.stdout


def test_every_taken_port_is_said_before_anything_is_made(tmp_path: Path):
    with socket.socket() as one, socket.socket() as other:
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        ports = {"rasa_port": one.getsockname()[1], "web_port": other.getsockname()[1]}
        ended = launch(tmp_path, action_port=1, **ports)
    assert ended.returncode == 1
    assert f"XIAOER_RASA_PORT={ports['rasa_port'] + 1}" in ended.stderr
    assert f"XIAOER_WEB_PORT={ports['web_port'] + 1}" in ended.stderr
    assert not (tmp_path / "shop.db").exists()
    assert not (tmp_path / "run.json").exists()


def test_a_mistyped_setting_ends_the_start_with_its_sentence(tmp_path: Path):
    ended = launch(tmp_path, web_prot=1)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip().endswith("did you mean XIAOER_WEB_PORT?")


def test_addresses_name_the_host_that_a_browser_can_open():
    assert "http://localhost:8080/" in addresses(Settings(bind_host="0.0.0.0"))
    assert "http://192.168.1.5:8080/" in addresses(Settings(bind_host="192.168.1.5"))


def printed(tmp_path: Path, lines: list[tuple[str, str]]) -> list[str]:
    running = Running(Settings(data_dir=tmp_path))
    assert running.take()
    printer = _RunPrinter(running)
    printer.output = io.StringIO()
    for name, text in lines:
        printer.write(Message("line", text.encode() if name != "system" else text, datetime(2026, 1, 1), name, None))
    content = running.read()
    running.release()
    assert content.get("children", {}) == ({"rasa": 42} if ("system", "rasa started (pid=42)\n") in lines else {})
    return [line.split("| ", 1)[1] for line in printer.output.getvalue().splitlines()]


def test_a_librarys_warning_and_its_source_line_are_left_out_and_nothing_else_is(tmp_path: Path):
    lines = [
        ("rasa", "/x/site-packages/keras/utils.py:206: DeprecationWarning: invalid escape\n"),
        ("web", "  a line of another server\n"),
        ("rasa", "  its own next line\n"),
        ("rasa", "/x/site-packages/a.py:1: FutureWarning: two in a row\n"),
        ("rasa", "/x/site-packages/b.py:1: UserWarning: without source\n"),
        ("rasa", "Traceback (most recent call last):\n"),
        ("rasa", '  File "/x/site-packages/a.py", line 1\n'),
        ("rasa", "/work/shop/a.py:1: UserWarning: ours\n"),
    ]
    assert printed(tmp_path, lines) == [
        "  a line of another server",
        "Traceback (most recent call last):",
        '  File "/x/site-packages/a.py", line 1',
        "/work/shop/a.py:1: UserWarning: ours",
    ]


def test_the_pids_of_the_servers_are_put_down_as_they_start(tmp_path: Path):
    assert printed(tmp_path, [("system", "rasa started (pid=42)\n")]) == ["rasa started (pid=42)"]
