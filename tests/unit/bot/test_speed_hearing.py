"""A message is understood as Rasa understands it, while the server goes on with other talks."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.trackers import DialogueStateTracker

from bot.speed import hearing
from tests.unit.bot.talks import tiny_domain

DOMAIN = tiny_domain()


class Processor(MessageProcessor):
    """Rasa's own, with something in the place of the graph."""

    def __init__(self, understand):
        self.http_interpreter = None
        self.domain = DOMAIN
        self._understand = understand

    def _parse_message_with_graph(self, message, tracker, only_output_properties=True):
        return self._understand(message, tracker, only_output_properties)


def greeting(message, tracker, only_output_properties):
    intent = {"name": "greet", "confidence": 0.9}
    return {
        "text": message.text,
        "intent": intent,
        "entities": [],
        "of": tracker.sender_id,
        "only": only_output_properties,
    }


@pytest.mark.parametrize("only", [True, False])
@pytest.mark.parametrize("tracker", [None, DialogueStateTracker("given", [])])
async def test_it_gives_what_rasa_gives(only, tracker):
    processor, message = Processor(greeting), UserMessage("hello", sender_id="one")
    stock = await hearing._stock_parse(processor, message, tracker, only)
    assert await hearing.parse_message(processor, message, tracker, only) == stock
    assert stock["of"] == ("one" if tracker is None else "given")


async def test_an_intent_that_the_domain_lacks_is_warned_of_as_ever():
    def strange(message, *_):
        return {"text": message.text, "intent": {"name": "no_such_intent", "confidence": 1.0}, "entities": []}

    with pytest.warns(UserWarning, match="no_such_intent"):
        await hearing.parse_message(Processor(strange), UserMessage("hello"))


async def test_the_loop_goes_on_while_a_message_is_understood():
    heard = threading.Event()

    def slow(*given):
        assert heard.wait(60), "the loop stood still"
        return greeting(*given)

    work = asyncio.create_task(hearing.parse_message(Processor(slow), UserMessage("hello")))
    await asyncio.sleep(0.05)
    assert not work.done()
    heard.set()
    assert (await work)["intent"]["name"] == "greet"


async def test_no_two_messages_are_understood_at_once():
    at_work, most = 0, 0

    def counting(*given):
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.01)
        at_work -= 1
        return greeting(*given)

    processor = Processor(counting)
    await asyncio.gather(*(hearing.parse_message(processor, UserMessage(f"{n}", sender_id=f"{n}")) for n in range(8)))
    assert most == 1


async def test_a_failure_reaches_the_one_who_asked():
    def broken(*_):
        raise ValueError("a broken component")

    with pytest.raises(ValueError, match="a broken component"):
        await hearing.parse_message(Processor(broken), UserMessage("hello"))


async def test_another_server_that_understands_is_waited_for_on_the_loop():
    class Elsewhere:
        async def parse(self, message):
            await asyncio.sleep(0)
            return greeting(message, DialogueStateTracker("x", []), True)

    processor = Processor(greeting)
    processor.http_interpreter = Elsewhere()
    assert (await hearing.parse_message(processor, UserMessage("hello")))["of"] == "x"
