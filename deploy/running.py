"""Which bot runs from a data folder: a lock that dies with its process, and the pids to end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, Any

from shop.settings import Settings

STOP_WAIT_S = 20.0


class Running:
    """The run file of a data folder.

    The lock on it, not its content, says whether a bot runs: a file left by a
    power cut is no problem. The content names the process groups to end.
    """

    def __init__(self, settings: Settings) -> None:
        self.path: Path = settings.data_dir / "run.json"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Whether this process is now the one that runs; False when another is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = open(self.path, "a+")  # noqa: SIM115 (held until release)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        self.write({})
        return True

    def write(self, children: dict[str, int]) -> None:
        """Put down the pids of the servers, each the leader of a process group."""
        assert self._file is not None, "take() comes first"
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "children": children}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Nothing runs any more."""
        if self._file is not None:
            self.path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def read(self) -> dict[str, Any]:
        """The content of the run file; empty when there is none."""
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def is_held(self) -> bool:
        """Whether a bot runs from this folder."""
        if not self.path.exists():
            return False
        with open(self.path, "a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False


def stop(running: Running) -> bool:
    """End the bot of that folder and all its children; whether there was anything to end."""
    content = running.read()
    held = running.is_held()
    if held and content.get("pid"):
        _signal(os.kill, content["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_WAIT_S
        while running.is_held() and _alive(content["pid"]) and time.monotonic() < deadline:
            time.sleep(0.2)
    # What is left when the starter itself was killed: its servers, each in a group of its own.
    left = {name: pid for name, pid in content.get("children", {}).items() if _is_ours(name, pid)}
    for pid in left.values():
        _signal(os.killpg, pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WAIT_S / 2
    while any(_is_ours(name, pid) for name, pid in left.items()) and time.monotonic() < deadline:
        time.sleep(0.2)
    for pid in left.values():
        _signal(os.killpg, pid, signal.SIGKILL)
    if running.is_held() and content.get("pid"):
        _signal(os.kill, content["pid"], signal.SIGKILL)
    running.path.unlink(missing_ok=True)
    return held or bool(left)


_WORDS = {"rasa": ("bot", "rasa"), "actions": ("rasa_sdk",), "web": ("web",)}
"""Modules that a server is started by; one that an earlier release started is ours too."""


def _is_ours(name: str, pid: int) -> bool:
    """Whether that pid is still the server it was: pids are given out again."""
    command = f"{_command(pid)} "
    return any(f"-m {word} " in command for word in _WORDS.get(name, (name,)))


def _command(pid: int) -> str:
    """What a process was started by; empty when there is none. Small images have no ``ps``, macOS has no ``/proc``."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            return ""
    told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _signal(send: Any, pid: int, number: int) -> None:
    try:
        send(pid, number)
    except OSError:
        pass
