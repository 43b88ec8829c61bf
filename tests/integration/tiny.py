"""A tiny bot with real servers: Rasa, actions, web, over a SQLite file of their own."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from shop.front import Shop, open_shop
from shop.models import Customer
from shop.settings import Settings
from tests.builders import Builder
from tests.demo_shops import call_demo
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests" / "integration" / "tiny_bot"
START_WITHIN_S = 180


def trained_model() -> Path:
    """The tiny bot's model, trained when its sources changed."""
    sources = sorted(PROJECT.glob("*.yml"))
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()[:16]
    model = ROOT / ".cache" / "tiny-bot" / f"{digest}.tar.gz"
    if model.is_file():
        return model
    command = [
        sys.executable,
        "-m",
        "bot",
        "train",
        "--config",
        PROJECT / "config.yml",
        "--domain",
        PROJECT / "domain.yml",
        "--data",
        PROJECT / "nlu.yml",
        PROJECT / "rules.yml",
        "--out",
        model.parent,
        "--fixed-model-name",
        digest,
    ]
    done = subprocess.run([str(one) for one in command], cwd=ROOT, env=_environment({}), capture_output=True, text=True)
    if done.returncode or not model.is_file():
        raise RuntimeError(f"the tiny bot could not be trained: {done.stdout[-800:]}{done.stderr[-800:]}")
    return model


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XIAOER_")}
    given = {f"XIAOER_{key.upper()}": str(value) for key, value in settings.items()}
    path = os.pathsep.join([str(PROJECT), str(ROOT)])  # the package `actions` is the tiny bot's here
    return {**kept, **given, "PYTHONPATH": path, "RASA_TELEMETRY_ENABLED": "false", "OMP_NUM_THREADS": "1"}


class TinyBot:
    """Starts and stops the three servers; use as a context manager."""

    def __init__(self, folder: Path, credentials: Path = ROOT / "credentials.yml") -> None:
        self.folder = folder
        self._credentials = credentials
        self._settings: dict[str, Any] = {
            "data_dir": folder / "data",
            "secret_key": "a secret for tests only",
            "rasa_port": free_port(),
            "action_port": free_port(),
            "web_port": free_port(),
            "action_timeout_s": 3,
            "messages_per_minute": 1000,
            "service_hours": "0:00-24:00",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.shop: Shop = open_shop(Settings(**self._settings))
        self.build = Builder(self.shop)  # one for all tests: it numbers what it makes

    def __enter__(self) -> TinyBot:
        self.shop.database.create_all()
        call_demo(self.shop)
        with self.shop.database.change() as session:
            session.add_all([
                Customer(id=one, code=f"c{one}", name_sealed=self.shop.cipher.seal("测试"),
                         phone_sealed=self.shop.cipher.seal(f"1380000000{one}")) for one in (1, 2)
            ])  # fmt: skip
        model = trained_model()
        self.start_actions()
        self._start("web", ["-m", "web"])
        self._start(
            "rasa",
            [
                "-m",
                "bot",
                "run",
                "-m",
                model,
                "--endpoints",
                PROJECT / "endpoints.yml",
                "--credentials",
                self._credentials,
                "--interface",
                "127.0.0.1",
                "--port",
                self._settings["rasa_port"],
            ],
        )
        self._wait(f"{self.rasa}/webhooks/rest/", "rasa")
        self._wait(f"{self.web}/health", "web")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.stop(name)
        self.shop.database.dispose()

    @property
    def rasa(self) -> str:
        return f"http://localhost:{self._settings['rasa_port']}"

    @property
    def web(self) -> str:
        return f"http://localhost:{self._settings['web_port']}"

    @property
    def processes(self) -> dict[str, subprocess.Popen[bytes]]:
        """The servers by name."""
        return self._processes

    def token(self, customer: int) -> str:
        return self.shop.identity.issue_token(customer)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start_actions(self) -> None:
        port = self._settings["action_port"]
        self._start("actions", ["-m", "rasa_sdk", "--actions", "actions", "--port", port])
        self._wait(f"http://localhost:{port}/health", "actions")

    def stop(self, name: str) -> None:
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=15)

    def _start(self, name: str, arguments: list[Any]) -> None:
        environment = {**_environment(self._settings), "TINY_ACTION_PORT": str(self._settings["action_port"])}
        with open(self.folder / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *(str(one) for one in arguments)], cwd=PROJECT if name == "actions" else ROOT, env=environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _wait(self, address: str, name: str) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline and self._processes[name].poll() is None:
            try:
                urllib.request.urlopen(address, timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"{name} did not start:\n{self.log(name)[-1500:]}")
