"""`make run`: demo shop, model, the three servers of the Procfile, and the addresses to open."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from typing import Any

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

from deploy.environment import child_environment
from deploy.ports import Server, answers, host_of, port_problem, servers
from deploy.running import Running
from deploy.train import train
from shop.errors import ShopError
from shop.settings import ROOT, Settings, load_settings

READY_WITHIN_S = 300.0
SAY_EVERY_S = 5.0


def main() -> int:
    """Start everything; the exit code, 0 when it was asked to stop."""
    os.chdir(ROOT)
    try:
        settings = load_settings()
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    running = Running(settings)
    if not running.take():
        print(f"It is running already (pid {running.read().get('pid', '?')}). `make stop` ends it.\n")
        print(addresses(settings))
        return 1
    try:
        return _run(settings, running)
    except KeyboardInterrupt:
        return 0
    finally:
        running.release()


def _run(settings: Settings, running: Running) -> int:
    problems = [one for one in (port_problem(server, host_of(server, settings)) for server in servers(settings)) if one]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    environment = child_environment(settings)
    made = subprocess.run([sys.executable, "-m", "shop.demo", "build"], env=environment, check=False).returncode
    if not made:  # without them the bot shows what is popular and asks for words: no reason to stop
        for command in (["nlp.product_vectors"], ["recsys.train", "--if-needed"]):
            subprocess.run([sys.executable, "-m", *command], env=environment, check=False)
    code = made or train()
    if code:
        return code
    look_at_pictures(environment)
    print("→ starting the servers", flush=True)
    manager = Manager(_RunPrinter(running))
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        manager.add_process(name, command, env=environment, cwd=str(ROOT))
    threading.Thread(target=_announce, args=(settings, manager), daemon=True).start()
    manager.loop()
    asked = manager.returncode in (130, 143)  # Ctrl-C, make stop
    if not asked:
        print("A server ended by itself, so the others were ended too: its lines above say why.", file=sys.stderr)
    return 0 if asked else manager.returncode or 1


def look_at_pictures(environment: dict[str, str]) -> None:
    """Put what is new of the shop's pictures into the index; without it a running bot does so by itself."""
    if subprocess.run([sys.executable, "-m", "vision.index"], env=environment, check=False).returncode:
        print("→ the pictures could not be looked at now; the bot starts without", file=sys.stderr)


# Warnings of installed libraries, which nobody who runs a shop can mend; the next line is their source.
_LIBRARY_WARNING = re.compile(r"/site-packages/\S+: (\w*)Warning: ")


class _RunPrinter(Printer):
    """Prints the servers' lines, and puts their pids into the run file as they start."""

    def __init__(self, running: Running) -> None:
        super().__init__(sys.stdout)
        self._running = running
        self._children: dict[str, int] = {}
        self._skipping: set[str] = set()  # servers whose last line was such a warning

    def write(self, message: Message) -> None:
        words = str(message.data).split()
        if message.name == "system" and words[1:2] == ["started"]:
            self._children[words[0]] = int(words[2].strip("(pid=)"))
            self._running.write(self._children)
        if not self._is_library_warning(message):
            super().write(message)

    def _is_library_warning(self, message: Message) -> bool:
        text = message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else str(message.data)
        if _LIBRARY_WARNING.search(text):
            self._skipping.add(message.name)
            return True
        continued = message.name in self._skipping and text.startswith("  ")
        self._skipping.discard(message.name)
        return continued


def _announce(settings: Settings, manager: Any) -> None:
    """Wait until all three answer, saying what is missing meanwhile; then print the addresses."""
    started = said = time.monotonic()
    waiting: list[Server] = servers(settings)
    while waiting:
        if manager.returncode is not None:
            return
        waiting = [one for one in waiting if not answers(host_of(one, settings), one)]
        now = time.monotonic()
        if waiting and now - started > READY_WITHIN_S:
            names = ", ".join(one.name for one in waiting)
            print(f"→ no answer from {names} after {READY_WITHIN_S:.0f} s: see the lines above", flush=True)
            return
        if waiting and now - said > SAY_EVERY_S:
            said = now
            print(f"→ {now - started:.0f} s, waiting for {', '.join(one.name for one in waiting)}…", flush=True)
        time.sleep(0.3)
    print(f"\n→ ready after {time.monotonic() - started:.1f} s\n\n{addresses(settings)}\n", flush=True)


def addresses(settings: Settings) -> str:
    """Where to go, for the person at the terminal."""
    host = "localhost" if settings.bind_host in ("127.0.0.1", "0.0.0.0", "::", "") else settings.bind_host
    return (
        f"  Talk to the bot   http://{host}:{settings.web_port}/\n"
        f"  Agents' desk      http://{host}:{settings.web_port}/desk/   logins: {settings.data_dir}/desk-logins.txt\n"
        f"  Rasa server       http://{host}:{settings.rasa_port}/\n"
        f"  In a terminal     make shell\n"
        f"  End               Ctrl-C here, or make stop"
    )


if __name__ == "__main__":
    sys.exit(main())
