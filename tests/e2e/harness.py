"""The real Rasa server and the real action server over a shop of their own, and customers who talk to them.

The servers are started by the Procfile's own commands, on free ports, with a
data folder and a log folder of their own; customers talk over the REST channel.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Iterable

import requests
from honcho.environ import parse_procfile

from deploy.environment import child_environment
from deploy.ports import Server, answers, servers
from shop.front import Shop
from shop.settings import ROOT, Settings
from tests.servers import free_port

READY_WITHIN_S = 120.0
ANSWER_WITHIN_S = 40.0
_talks = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a customer read after one message."""

    status: int
    bodies: tuple[dict[str, Any], ...]
    asked: str = ""

    @property
    def text(self) -> str:
        """All sentences, and the plain form of the cards."""
        parts = (body.get("text") or (body.get("custom") or {}).get("text") or "" for body in self.bodies)
        return "\n".join(part for part in parts if part)

    @property
    def sentences(self) -> list[str]:
        """The sentences without the cards."""
        return [body["text"] for body in self.bodies if body.get("text")]

    @property
    def buttons(self) -> dict[str, str]:
        """Titles of the buttons and what they send."""
        lists = [body.get("buttons") or [] for body in self.bodies]
        return {one["title"]: one["payload"] for buttons in lists for one in buttons}

    @property
    def cards(self) -> list[dict[str, Any]]:
        """All cards."""
        return [card for body in self.bodies for card in (body.get("custom") or {}).get("items", [])]

    def has(self, *parts: str) -> Answer:
        """This answer, which must hold every one of these words."""
        missing = [part for part in parts if part not in self.text]
        assert not missing, f"asked {self.asked!r}, answered {self.text!r}; missing {missing}"
        return self

    def has_no(self, *parts: str) -> Answer:
        """This answer, which must hold none of these words."""
        there = [part for part in parts if part in self.text]
        assert not there, f"asked {self.asked!r}, answered {self.text!r}; must not hold {there}"
        return self

    def offers(self, *titles: str) -> Answer:
        """This answer, which must show buttons of these titles."""
        missing = [one for one in titles if one not in self.buttons]
        assert not missing, f"asked {self.asked!r}, answered {self.text!r} with {list(self.buttons)}; missing {missing}"
        return self


class Talk:
    """One conversation of a customer, or of a guest who has no token."""

    def __init__(self, bot: BotServer, token: str | None = None, sender: str | None = None) -> None:
        self.bot = bot
        self.token = token
        self.sender = sender or f"e2e-{os.getpid()}-{next(_talks)}"
        self.turns: list[Answer] = []

    def say(self, text: str, attachments: Iterable[str] = (), **more: Any) -> Answer:
        """Say something and read the answer; there must be one."""
        metadata: dict[str, Any] = {"token": self.token} if self.token else {}
        if attachments:
            metadata["attachments"] = list(attachments)
        answer = self.bot.post({"sender": self.sender, "message": text, "metadata": metadata, **more})
        self.turns.append(answer)
        assert answer.status == 200, f"{text!r}: HTTP {answer.status}"
        assert answer.text.strip(), f"{text!r} was met with silence"
        assert not re.search(r"\{[a-z_]+\}", answer.text), f"a gap was left open: {answer.text!r}"
        return answer

    def press(self, title: str) -> Answer:
        """Press a button of the last answer."""
        buttons = {**self.turns[-1].buttons}
        for card in self.turns[-1].cards:
            buttons.update({one["title"]: one["payload"] for one in card.get("buttons", [])})
        assert title in buttons, f"{title!r} is none of {list(buttons)}"
        return self.say(buttons[title])


class BotServer:
    """Rasa and action server over one shop; ``shop`` is the test's own door to the same rows."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.folder = folder
        self.shop = shop
        self.settings: Settings = shop.settings
        self.tokens: list[str] = []
        self.scene: Any = None  # tests.e2e.scene.Scene, where there is one
        self.credentials: Path | None = None  # channels of its own, instead of credentials.yml
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> BotServer:
        """Start both servers and wait until both answer."""
        self.start_server("actions", wait=False)
        self.start_server("rasa")
        self.wait("actions")
        log = self.log_file("rasa").read_text(errors="replace")
        assert "Could not load model" not in log, (
            f"Rasa runs without a model:\n{log[-3000:]}"
        )  # it answers all the same
        return self

    def stop(self) -> None:
        """End both servers."""
        for name in list(self._processes):
            self.kill_server(name, signal.SIGTERM)

    def start_server(self, name: str, wait: bool = True) -> None:
        """Start one server by its line of the Procfile."""
        command = parse_procfile((ROOT / "Procfile").read_text()).processes[name]
        if name == "rasa" and self.credentials is not None:
            command += f" --credentials {self.credentials}"
        with open(self.log_file(name), "ab") as log:
            self._processes[name] = subprocess.Popen(
                ["bash", "-c", command],
                cwd=ROOT,
                env=child_environment(self.settings),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        if wait:
            self.wait(name)

    def kill_server(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End one server and everything that it started."""
        process = self._processes.pop(name)
        for one in (how, signal.SIGKILL):
            try:
                os.killpg(process.pid, one)
            except ProcessLookupError:
                pass
            try:
                process.wait(timeout=15)
                return
            except subprocess.TimeoutExpired:
                continue

    def signal_server(self, name: str, how: signal.Signals) -> None:
        """Tell one server and everything that it started to stop, or to go on."""
        os.killpg(self._processes[name].pid, how)

    def is_up(self, name: str) -> bool:
        """Whether the server's process lives and answers."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None and answers("127.0.0.1", self._server(name))

    def wait(self, name: str) -> None:
        """Wait until a server answers; its own words are in the error if it never does."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not answers("127.0.0.1", self._server(name)):
            ended = self._processes[name].poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(
                    f"{name} did not start:\n{self.log_file(name).read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.1)

    def customer(self, customer: Any) -> Talk:
        """A talk with the token of a customer (a row or an id)."""
        token = self.shop.identity.issue_token(getattr(customer, "id", customer))
        self.tokens.append(token)
        return Talk(self, token)

    def guest(self) -> Talk:
        """A talk without a token."""
        return Talk(self)

    def post(self, content: Any) -> Answer:
        """Post a JSON value to the REST channel."""
        answer = self.post_raw(_as_json(content))
        return dataclasses.replace(answer, asked=str(content.get("message") if isinstance(content, dict) else content))

    def post_raw(self, body: bytes) -> Answer:
        """Post bytes to the REST channel."""
        response = requests.post(
            f"http://127.0.0.1:{self.settings.rasa_port}/webhooks/rest/webhook",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=ANSWER_WITHIN_S,
        )
        try:
            content = response.json()
        except ValueError:
            content = []
        bodies = tuple(one for one in content if isinstance(one, dict)) if isinstance(content, list) else ()
        return Answer(response.status_code, bodies)

    def log_file(self, name: str) -> Path:
        """Where a server's words go."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        return self.folder / "logs" / f"{name}.log"

    def logs(self) -> str:
        """Everything that both servers have written."""
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.folder / "logs").glob("*.log")))

    def _server(self, name: str) -> Server:
        return next(one for one in servers(self.settings) if one.name == name)


def settings_for(folder: Path, secret: str, **more: Any) -> Settings:
    """Settings of a bot with its own folder and free ports."""
    given: dict[str, Any] = {
        "data_dir": folder,
        "secret_key": secret,
        "rasa_port": free_port(),
        "action_port": free_port(),
        "web_port": free_port(),
        "messages_per_minute": 6000,  # a test talks faster than people
        "service_hours": "0:00-24:00",  # and at any hour
        **more,
    }
    return Settings(**given)


def _as_json(content: Any) -> bytes:
    return json.dumps(content).encode("ascii")  # lone surrogates travel as escapes
