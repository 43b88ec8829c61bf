"""The one place where the channels' parts are put together."""

from __future__ import annotations

from functools import lru_cache

from bot import speed
from bot.channels.gate import Gate
from shop.front import open_shop

speed.apply()


@lru_cache(maxsize=1)
def the_gate() -> Gate:
    """The process's gate, made at the first call."""
    return Gate(open_shop())
