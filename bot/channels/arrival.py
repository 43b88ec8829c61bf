"""What a platform delivered, in one form for all platforms."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from shop.channel_views import Callback

LONGEST_ID = 100
_PLAIN = re.compile(r"[A-Za-z0-9_.@-]{1,80}")


@dataclass(frozen=True)
class Arrival:
    """One message or event of a customer.

    ``kind``: text, image, voice, location, follow, enter, link, ignore or other.
    ``external_id``: the platform's id of it, the same in every redelivery.
    ``address``: what the connector needs to write back.
    ``media``: what the connector needs to fetch a picture or voice.
    ``choice``: the number of an option that was pressed, not typed.
    ``link``: a link code that came with it (a scanned QR code, a deep link).
    ``sent_at``: seconds since 1970 by the platform's clock, to mend a wrong order.
    ``room`` and ``room_s``: how many messages may be sent because of it, for how many seconds; 0: no limit.
    """

    peer: str
    external_id: str
    kind: str = "text"
    text: str = ""
    choice: str = ""
    link: str = ""
    media: dict[str, Any] = field(default_factory=dict)
    address: dict[str, Any] = field(default_factory=dict)
    sent_at: float = 0.0
    room: int = 0
    room_s: float = 0.0

    @property
    def id(self) -> str:
        """``external_id`` in at most 100 characters: a longer one by its hash."""
        raw = self.external_id
        return raw if len(raw) <= LONGEST_ID else f"#{hashlib.sha256(raw.encode('utf-8', 'replace')).hexdigest()}"

    def callback(self, channel: str) -> Callback:
        """As the inbox keeps it."""
        address = {"peer": self.peer, **self.address}
        return Callback(channel, self.id, sender_of(channel, self.peer), self.body(), address, self.room, self.room_s)

    def body(self) -> dict[str, Any]:
        """As JSON, for the inbox."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of(cls, body: dict[str, Any]) -> Arrival:
        """From the inbox's JSON."""
        return cls(**{"kind": "text", **body})


def sender_of(channel: str, peer: str) -> str:
    """The conversation of a platform's customer: the channel's name in front, so that ids never meet."""
    if _PLAIN.fullmatch(peer):
        return f"{channel}:{peer}"
    return f"{channel}:~{hashlib.sha256(peer.encode('utf-8', 'replace')).hexdigest()[:40]}"
