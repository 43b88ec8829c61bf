"""The tiny bot's servers, once for all tests of the channels."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.integration.tiny import TinyBot


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyBot]:
    with TinyBot(tmp_path_factory.mktemp("tiny")) as bot:
        yield bot
