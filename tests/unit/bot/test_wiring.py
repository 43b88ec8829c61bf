"""The channels' parts, put together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bot.channels.texts import Texts
from bot.channels.wiring import has_model, warm_up


class Agent:
    def __init__(self, ready=True, error=None):
        self.ready, self.error, self.read = ready, error, []

    def is_ready(self):
        return self.ready

    async def parse_message(self, text):
        self.read.append(text)
        if self.error:
            raise self.error


def app_of(agent):
    return SimpleNamespace(ctx=SimpleNamespace(agent=agent))


async def test_the_bot_reads_one_sentence_before_its_first_customer():
    agent = Agent()
    await warm_up(app_of(agent), Texts())
    assert agent.read == [Texts().text("warm_up")]


@pytest.mark.parametrize("agent", [None, Agent(ready=False), Agent(error=ValueError("broken"))])
async def test_a_bot_that_cannot_read_yet_stops_no_start(agent):
    await warm_up(app_of(agent), Texts())
    assert agent is None or agent.ready == bool(agent.read)


FACTS = dict.fromkeys(("agent", "label", "limit", "limit_mb", "number", "position", "seconds", "title", "value"), 1)


def test_every_sentence_of_the_gate_can_be_said():
    texts = Texts(service_phone="400", shop_name="x")
    for name in texts._bodies:
        assert texts.body(name, **FACTS)["text"]


@pytest.mark.parametrize(("agent", "ready"), [(None, False), (Agent(ready=False), False), (Agent(), True)])
def test_a_server_without_a_model_is_not_ready(agent, ready):
    assert has_model(app_of(agent)) is ready
