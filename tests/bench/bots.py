"""The bots that are measured: ours as the Procfile starts it, and the one that `rasa init` makes."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from honcho.environ import parse_procfile

from deploy.environment import child_environment
from shop.settings import ROOT, Settings
from tests.servers import free_port

READY_WITHIN_S = 240.0
NO_TELEMETRY = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "2"}


@dataclass
class Bot:
    """Running processes of a bot; ``stop`` ends them."""

    name: str
    address: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ready_s: float = 0.0

    def memory_mb(self) -> dict[str, int]:
        """Resident memory of each process with its children."""
        return {name: resident_mb(process.pid) for name, process in self.processes.items()}

    def cpu_s(self) -> dict[str, float]:
        """Processor time that each process has used so far, its children's with it."""
        return {
            name: sum(map(cpu_s, (process.pid, *_children(process.pid)))) for name, process in self.processes.items()
        }

    def stop(self) -> None:
        """End the processes, which lead groups of their own."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def resident_mb(pid: int) -> int:
    """Resident memory of a process and its children, in MB."""
    total = 0
    for one in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
    return total // 1024


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used so far, in its own code and in the kernel; 0 once it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    try:
        direct = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return direct + [below for one in direct for below in _children(one)]


def our_settings(base: Settings) -> Settings:
    """Settings of a bot of our own beside whatever runs: free ports, a data folder under the real one.

    The pace limit is lifted: the simulated customers type faster than people.
    """
    folder = (base.data_dir / "bench" / "shop").absolute()
    return replace(
        base,
        data_dir=folder,
        database_url="",
        messages_per_minute=1_000_000,
        action_url="",
        rasa_port=free_port(),
        action_port=free_port(),
        web_port=free_port(),
    )


def build_demo(settings: Settings) -> None:
    """Make the demo shop in the bench's folder; does nothing when it is there."""
    subprocess.run([sys.executable, "-m", "shop.demo", "build"], env=child_environment(settings), cwd=ROOT, check=True)


def start_ours(settings: Settings, log: Path, names: tuple[str, ...] = ("rasa", "actions", "web")) -> Bot:
    """Start the processes of the Procfile and wait for the first answer."""
    bot = Bot("ours", f"http://127.0.0.1:{settings.rasa_port}")
    environment = {**child_environment(settings), "PYTHONWARNINGS": "ignore"}
    started = time.monotonic()
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        if name in names:
            bot.processes[name] = _start(command, environment, ROOT, log.with_name(f"{log.name}-{name}.log"))
    _wait(bot, started, f"http://127.0.0.1:{settings.action_port}/health")
    return bot


def make_stock(folder: Path, log: Path) -> Path:
    """The project of `rasa init`, trained; made once and kept."""
    project = folder / "stock"
    if not list(project.glob("models/*.tar.gz")):
        project.mkdir(parents=True, exist_ok=True)
        print("→ making and training the stock bot of `rasa init` (once, about two minutes)", flush=True)
        with open(log, "wb") as file:
            subprocess.run(
                [sys.executable, "-m", "rasa", "init", "--no-prompt", "--init-dir", str(project)],
                env={**os.environ, **NO_TELEMETRY},
                stdout=file,
                stderr=file,
                check=True,
            )
    return project


def start_stock(project: Path, log: Path) -> Bot:
    """Start the stock bot and its action server on free ports."""
    port, action_port = free_port(), free_port()
    endpoints = project / "endpoints.bench.yml"
    endpoints.write_text(yaml.safe_dump({"action_endpoint": {"url": f"http://127.0.0.1:{action_port}/webhook"}}))
    environment = {**os.environ, **NO_TELEMETRY, "PYTHONWARNINGS": "ignore", "SANIC_HOST": "127.0.0.1"}
    bot = Bot("stock", f"http://127.0.0.1:{port}")
    python, started = sys.executable, time.monotonic()
    commands = {
        "rasa": f"exec {python} -m rasa run --interface 127.0.0.1 --port {port} --endpoints {endpoints}",
        "actions": f"exec {python} -m rasa run actions --port {action_port}",
    }
    for name, command in commands.items():
        bot.processes[name] = _start(command, environment, project, log.with_name(f"{log.name}-{name}.log"))
    _wait(bot, started)
    return bot


def _start(command: str, environment: dict[str, str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    with open(log, "wb") as file:
        return subprocess.Popen(
            command, shell=True, env=environment, cwd=folder, stdout=file, stderr=file, start_new_session=True
        )


def _wait(bot: Bot, started: float, *others: str) -> None:
    """Wait until a customer would be answered: Rasa listens only when its model is loaded."""
    waiting = [f"{bot.address}/", *others]
    while waiting:
        for name, process in bot.processes.items():
            if process.poll() is not None:
                bot.stop()
                raise RuntimeError(f"the {name} server of the {bot.name} bot ended with code {process.returncode}")
        if time.monotonic() - started > READY_WITHIN_S:
            bot.stop()
            raise TimeoutError(f"the {bot.name} bot did not answer within {READY_WITHIN_S:.0f} s")
        if _answers(waiting[0]):
            waiting.pop(0)
        else:
            time.sleep(0.1)
    bot.ready_s = time.monotonic() - started


def _answers(url: str) -> bool:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
