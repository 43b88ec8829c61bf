"""What the services of the messaging channels hand out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Callback:
    """What a platform delivered.

    ``external_id`` is the platform's id of it, the same in every redelivery; ``address``
    is where to write back, and because of it up to ``room`` messages may go there for
    ``room_s`` seconds (0: the platform counts nothing).
    """

    channel: str
    external_id: str
    sender_id: str
    body: dict[str, Any]
    address: dict[str, Any]
    room: int = 0
    room_s: float = 0.0


class Kept(NamedTuple):
    """Which callback of the inbox: SQLite gives the id of an erased row again, so the id alone names none."""

    id: int
    sender_id: str
    external_id: str


@dataclass(frozen=True)
class Delivered:
    """A callback that is to be answered in its own response: how often it came, and what a response carried."""

    times: int
    given: str | None


@dataclass(frozen=True)
class InboxRow:
    """A callback to be answered; ``worn``: it was tried too often, its customer is only told so."""

    kept: Kept
    body: dict[str, Any]
    worn: bool = False


@dataclass(frozen=True)
class OutboxRow:
    """Messages to be sent; ``pieces_done`` of what they become on the platform are out already."""

    id: int
    origin: str
    bodies: list[dict[str, Any]]
    pieces_done: int
    tries: int


@dataclass(frozen=True)
class DeadLetter:
    """Messages that could not be delivered, and why."""

    id: int
    channel: str
    sender_id: str
    origin: str
    bodies: list[dict[str, Any]]
    error: str
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class PeerView:
    """A customer at the other end; ``room`` messages may go to them now, None: as many as you like.

    ``has_session``: the platform's session with them is known to be the bot's.
    """

    sender_id: str
    channel: str
    address: dict[str, Any]
    room: int | None
    heard_at: datetime
    has_session: bool = False
