"""What the desk itself says to a customer: a person came, went, or could not come.

The sentences stand in ``data/shop/notices.json``. They are messages of direction
``sys``, written in the same transaction as the step that they tell of, so that
a history shows both or neither.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from shop.models import Message
from shop.settings import ROOT

if TYPE_CHECKING:
    from shop.front import Shop


def tell(shop: Shop, session: Any, sender_id: str, notice: str, custom: Any = None, **facts: Any) -> int:
    """Write a notice into a conversation and return its id."""
    body: dict[str, Any] = {"text": _texts()[notice].format(**facts), "notice": notice}
    if custom is not None:
        body["custom"] = custom
    row = {"sender_id": sender_id, "direction": "sys", "body_sealed": shop.cipher.seal_json(body), "at": shop.clock()}
    return int(session.execute(insert(Message.__table__), row).inserted_primary_key[0])


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    texts: dict[str, str] = json.loads((ROOT / "data" / "shop" / "notices.json").read_text(encoding="utf-8"))
    return texts
