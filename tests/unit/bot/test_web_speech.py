"""Voice over HTTP: what is read, what is refused, and that it is off by default."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace

import pytest

from bot.channels.gate import Gate
from bot.channels.web_http import WebHttp
from bot.channels.web_sessions import open_session
from bot.channels.web_speech import WAITING, Speech
from shop.errors import BadSetting
from tests.unit.bot.test_web_http import Request
from tests.unit.nlp.test_speech import recording


class FakeRecogniser:
    """Says how long the recording was."""

    def text(self, samples):
        return f"{len(samples)} 个样本"


def http_with(shop, recogniser=None, opener=None):
    settings = replace(shop.settings, speech="faster-whisper", speech_model="somewhere")
    gate = Gate(shop)
    return gate, WebHttp(gate, Speech(settings, opener or (lambda _: recogniser or FakeRecogniser())))


async def spoken(http, shop, raw, proof=None):
    answer = await http._spoken(Request(proof or open_session(shop, None, None).proof, raw, "audio/wav"))
    return answer.status, json.loads(answer.body)


async def test_voice_is_off_by_default_and_says_so(shop):
    gate = Gate(shop)
    status, said = await spoken(WebHttp(gate), shop, recording(1.0))
    assert (status, said) == (501, {"error": gate.texts.text("speech_off")})


async def test_a_recording_becomes_words(shop):
    _, http = http_with(shop)
    assert await spoken(http, shop, recording(1.0)) == (200, {"text": "16000 个样本"})


async def test_what_is_no_recording_is_refused_with_a_sentence(shop):
    gate, http = http_with(shop)
    for raw, name in (
        (b"", "speech_format"),
        (b"RIFF", "speech_format"),
        (recording(1.0, rate=44_100), "speech_format"),
        (recording(0.1), "speech_short"),
    ):
        assert await spoken(http, shop, raw) == (400, {"error": gate.texts.text(name)})
    status, said = await spoken(http, shop, recording(61.0))
    assert (status, said) == (413, {"error": gate.texts.body("speech_long", seconds=60)["text"]})


async def test_who_has_no_session_is_not_listened_to(shop):
    _, http = http_with(shop)
    assert (await spoken(http, shop, recording(1.0), proof="forged"))[0] == 401


async def test_a_model_that_cannot_be_opened_costs_one_sentence_and_one_log_line(shop, caplog):
    def broken(_):
        raise BadSetting("XIAOER_SPEECH_MODEL", "somewhere", "give the folder of the model")

    gate, http = http_with(shop, opener=broken)
    assert await spoken(http, shop, recording(1.0)) == (500, {"error": gate.texts.text("speech_failed")})
    assert [one.levelname for one in caplog.records if "incident" in one.getMessage()] == ["ERROR"]


async def test_a_queue_that_is_too_long_sends_away(shop):
    go = threading.Event()

    class Slow:
        def text(self, samples):
            go.wait(20)
            return "好"

    gate, http = http_with(shop, Slow())
    first = [asyncio.create_task(spoken(http, shop, recording(1.0))) for _ in range(WAITING)]
    try:
        while http._speech._waiting < WAITING:
            await asyncio.sleep(0.01)
        assert await spoken(http, shop, recording(1.0)) == (503, {"error": gate.texts.text("speech_busy")})
    finally:
        go.set()
    assert await asyncio.gather(*first) == [(200, {"text": "好"})] * WAITING


@pytest.mark.parametrize("name", ["speech_off", "speech_busy", "speech_format", "speech_short", "speech_failed"])
def test_every_refusal_has_its_sentence(shop, name):
    assert Gate(shop).texts.text(name)
