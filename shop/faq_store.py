"""The FAQ as a merchant writes it: data/faq/*.yml, live without training.

An entry has an id, the intent it belongs to (or none), question variants, an
answer with the shop's own figures as placeholders, and buttons. Files are read
again when one of them changed; a file that can't be read leaves the entries of
before in force, with one line in the log.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from shop.errors import BadValue
from shop.settings import ROOT, Settings

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
FOLDER = ROOT / "data" / "faq"


@dataclass(frozen=True)
class FaqEntry:
    """One answer; ``questions`` are how customers ask for it."""

    id: str
    intent: str
    questions: tuple[str, ...]
    answer: str
    buttons: tuple[str, ...]
    default: bool


class FaqStore:
    """The entries by id and by intent."""

    def __init__(self, shop: Shop, folder: Path = FOLDER) -> None:
        self._facts = facts(shop.settings)
        self._folder = folder
        self._looked = 0.0
        self._stamp: tuple[Any, ...] = ()
        self._entries: dict[str, FaqEntry] = {}

    def entry(self, entry_id: str) -> FaqEntry | None:
        """The entry of that id."""
        return self._current().get(entry_id)

    def for_intent(self, intent: str) -> FaqEntry | None:
        """The entry that answers an intent in general."""
        return next((one for one in self._current().values() if one.intent == intent and one.default), None)

    def all(self) -> list[FaqEntry]:
        """Every entry."""
        return list(self._current().values())

    def _current(self) -> dict[str, FaqEntry]:
        if time.monotonic() - self._looked < LOOK_EVERY_S and self._entries:
            return self._entries
        self._looked = time.monotonic()
        files = sorted(self._folder.glob("*.yml"))
        stamp = tuple((file.name, file.stat().st_mtime_ns) for file in files)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._entries = read(files, self._facts)
            except BadValue as error:
                log.error("the FAQ stays as it was: %s", error)
        return self._entries


def read(files: list[Path], known: dict[str, str]) -> dict[str, FaqEntry]:
    """Entries of FAQ files, with their placeholders filled.

    Raises:
        BadValue: a file, an id or a placeholder is wrong; the message names it.
    """
    entries: dict[str, FaqEntry] = {}
    for file in files:
        try:
            rows = (YAML(typ="safe").load(file) or {}).get("faq") or []
            for row in rows:
                one = _entry(row, known)
                if one.id in entries:
                    raise BadValue(f"{file.name}: the id {one.id} stands there twice")
                entries[one.id] = one
        except (YAMLError, KeyError, AttributeError, TypeError, ValueError, OSError) as error:
            raise BadValue(f"{file.name}: {type(error).__name__} {error}") from error
    return entries


def _entry(row: dict[str, Any], known: dict[str, str]) -> FaqEntry:
    return FaqEntry(
        id=str(row["id"]),
        intent=str(row.get("intent") or ""),
        questions=tuple(str(one) for one in row["questions"]),
        answer=str(row["answer"]).format(**known),
        buttons=tuple(str(one) for one in row.get("buttons") or ()),
        default=bool(row.get("default")),
    )


def facts(settings: Settings) -> dict[str, str]:
    """What an answer may mention of the shop's policy, by placeholder."""
    return {
        "free_shipping_yuan": _yuan(settings.free_shipping_fen),
        "shipping_fee_yuan": _yuan(settings.shipping_fee_fen),
        **{
            name: str(getattr(settings, name))
            for name in (
                "return_window_days", "exchange_window_days", "refund_days", "ship_within_hours",
                "price_protection_days", "service_hours", "service_phone", "shop_name", "shop_address",
                "return_address", "invoice_days", "payment_timeout_minutes", "points_per_yuan",
                "cancel_review_hours", "warranty_months",
            )
        },
    }  # fmt: skip


def _yuan(fen: int) -> str:
    return f"{fen / 100:g}"
