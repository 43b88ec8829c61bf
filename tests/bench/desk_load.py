"""`make load [ARGS="--minutes 10"]`: customers at their sockets, some with people, while agents work at their desks.

Real Rasa, action and web servers of the tiny bot over one database file. 300
customers are connected; 60 are in talks with 20 agents (three each, by the
queue's own assignment); the others ask the bot something now and then. A talk
ends after a while, and somebody else asks for a person while the bot still
answers them. Reported: how long words took in both directions, what was lost or
came twice, and how many of the bot's answers were kept after a take-over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import select

from shop.errors import DatabaseDown
from shop.front import Shop
from shop.models import Handoff, Message
from tests.bench.bots import Bot
from tests.bench.desk_people import AgentDesk, CustomerTab, Ledger
from tests.integration.tiny import TinyBot

PASSWORD = "a password of the load run"
LIMIT_MS = 1000
DRAIN_S = 15.0
BOT_LINES = ("你好", "有什么商品", "我是谁", "再见")


class Run:
    """One run; ``figures`` when it is over."""

    def __init__(self, bot: TinyBot, options: argparse.Namespace) -> None:
        self._bot, self._shop, self._options = bot, bot.shop, options
        self._customers, self._agents = Ledger(), Ledger()
        self._desks: dict[int, AgentDesk] = {}
        self._tabs: list[CustomerTab] = []
        self._random = random.Random(1)
        self._talks = self._not_asked = self._bot_said = self._bot_failed = self._cut = 0

    async def go(self) -> dict[str, Any]:
        """Open all sockets, talk, wait for the last word, count."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=90)) as http:
            await self._open(http)
            print(f"→ {len(self._tabs)} customers, {len(self._desks)} desks are connected", file=sys.stderr)
            self._ends_at = time.monotonic() + self._options.minutes * 60
            held = self._options.talks
            await asyncio.gather(
                *(self._in_turn(self._tabs[number::held]) for number in range(held)),
                *(self._idle(tab) for tab in self._tabs),
            )
            await asyncio.sleep(DRAIN_S)
            self._cut = sum(not tab.is_open for tab in self._tabs)
            for one in (*self._tabs, *self._desks.values()):
                await one.close()
        return self._figures()

    async def _open(self, http: aiohttp.ClientSession) -> None:
        for number in range(self._options.agents):
            capacity = -(-self._options.talks // self._options.agents)
            agent = self._shop.agents.add(f"load{number}", f"load{number}", PASSWORD, capacity=capacity)
            token = self._shop.agents.log_in(agent.login, PASSWORD)[1]
            desk = AgentDesk(http, self._bot.web, token, self._customers, self._agents)
            await desk.open()
            self._shop.agents.set_status(agent.id, "online")
            self._desks[agent.id] = desk
        self._tabs = [
            CustomerTab(http, self._bot.rasa, self._bot.web, self._agents) for _ in range(self._options.customers)
        ]
        for at in range(0, len(self._tabs), 10):
            await asyncio.gather(*(tab.open() for tab in self._tabs[at : at + 10]))

    async def _in_turn(self, tabs: list[CustomerTab]) -> None:
        """One of the talks that people have at any moment: one customer after the other."""
        await asyncio.sleep(self._random.random() * self._options.pace)
        at = 0
        while time.monotonic() < self._ends_at:
            await self._talk(tabs[at % len(tabs)])
            at += 1

    async def _talk(self, tab: CustomerTab) -> None:
        self._talks += 1
        mark = f"{tab.sender[2:10]}-{self._talks}"
        asking = asyncio.create_task(
            tab.say(self._random.choice(BOT_LINES))
        )  # the bot's answer races with the take-over
        try:
            await asyncio.to_thread(self._shop.handoffs.request, tab.sender, None, "asked")
        except DatabaseDown:
            self._not_asked += 1
            await asking
            return
        desk = await self._taken(tab.sender)
        await asking
        if desk is None:
            return
        ends_at = min(self._ends_at, time.monotonic() + self._options.talk_s)
        number = 0
        while time.monotonic() < ends_at:
            number += 1
            await tab.say(self._customers.send(f"c {mark} {number}"))
            await asyncio.sleep(self._options.pace * self._random.uniform(0.25, 0.75))
            await desk.say(tab.sender, f"a {mark} {number}")
            await asyncio.sleep(self._options.pace * self._random.uniform(0.25, 0.75))
        await desk.end(tab.sender)

    async def _taken(self, sender: str) -> AgentDesk | None:
        for _ in range(120):
            found = await asyncio.to_thread(self._shop.handoffs.current, sender)
            if found is not None and found.agent_id is not None:
                return self._desks[found.agent_id]
            await asyncio.sleep(0.5)
        return None

    async def _idle(self, tab: CustomerTab) -> None:
        """Between talks a customer asks the bot something once in a while."""
        while True:
            await asyncio.sleep(self._options.bot_pace * self._random.uniform(0.5, 1.5))
            if time.monotonic() >= self._ends_at:
                return
            if await asyncio.to_thread(self._shop.handoffs.speaker, tab.sender) == "bot":
                self._bot_said += 1
                self._bot_failed += not await tab.say(self._random.choice(BOT_LINES))

    def _figures(self) -> dict[str, Any]:
        waits, broken = after_take_over(self._shop)
        return {
            "minutes": self._options.minutes,
            "customers": len(self._tabs),
            "agents": len(self._desks),
            "talks_at_once": self._options.talks,
            "talks": self._talks,
            "talks_not_asked_for_want_of_the_database": self._not_asked,
            "customer_to_desk": self._customers.figures(),
            "agent_to_customer": self._agents.figures(),
            "bot_messages": self._bot_said,
            "bot_messages_without_receipt": self._bot_failed,
            "taken_after_s_max": round(max(waits, default=0.0), 1),
            "bot_answers_after_take_over": broken,
            "sockets_cut": self._cut,
            "refused": sum((desk.refused for desk in self._desks.values()), Counter()),
            "load_average": round(os.getloadavg()[0], 1),
        }


def after_take_over(shop: Shop) -> tuple[list[float], int]:
    """Seconds that each talk waited, and how many of the bot's words were kept while a person had the talk."""
    handoffs, messages = Handoff.__table__, Message.__table__
    with shop.database.read() as session:
        talks = session.execute(select(handoffs).where(handoffs.c.accepted_at.is_not(None))).all()
        said = session.execute(
            select(messages.c.id, messages.c.sender_id, messages.c.direction, messages.c.body_sealed)
            .where(messages.c.direction.in_(("out", "sys")))
            .order_by(messages.c.id)
        ).all()
    with_person: set[str] = set()
    broken = 0
    for one in said:  # the notices of the steps were written in the steps' own transactions
        if one.direction == "out":
            broken += one.sender_id in with_person
            continue
        notice = shop.cipher.open_json(one.body_sealed).get("notice")
        if notice == "accepted":
            with_person.add(one.sender_id)
        elif notice in ("closed", "back", "silence", "idle", "regrouped"):
            with_person.discard(one.sender_id)
    return [(one.accepted_at - one.created_at).total_seconds() for one in talks], broken


def cores_used(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    """Processor time of each server and of this program, per second of the run."""
    used = {name: after[name] - before[name] for name in after}
    return {name: round(one / seconds, 2) for name, one in {**used, "this program": time.process_time()}.items()}


def main() -> int:
    """Run and print; 1 when something was lost, came twice, came late, or the bot spoke after a take-over."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--customers", type=int, default=300, help="who are connected")
    parser.add_argument("--talks", type=int, default=60, help="with people at any moment")
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument(
        "--pace", type=float, default=10.0, help="seconds of one exchange: a customer's word, an agent's"
    )
    parser.add_argument("--talk-s", type=float, default=90.0, help="seconds of a talk")
    parser.add_argument("--bot-pace", type=float, default=60.0, help="seconds between a customer's words to the bot")
    parser.add_argument("--logs", type=Path, help="folder that keeps the servers' logs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, TinyBot(Path(folder)) as bot:
        servers = Bot("tiny", bot.rasa, bot.processes)
        used, began = servers.cpu_s(), time.monotonic()
        figures = asyncio.run(Run(bot, options).go())
        figures["cores_used"] = cores_used(used, servers.cpu_s(), time.monotonic() - began)
        for name in ("web", "rasa") if options.logs else ():
            (options.logs / f"{name}.log").write_text(bot.log(name))
    print(json.dumps(figures, indent=2))
    both = (figures["customer_to_desk"], figures["agent_to_customer"])
    wrong = figures["bot_answers_after_take_over"] + sum(one["lost"] + one["doubled"] for one in both)
    return 1 if wrong or any(one.get("p95_ms", LIMIT_MS) > LIMIT_MS for one in both) else 0


if __name__ == "__main__":
    sys.exit(main())
