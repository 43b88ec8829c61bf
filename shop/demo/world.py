"""One build's frame: its seed, its size, its moment, and chance in separate streams."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np

from shop.demo.content import Content
from shop.privacy import Cipher
from shop.settings import Settings

HOUR = 3600
DAY = 24 * HOUR
SHANGHAI_S = 8 * HOUR
NEVER = 1 << 60
"""A moment (epoch seconds) that does not come."""


@dataclass(frozen=True)
class Size:
    """How much is made; ``products`` None means all of products.csv."""

    products: int | None
    customers: int
    orders: int
    events: int
    days: int = 548


FULL = Size(products=None, customers=8_000, orders=96_000, events=800_000)
SMALL = Size(products=60, customers=200, orders=1500, events=12000)


class World:
    """What every part of a build knows.

    Moments are whole epoch seconds; days are counted from ``start``, the
    midnight in Shanghai with which the shop's history begins.
    """

    def __init__(
        self, settings: Settings, cipher: Cipher, content: Content, size: Size, seed: int, now: datetime
    ) -> None:
        self.settings = settings
        self.cipher = cipher
        self.content = content
        self.size = size
        self.seed = seed
        self.now = int(now.timestamp())
        self.today = self.midnight(self.now)
        self.start = self.today - size.days * DAY

    def rng(self, part: str) -> np.random.Generator:
        """A stream of chance of its own for each part, so that changing one leaves the others."""
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])

    @staticmethod
    def midnight(second: int) -> int:
        """The last midnight in Shanghai."""
        return (second + SHANGHAI_S) // DAY * DAY - SHANGHAI_S

    def day(self, second: Any) -> Any:
        """Days since the start; works on arrays."""
        return (second - self.start) // DAY


def moment(second: int) -> datetime | None:
    """The moment in UTC; None for NEVER."""
    return None if second >= NEVER else datetime.fromtimestamp(int(second), timezone.utc)


def shanghai_date(second: int) -> str:
    """The day in Shanghai as YYYYMMDD."""
    return datetime.fromtimestamp(int(second) + SHANGHAI_S, timezone.utc).strftime("%Y%m%d")


def serials(rng: np.random.Generator, count: int, length: int) -> list[str]:
    """Different numbers of that many digits, in no order."""
    found: dict[int, None] = {}
    while len(found) < count:
        found.update(
            dict.fromkeys(int(one) for one in rng.integers(10 ** (length - 1), 10**length, count - len(found)))
        )
    return [str(one) for one in found]
