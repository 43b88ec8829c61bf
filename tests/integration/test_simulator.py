"""`make simulate`: every messenger in a terminal, before the bot of a few lines."""

from __future__ import annotations

import io
import sys

import pytest

from tests.fakes import __main__ as simulator
from tests.fakes.registry import FAKES
from tests.integration.light import LightBot

LINES = "你好\n-press 看看商品\n再见\n-again\n-expire\n-fault 1\n我是谁\n-press 没有这个\n-quit\n"


@pytest.fixture(scope="module")
def everyone(tmp_path_factory):
    with LightBot(tmp_path_factory.mktemp("simulated"), FAKES, retry_s=0.1) as bot:
        yield bot


@pytest.mark.parametrize("channel", list(FAKES))
def test_whoever_types_in_the_terminal_reads_what_a_customer_would(everyone, channel, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(LINES))
    monkeypatch.setattr(simulator, "QUIET_S", 0.3)
    platform = everyone.platforms[channel]
    simulator.talk(platform)
    platform.wait(simulator.CUSTOMER, 5)
    shown = capsys.readouterr().out
    for words, times in {"您好，请问": 1, "保温杯": 1, "再见，欢迎再来。": 1, "(acknowledged with 200": 5}.items():
        assert shown.count(words) >= times, shown
    assert [one.text for one in platform.to(simulator.CUSTOMER)].count("再见，欢迎再来。") == 1
    assert platform.faults == []
    assert platform.to(simulator.CUSTOMER)[-1].text == "您还没有登录。"


def test_a_channel_that_there_is_not_is_said_to_be_none(capsys):
    assert simulator.main("carrier-pigeon") == 2
    assert "wecom_kf" in capsys.readouterr().err
