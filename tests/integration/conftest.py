"""The tiny bot's servers, once for all tests of the channels."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.integration.chat import ChatBot
from tests.integration.tiny import TinyBot


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyBot]:
    with TinyBot(tmp_path_factory.mktemp("tiny")) as bot:
        yield bot


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatBot]:
    """The tiny bot with every messaging channel, each over its simulated platform."""
    with ChatBot(tmp_path_factory.mktemp("chat")) as bot:
        yield bot
