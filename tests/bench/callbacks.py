"""`python -m tests.bench.callbacks [--rate 50] [--seconds 120]`: WeChat callbacks a second while the bot is busy.

The tiny bot's real servers stand behind a simulated WeChat. Every tenth message
is delivered twice. Reported: how long acknowledgements took, and whether every
message was answered exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.wechat import FakeWeChat
from tests.integration.tiny import ROOT, TinyBot

DRAIN_S = 600.0
_PARTS = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 0.99999))


def measure(rate: float, seconds: float, drain_s: float = DRAIN_S) -> dict[str, Any]:
    """Run the load; figures by name, and how loaded the machine was by others."""
    with FakeWeChat() as fake, tempfile.TemporaryDirectory() as folder:
        sections = yaml.safe_load((ROOT / "credentials.yml").read_text(encoding="utf-8"))
        sections["bot.channels.wechat.WeChatInput"] = fake.credentials()
        credentials = Path(folder) / "credentials.yml"
        credentials.write_text(yaml.safe_dump(sections), encoding="utf-8")
        with TinyBot(Path(folder), credentials) as bot:
            fake.callback = f"{bot.rasa}/webhooks/wechat/callback"
            fake.say("warm", "再见")
            fake.wait("warm", 1)
            load_before = os.getloadavg()[0]
            began = time.monotonic()
            count = fake.run(_load(fake, rate, seconds), timeout=seconds + 300)
            loaded_s = time.monotonic() - began
            taken = sorted(one.seconds for one in fake.deliveries[1:])
            acknowledged = {
                "callbacks": len(taken),
                "callbacks_per_s": round(len(taken) / loaded_s, 1),
                "not_acknowledged": sum(one.status != 200 for one in fake.deliveries[1:]),
                **{f"ack_{name}_ms": round(taken[int(len(taken) * part)] * 1000) for name, part in _PARTS},
                "load_before": round(load_before, 1),
                "load_after": round(os.getloadavg()[0], 1),
            }
            print(json.dumps(acknowledged), flush=True)
            while len(fake.sent) - 1 < count and time.monotonic() - began < seconds + drain_s:
                time.sleep(0.2)
            time.sleep(2)  # a double would come now
            drained_s = time.monotonic() - began
    answers = Counter(one.to for one in fake.sent if one.to != "warm")
    return {
        **acknowledged,
        "customers": count,
        "answered_once": sum(times == 1 for times in answers.values()),
        "answered_twice": sum(times > 1 for times in answers.values()),
        "quota_exceeded": fake.too_many,
        "all_answered_after_s": round(drained_s, 1),
    }


async def _load(fake: FakeWeChat, rate: float, seconds: float) -> int:
    """Deliver at an even pace, whatever the answers do; every tenth message twice."""
    tasks, began, count = [], time.monotonic(), int(rate * seconds / 1.1)
    sent = 0
    for at in range(count):
        message = fake.message(f"o{at}", "text", Content="再见")
        fake.open(message)
        for _ in range(2 if at % 10 == 0 else 1):
            await asyncio.sleep(max(0.0, began + sent / rate - time.monotonic()))
            tasks.append(asyncio.create_task(fake.deliver(lambda one=message: fake.sealed(one), fake.taken)))
            sent += 1
    await asyncio.gather(*tasks)
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--drain", type=float, default=DRAIN_S, help="seconds to wait for the answers")
    given = parser.parse_args()
    print(json.dumps(measure(given.rate, given.seconds, given.drain), indent=2))
