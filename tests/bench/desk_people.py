"""Customers at sockets and agents at desks for the load run, both in one event loop.

Customers speak Engine.IO by hand: the installed socket.io client starts threads for
each connection, and hundreds of those would be what is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CONNECT = "/socket.io/?EIO=4&transport=websocket"


@dataclass
class Ledger:
    """What was sent, when, and how often and how late it arrived; keyed by the words themselves."""

    sent: dict[str, float] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)
    arrivals: Counter[str] = field(default_factory=Counter)

    def send(self, words: str) -> str:
        """Note that something is being said."""
        self.sent[words] = time.monotonic()
        return words

    def arrive(self, words: str) -> None:
        """Note that it arrived; what this run did not say is not counted."""
        if words in self.sent:
            self.arrivals[words] += 1
            self.late.setdefault(words, time.monotonic() - self.sent[words])

    def figures(self) -> dict[str, Any]:
        """Counts, and times in ms."""
        times = sorted(self.late.values())
        return {
            "said": len(self.sent),
            "lost": sum(one not in self.arrivals for one in self.sent),
            "doubled": sum(count > 1 for count in self.arrivals.values()),
            **{f"p{part}_ms": round(1000 * times[int(len(times) * part / 100)]) for part in (50, 95, 99) if times},
        }


class CustomerTab:
    """A customer's open chat window."""

    def __init__(self, http: aiohttp.ClientSession, address: str, origin: str, agents: Ledger) -> None:
        self._http, self._url, self._origin = http, address.replace("http", "ws", 1) + CONNECT, origin
        self._agents = agents
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._confirmed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.sender = ""
        self.answers = 0
        self.is_open = False

    async def open(self) -> None:
        """Connect and get a session."""
        self._socket = await self._http.ws_connect(self._url, headers={"Origin": self._origin})
        await self._socket.receive_str()
        await self._socket.send_str("40")
        await self._socket.receive_str()
        self._reader = asyncio.create_task(self._read())
        await self._socket.send_str('42["session_request",{}]')
        self.sender = (await asyncio.wait_for(self._confirmed, 60)).split(".")[0]
        self.is_open = True

    async def close(self) -> None:
        """Leave."""
        self.is_open = False
        self._reader.cancel()
        await self._socket.close()

    async def say(self, words: str, timeout_s: float = 60.0) -> bool:
        """Say something and wait for the receipt."""
        number = next(self._ids)
        self._acks[number] = asyncio.get_running_loop().create_future()
        body = json.dumps(["user_uttered", {"message": words, "message_id": f"{self.sender}-{number}"}])
        await self._socket.send_str(f"42{number}{body}")
        try:
            return bool((await asyncio.wait_for(self._acks[number], timeout_s))[0].get("ok"))
        except asyncio.TimeoutError:
            return False
        finally:
            del self._acks[number]

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type != aiohttp.WSMsgType.TEXT:
                continue
            if frame.data == "2":
                await self._socket.send_str("3")
            elif frame.data.startswith("43"):
                at = frame.data.index("[")
                waits = self._acks.get(int(frame.data[2:at]))
                if waits is not None and not waits.done():
                    waits.set_result(json.loads(frame.data[at:]))
            elif frame.data.startswith("42"):
                self._hear(*json.loads(frame.data[2:]))
        self.is_open = False

    def _hear(self, event: str, body: Any = None) -> None:
        if event == "session_confirm" and not self._confirmed.done():
            self._confirmed.set_result(body)
        elif event == "bot_uttered":
            self.answers += body.get("direction") == "out"
            if body.get("direction") == "agent":
                self._agents.arrive(str(body.get("text")))


class AgentDesk:
    """An agent's open desk: hears pushes, answers by the API."""

    def __init__(
        self, http: aiohttp.ClientSession, address: str, token: str, customers: Ledger, agents: Ledger
    ) -> None:
        self._http, self._address = http, address
        self._headers = {"Authorization": f"Bearer {token}"}
        self._customers, self._agents = customers, agents
        self.refused: Counter[str] = Counter()

    async def open(self) -> None:
        """Connect."""
        url = self._address.replace("http", "ws", 1) + "/desk/api/socket"
        self._socket = await self._http.ws_connect(url, headers=self._headers)
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Leave."""
        self._reader.cancel()
        await self._socket.close()

    async def say(self, sender: str, words: str) -> None:
        """Say something to a customer; what the desk refuses was never said."""
        self._agents.send(words)
        body = {"text": words, "client_id": words}
        if await self._post(f"talks/{sender}/messages", body) >= 400:
            del self._agents.sent[words]

    async def end(self, sender: str) -> None:
        """Close a talk."""
        await self._post(f"talks/{sender}/close", {"reason": "solved"})

    async def _post(self, path: str, body: dict[str, Any]) -> int:
        url = f"{self._address}/desk/api/{path}"
        async with self._http.post(url, json=body, headers=self._headers) as answer:
            if answer.status >= 400:
                self.refused[f"{answer.status} {(await answer.json()).get('error')}"] += 1
            return answer.status

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type == aiohttp.WSMsgType.TEXT:
                heard = json.loads(frame.data)
                if heard.get("type") == "message" and heard["message"]["direction"] == "in":
                    self._customers.arrive(str(heard["message"].get("text")))
