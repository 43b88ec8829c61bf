"""A closed loop of simulated customers over the REST channel: how long an answer takes, how many there are a second.

Each customer has a conversation and a token of their own, sends the next line of
the script when the answer to the last one is there, and starts at another line
than the others, so that every kind of turn is under way at any moment.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

LEVELS = (1, 8, 32)
LEVEL_S = 20.0
LEVEL_MESSAGES = 4000
ANSWER_WITHIN_S = 30.0
LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Line:
    """What a customer says, and words of which the answer must hold one."""

    say: str
    wants: tuple[str, ...]


@dataclass
class Level:
    """What was measured with so many customers at once."""

    users: int
    seconds: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    by_line: dict[str, list[float]] = field(default_factory=dict)
    busy: float = 0.0  # load average of the machine just before
    cpu_ms: dict[str, float] = field(default_factory=dict)  # processor time of each process, a message

    @property
    def p50(self) -> float:
        """Half of the answers were there after so many ms."""
        return statistics.median(self.times_ms) if self.times_ms else float("nan")

    @property
    def p95(self) -> float:
        """Nineteen of twenty answers were there after so many ms."""
        return sorted(self.times_ms)[int(len(self.times_ms) * 0.95)] if self.times_ms else float("nan")

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.times_ms) / self.seconds if self.seconds else 0.0


class Wording:
    """Puts a line into ever other words, the same in every run."""

    def __init__(self, seed: int) -> None:
        self._around = _content()["around"]
        self._random = random.Random(seed)

    def of(self, line: Line) -> str:
        """The line with something before and after it."""
        before, after, end = (self._random.choice(self._around[part]) for part in ("before", "after", "end"))
        return f"{before}{line.say}{after}{end}"


def script(name: str) -> list[Line]:
    """The lines of one bot's script."""
    return [Line(one["say"], tuple(one["wants"])) for one in _content()[name]]


def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "turns.yml").read_text(encoding="utf-8"))
    return content


async def measure(
    address: str,
    lines: list[Line],
    users: int,
    tokens: list[str] | None = None,
    seconds: float = LEVEL_S,
    messages: int = LEVEL_MESSAGES,
) -> Level:
    """Load a bot with some customers for a bounded time and number of messages.

    Args:
        address: of the server, on this machine.
        tokens: signed tokens, shared out among the customers; None: they are guests.

    Raises:
        ValueError: the address is not on this machine.
    """
    if address.split("//")[-1].rsplit(":", 1)[0] not in LOCAL:
        raise ValueError(f"{address}: only servers on this machine are loaded")
    level = Level(users, busy=os.getloadavg()[0])
    run = f"bench-{os.getpid()}-{time.time_ns() % 10**9}-{users}"
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        customers = [
            _Customer(
                session, address, f"{run}-{number}", lines, number, tokens[number % len(tokens)] if tokens else None
            )
            for number in range(users)
        ]
        await asyncio.gather(*(one.speak(None) for one in customers))  # connections and first sessions are not measured
        started = time.perf_counter()
        deadline = started + seconds
        await asyncio.gather(*(one.talk(level, deadline, messages) for one in customers))
        level.seconds = time.perf_counter() - started
    return level


class _Customer:
    def __init__(
        self, session: Any, address: str, sender: str, lines: list[Line], number: int, token: str | None
    ) -> None:
        self._session = session
        self._url = f"{address}/webhooks/rest/webhook"
        self._sender = sender
        self._lines = lines
        self._next = number
        self._wording = Wording(number)
        self._metadata = {"token": token} if token else {}

    async def talk(self, level: Level, deadline: float, messages: int) -> None:
        while time.perf_counter() < deadline and len(level.times_ms) + len(level.errors) < messages:
            await self.speak(level)

    async def speak(self, level: Level | None) -> None:
        line = self._lines[self._next % len(self._lines)]
        self._next += 1
        body = {"sender": self._sender, "message": self._wording.of(line), "metadata": self._metadata}
        started = time.perf_counter()
        try:
            async with self._session.post(self._url, json=body) as response:
                answers = await response.json()
                wrong = None if response.status == 200 else f"status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            answers, wrong = [], type(error).__name__
        took = (time.perf_counter() - started) * 1000
        text = " ".join(str(one.get("text") or one.get("custom") or "") for one in answers)
        if wrong is None and line.wants and not any(word in text for word in line.wants):
            wrong = f"answer: {text[:60] or 'none'}"
        if level is None:
            return
        if wrong is not None:
            level.errors.append(f"{body['message']} → {wrong}")
        else:
            level.times_ms.append(took)
            level.by_line.setdefault(line.say, []).append(took)
