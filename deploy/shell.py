"""`make shell`: talk in the terminal as a customer of the demo shop, with the real actions behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from deploy.environment import child_environment
from deploy.launch import look_at_pictures
from deploy.ports import Server, answers, port_problem, servers
from deploy.train import train
from shop.errors import ShopError
from shop.settings import ROOT, Settings, load_settings

READY_WITHIN_S = 60.0


def main() -> int:
    """Start the action server if none answers, then `rasa shell` in a conversation linked to a customer."""
    os.chdir(ROOT)
    try:
        settings = load_settings()
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    environment = child_environment(settings)
    made = subprocess.run([sys.executable, "-m", "shop.demo", "build"], env=environment, check=False).returncode
    code = made or train()
    if code:
        return code
    look_at_pictures(environment)
    told = subprocess.run(
        [sys.executable, "-m", "shop.demo", "shell", *sys.argv[1:]], env=environment, stdout=subprocess.PIPE, text=True
    )
    if told.returncode:
        return told.returncode
    conversation = told.stdout.split()[-1]
    actions = next(one for one in servers(settings) if one.name == "actions")
    helper = None
    if not answers(settings.action_host, actions):
        helper = _start_actions(actions, settings, environment)
        if helper is None:
            return 1
    for number in (signal.SIGHUP, signal.SIGTERM):  # a closed terminal ends the action server too
        signal.signal(number, lambda _number, _frame: sys.exit(1))
    try:
        command = [sys.executable, "-m", "bot", "shell", "--conversation-id", conversation]
        command += ["--endpoints", environment["XIAOER_ENDPOINTS"], "--interface", "127.0.0.1", "--port", str(_free())]
        return _talk(command, environment, settings.data_dir / "shell.log")
    finally:
        if helper is not None:
            helper.terminate()
            helper.wait()


def _free() -> int:
    """A free port: `rasa shell` talks to a server of its own, and the usual port may be in use."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _start_actions(server: Server, settings: Settings, environment: dict[str, str]) -> subprocess.Popen[bytes] | None:
    problem = port_problem(server, settings.action_host)
    if problem:
        print(problem, file=sys.stderr)
        return None
    print("→ starting the action server", flush=True)
    log = settings.data_dir / "shell-actions.log"
    with open(log, "wb") as file:
        helper = subprocess.Popen(
            [sys.executable, "-m", "rasa_sdk", "--quiet", "--actions", "actions", "--port", str(server.port)],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and helper.poll() is None:
        if answers(settings.action_host, server):
            return helper
        time.sleep(0.2)
    helper.kill()
    print(f"The action server did not start; its words are in {log}.", file=sys.stderr)
    return None


def _talk(command: list[str], environment: dict[str, str], log: Path) -> int:
    """Run the shell in the foreground, its log in a file; Ctrl-C is its own to handle."""
    print("→ loading the model", flush=True)
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        with open(log, "wb") as file:
            code = subprocess.run(command, env=environment, stderr=file, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    if code > 0:
        print(f"rasa shell ended with exit code {code}; its words are in {log}.", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
