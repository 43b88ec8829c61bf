"""The one place where the channels' parts are put together."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from bot import speed
from bot.channels.gate import Gate
from bot.channels.texts import Texts
from shop.front import open_shop

log = logging.getLogger(__name__)
speed.apply()


@lru_cache(maxsize=1)
def the_gate() -> Gate:
    """The process's gate, made at the first call."""
    return Gate(open_shop())


def has_model(app: Any) -> bool:
    """Whether Rasa can answer: its server says "up" even where no model could be loaded."""
    agent = getattr(app.ctx, "agent", None)
    return agent is not None and bool(agent.is_ready())


async def warm_up(app: Any, texts: Texts) -> None:
    """Let the language parts read one sentence, so that dictionaries and models are in before the first customer."""
    if not has_model(app):
        return
    try:
        await app.ctx.agent.parse_message(texts.text("warm_up"))
    except Exception as error:  # noqa: BLE001 - it is a courtesy; the first message will show what is wrong
        log.warning("no warm-up: %s", type(error).__name__)
